"""Keys made at test time, a rendered folder that waits for its seal, a real time stamp authority."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from werkzeug import Request, Response

from evidence.manifest import Predicate
from evidence.seal import keys as key_files
from evidence.seal.keys import KeySet

sys.path.insert(0, str(Path(__file__).parent))

CONFIG = """
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
signer_digest = sha256
ess_cert_id_alg = sha256
"""
REQUEST = """
[req]
distinguished_name = name
x509_extensions = stamp
prompt = no
[name]
CN = Orchard test time stamps
[stamp]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "own"
    key_files.init(folder, name="Orchard Example")
    return folder


@pytest.fixture(scope="session")
def keys(key_folder) -> KeySet:
    return key_files.load(key_folder)


@pytest.fixture(scope="session")
def predicate() -> Predicate:
    return Predicate(
        entity="Orchard Example",
        period_from="2026-01-01T00:00:00Z",
        period_to="2026-07-01T00:00:00Z",
        zone="Europe/Lisbon",
        checkpoint="",
        tool_version="0.0.0",
    )


@pytest.fixture(scope="session")
def pdf() -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(300, 200))
    buffer = BytesIO()
    document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


@pytest.fixture
def rendered(tmp_path, pdf) -> Path:
    folder = tmp_path / "packet"
    folder.mkdir()
    (folder / "packet.pdf").write_bytes(pdf)
    (folder / "population.csv").write_text('"change"\n"orchard:pr:1"\n')
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.conf").write_text(CONFIG.format(folder=folder))
    (folder / "req.conf").write_text(REQUEST)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
    names = ["-keyout", "tsa.key", "-out", "tsa.crt", "-config", "req.conf"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tsa_url(authority, httpserver) -> str:
    def stamp(request: Request) -> Response:
        (authority / "query").write_bytes(request.get_data())
        command = "openssl ts -reply -section tsa -config tsa.conf -signer tsa.crt -inkey tsa.key"
        done = subprocess.run(
            [*command.split(), "-queryfile", "query"],
            cwd=authority,
            capture_output=True,
            check=True,
        )
        return Response(done.stdout, content_type="application/timestamp-reply")

    httpserver.expect_request("/tsa").respond_with_handler(stamp)
    return httpserver.url_for("/tsa")
