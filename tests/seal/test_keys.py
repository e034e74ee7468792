"""Keys: made once, readable by their owner only, handed over as one file."""

from __future__ import annotations

import os
import subprocess

import pytest

from evidence.errors import ConfigError
from evidence.seal import keys as key_files
from evidence.seal.signers import FileSigner, open_signer
from evidence.verify import read_trust


def test_new_keys_are_readable_by_their_owner_only(key_folder):
    modes = {path.name: path.stat().st_mode & 0o777 for path in key_folder.iterdir()}
    assert modes == {"signing.key": 0o600, "pdf.key": 0o600, "pdf.crt": 0o600}
    assert key_folder.stat().st_mode & 0o777 == 0o700


def test_loaded_keys_are_the_ones_that_were_made(tmp_path):
    made = key_files.init(tmp_path / "keys", name="Orchard Example")
    loaded = key_files.load(tmp_path / "keys")
    assert (loaded.fingerprint, loaded.pdf) == (made.fingerprint, made.pdf)


def test_existing_keys_are_never_overwritten(key_folder):
    before = (key_folder / "signing.key").read_bytes()
    with pytest.raises(ConfigError, match="never overwritten"):
        key_files.init(key_folder, name="Orchard Example")
    assert (key_folder / "signing.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys" / "signing.key").chmod(mode)
    with pytest.raises(ConfigError, match="open to other users") as caught:
        key_files.load(tmp_path / "keys")
    assert "chmod 600" in caught.value.next_step


def test_a_key_folder_that_others_may_write_to_is_refused(tmp_path):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(ConfigError, match="may write to the key folder"):
        key_files.load(tmp_path / "keys")


def test_a_key_behind_a_link_is_refused(tmp_path, key_folder):
    (tmp_path / "signing.key").symlink_to(key_folder / "signing.key")
    with pytest.raises(ConfigError, match="cannot be read"):
        FileSigner.from_file(tmp_path / "signing.key")


def test_missing_keys_say_how_to_make_them(tmp_path):
    with pytest.raises(ConfigError) as caught:
        key_files.load(tmp_path / "nowhere")
    assert "evidence keys init" in caught.value.next_step


@pytest.mark.parametrize("name", ["signing.key", "pdf.key", "pdf.crt"])
def test_a_missing_key_file_is_a_configuration_error(tmp_path, name):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        key_files.load(tmp_path / "keys")


@pytest.mark.parametrize("name", ["signing.key", "pdf.key", "pdf.crt"])
def test_a_damaged_key_file_is_a_configuration_error(tmp_path, name):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys" / name).write_bytes(b"damaged")
    with pytest.raises(ConfigError):
        key_files.load(tmp_path / "keys")


def test_a_certificate_of_another_key_is_refused(tmp_path, key_folder):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys" / "pdf.crt").write_bytes((key_folder / "pdf.crt").read_bytes())
    with pytest.raises(ConfigError, match="is not the certificate of"):
        key_files.load(tmp_path / "keys")


def test_the_pdf_key_cannot_stand_in_for_the_signing_key(key_folder):
    with pytest.raises(ConfigError, match="does not hold an Ed25519 key"):
        open_signer(f"file:{key_folder / 'pdf.key'}")


def test_the_trust_file_gives_a_reader_both_public_halves(tmp_path, keys):
    path = tmp_path / "orchard.txt"
    path.write_text(key_files.trust_file(keys))
    trust = read_trust(path)
    assert trust.keys == (keys.public_key,)
    assert trust.certificates == (keys.pdf.certificate_der,)


def test_no_private_half_is_in_the_trust_file_or_in_what_prints(keys, key_folder):
    secret = "".join((key_folder / "pdf.key").read_text().splitlines()[1:-1])
    shown = key_files.trust_file(keys) + repr(keys) + key_files.describe(keys)
    assert "PRIVATE" not in shown
    assert secret not in shown.replace("\n# ", "")
    assert str(keys.pdf.key_der) not in shown


def test_ssh_keygen_prints_the_same_fingerprint(tmp_path, keys):
    path = tmp_path / "key.pub"
    path.write_text(keys.public_key.line + "\n")
    said = subprocess.run(
        ["ssh-keygen", "-l", "-f", path], capture_output=True, text=True, check=True
    )
    assert said.stdout.split()[1] == keys.fingerprint
    assert keys.fingerprint in key_files.describe(keys)


def test_openssl_prints_the_same_certificate_fingerprint(key_folder, keys):
    command = [
        "openssl",
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        key_folder / "pdf.crt",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.strip().partition("=")[2] == keys.pdf.fingerprint


def test_a_signer_is_found_by_its_scheme(key_folder, keys):
    for uri in (f"file:{key_folder}/signing.key", f"file://{key_folder}/signing.key"):
        signer = open_signer(uri)
        assert (signer.key_id, signer.algorithm) == (keys.fingerprint, "ssh-ed25519")
        assert signer.public_key.verifies(signer.sign(b"message"), b"message")


@pytest.mark.parametrize("uri", ["kms:alias/x", "", "nonsense", "file:", "file://host/path"])
def test_an_unusable_signer_uri_is_a_configuration_error(uri):
    with pytest.raises(ConfigError):
        open_signer(uri)


def test_a_folder_where_keys_cannot_be_written_is_a_configuration_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        key_files.init(tmp_path / "file" / "keys", name="Orchard Example")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(tmp_path):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    os.chown(tmp_path / "keys" / "signing.key", 12345, 12345)
    with pytest.raises(ConfigError, match="belongs to another user"):
        key_files.load(tmp_path / "keys")


def test_a_key_that_is_not_a_file_is_refused(tmp_path):
    key_files.init(tmp_path / "keys", name="Orchard Example")
    (tmp_path / "keys" / "signing.key").unlink()
    os.mkfifo(tmp_path / "keys" / "signing.key", 0o600)
    with pytest.raises(ConfigError, match="is not a file"):
        key_files.load(tmp_path / "keys")
