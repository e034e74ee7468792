"""`evidence keys` and what seals a packet, as their user meets them."""

from __future__ import annotations

import secrets as random
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.seal.signers.file import load_private_key
from evidence.verify import read_trust

ROOT = Path(__file__).parents[2]


def configure(home: Path, **seal: object) -> None:
    lines = "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in seal.items())
    (home / "evidence.toml").write_text(
        f'[organisation]\nname = "Example Shop"\n[seal]\nkeys = "{home}/keys"\n{lines}'
    )


def test_new_keys_are_listed_and_handed_over(evidence, home):
    configure(home)
    made = evidence("keys", "init")
    told = evidence("keys", "list")
    (home / "trust.txt").write_text(evidence("keys", "export-public").out)
    assert (made.code, told.out) == (0, made.out)
    assert read_trust(home / "trust.txt").keys[0].fingerprint in made.out


def test_keys_are_encrypted_by_a_reference_and_never_by_a_secret(evidence, home, monkeypatch):
    secret = random.token_hex(12)
    monkeypatch.setenv("SEAL_PASSPHRASE", secret)
    configure(home)
    refused = evidence("keys", "init", "--passphrase", secret)
    made = evidence("keys", "init", "--passphrase", "env:SEAL_PASSPHRASE")
    locked = evidence("keys", "list")
    assert (refused.code, made.code, locked.code) == (2, 0, 2)
    assert "must be a reference" in refused.err
    assert 'passphrase = "env:SEAL_PASSPHRASE"' in made.err
    assert "is encrypted, and no passphrase is configured" in locked.err
    assert secret not in refused.err + made.out + made.err
    configure(home, passphrase="env:SEAL_PASSPHRASE")
    assert evidence("keys", "list").out == made.out
    assert load_private_key(home / "keys" / "signing.key", secret.encode())


def test_a_rotation_hands_over_old_and_new_keys(evidence, home):
    configure(home)
    first = evidence("keys", "init").out.split()[2]
    rotated = evidence("keys", "rotate")
    (home / "trust.txt").write_text(evidence("keys", "export-public").out)
    trust = read_trust(home / "trust.txt")
    assert rotated.code == 0
    assert first in rotated.out
    assert "export-public" in rotated.err
    assert len(trust.keys) == 2
    assert len(trust.certificates) == 2
    assert trust.limits(first).startswith("until 20")


def test_a_signer_that_is_not_there_is_told_before_anything_is_rendered(evidence, home):
    configure(home, signer="pkcs11:token=T;object=K?module-path=/nowhere.so&pin-source=env:PIN")
    evidence("keys", "init")
    ran = evidence("report", "--from", "2026-07-01", "--to", "2026-07-31")
    assert ran.code == 2
    assert "/nowhere.so" in ran.err


@pytest.mark.parametrize("uri", ["gpg:ABCD", "sigstore:", "kms:oracle:K"])
def test_an_unknown_signer_is_a_configuration_error(evidence, home, uri):
    configure(home, signer=uri)
    evidence("keys", "init")
    ran = evidence("keys", "list")
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_certificates_of_the_authority_that_are_not_there_are_told(evidence, home):
    configure(home, tsa_certificates=str(home / "none.pem"))
    evidence("keys", "init")
    assert "none.pem cannot be read" in evidence("keys", "list").err


BLOCKED = {"sqlalchemy", "requests", "github", "weasyprint", "git", "jinja2", "alembic", "psycopg"}
PROGRAM = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
from evidence.cli.main import main
main()
"""


def run_blocked(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(blocked=BLOCKED), *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def packet(tmp_path_factory):
    import pikepdf

    from evidence.manifest import Predicate
    from evidence.seal import keys
    from evidence.seal.packet import seal_folder

    folder = tmp_path_factory.mktemp("blocked")
    held = keys.init(folder / "keys", name="Example Shop")
    (folder / "trust.txt").write_text(keys.trust_file(held))
    (folder / "packet").mkdir()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(300, 200))
        document.save(folder / "packet" / "packet.pdf", deterministic_id=True)
    stated = Predicate(
        entity="Example Shop",
        period_from="2026-07-01T00:00:00Z",
        period_to="2026-08-01T00:00:00Z",
        zone="UTC",
        checkpoint="",
        tool_version="0",
    )
    seal_folder(folder / "packet", held, stated)
    return folder


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_command_verifies_where_database_network_and_renderer_cannot_be_imported(packet, form):
    words = ("verify", packet / "packet", "--trust", packet / "trust.txt", "--format", form)
    ran = run_blocked(*words)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "This packet verifies" in ran.stdout
    assert "packet.pdf carries one signature over the whole file" in ran.stdout


def test_there_a_changed_packet_ends_with_its_exit_code_and_no_traceback(packet):
    (packet / "packet" / "extra.csv").write_text("x")
    ran = run_blocked("verify", packet / "packet", "--trust", packet / "trust.txt")
    (packet / "packet" / "extra.csv").unlink()
    assert ran.returncode == 6
    assert "extra.csv is not part of the sealed packet" in ran.stdout
    assert "Traceback" not in ran.stderr
