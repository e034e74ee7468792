"""Keys made at test time, a rendered folder that waits for its seal, a real time stamp authority."""

from __future__ import annotations

import os
import secrets as random
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

from softtoken import MODULE

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


@pytest.fixture(scope="session")
def token(tmp_path_factory):
    """A token with a P-256 key pair `seal` (id 02), an Ed25519 pair `edwards` and an RSA pair."""
    pkcs11 = pytest.importorskip("pkcs11")
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir={folder}/tokens\nlog.level=ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    pin = random.token_hex(4)
    command = ["softhsm2-util", "--init-token", "--free", "--label", "audit"]
    subprocess.run([*command, "--so-pin", pin, "--pin", pin], check=True, capture_output=True)
    curves = {
        "seal": (pkcs11.KeyType.EC, encode_named_curve_parameters("secp256r1"), None),
        "edwards": (
            pkcs11.KeyType.EC_EDWARDS,
            bytes.fromhex("06032b6570"),
            pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        ),
        "wide": (pkcs11.KeyType.EC, encode_named_curve_parameters("secp384r1"), None),
    }
    with pkcs11.lib(str(MODULE)).get_token(token_label="audit").open(rw=True, user_pin=pin) as held:
        for number, (label, (kind, curve, mechanism)) in enumerate(curves.items(), start=2):
            parameters = held.create_domain_parameters(
                kind, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
            )
            options = {} if mechanism is None else {"mechanism": mechanism}
            parameters.generate_keypair(store=True, label=label, id=bytes([number]), **options)
        held.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label="rsa", id=b"\x09")
    return pin
