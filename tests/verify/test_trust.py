"""What a reader may give as trusted, and what is refused instead of half understood."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.errors import VerificationError
from evidence.seal import keys as key_files
from evidence.verify import Status, TrustError, examine_packet, read_trust, verify_packet


def read(tmp_path, text: str):
    path = tmp_path / "trust.txt"
    path.write_text(text)
    return read_trust(path)


def test_the_exported_file_holds_key_and_certificate(keys, trust_path):
    trust = read_trust(trust_path)
    assert (trust.keys, trust.certificates) == (
        (keys.public_key,),
        (keys.pdf.certificate_der,),
    )


@pytest.mark.parametrize(
    "form",
    [
        lambda keys: keys.public_key.line,
        lambda keys: keys.public_key.line + " somebody@orchard.test",
        lambda keys: "# a comment\n\n" + keys.public_key.line,
        lambda keys: f'evidence namespaces="evidence-packet" {keys.public_key.line}\n',
        lambda keys: f"a@orchard.test,b@orchard.test {keys.public_key.line}",
        lambda keys: keys.public_key.pem(),
        lambda keys: keys.public_key.pem().replace("\n", "\r\n"),
    ],
)
def test_a_key_is_understood_in_every_common_form(keys, tmp_path, form):
    assert read(tmp_path, form(keys)).keys == (keys.public_key,)


def test_a_fingerprint_from_the_engagement_letter_is_enough(packet, tmp_path):
    trust = read(tmp_path, f"# from the engagement letter\n{packet.keys.fingerprint}\n")
    assert verify_packet(packet.folder, trust).trusted == (packet.keys.fingerprint,)


def test_a_fingerprint_of_another_key_rejects_the_packet(packet, other_keys, tmp_path):
    trust = read(tmp_path, other_keys.fingerprint)
    assert examine_packet(packet.folder, trust).status is Status.REJECTED


def test_a_folder_of_keys_is_read_file_by_file(keys, other_keys, tmp_path):
    for name, each in (("a.pub", keys), ("b.txt", other_keys)):
        (tmp_path / name).write_text(key_files.trust_file(each))
    assert set(read_trust(tmp_path).keys) == {keys.public_key, other_keys.public_key}


def test_a_key_for_another_purpose_is_not_trusted_for_packets(keys, tmp_path):
    line = f'ci namespaces="git,file" {keys.public_key.line}'
    with pytest.raises(TrustError, match="holds no signing key"):
        read(tmp_path, line)


@pytest.mark.parametrize(
    "option",
    [
        'valid-before="soon"',
        "valid-after=2026",
        'valid-before="20261301"',
        'valid-before="\u0662\u0660\u0662\u0666\u0660\u0661\u0660\u0661"',
        'valid-before="20260101",valid-before="20270101"',
        "valid-until=20260101",
        "valid-before",
        "cert-authority",
    ],
)
def test_a_limit_that_cannot_be_judged_is_refused_not_ignored(keys, tmp_path, option):
    with pytest.raises(TrustError, match=r"limited|no time|certificate authority"):
        read(tmp_path, f"x {option} {keys.public_key.line}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "ssh-ed25519 AAAA",
        "SHA256:short",
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE " + "KEY-----\n",
        "x" * 2_000_000,
    ],
)
def test_anything_else_is_refused(tmp_path, text):
    with pytest.raises(TrustError):
        read(tmp_path, text)


def test_an_rsa_key_is_refused(tmp_path):
    public = generate_private_key(65537, 2048).public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(TrustError, match="not a usable public key"):
        read(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "trust.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(TrustError, match="in text form"):
        read_trust(tmp_path / "trust.txt")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TrustError, match="cannot be read"):
        read_trust(tmp_path / "nowhere")


def test_a_folder_that_is_no_folder_of_keys_is_refused(tmp_path):
    for number in range(101):
        (tmp_path / str(number)).write_text("")
    with pytest.raises(TrustError, match="no folder of keys"):
        read_trust(tmp_path)


def test_unusable_trust_is_a_usage_error_within_the_one_family():
    assert issubclass(TrustError, VerificationError)
    assert TrustError("x").exit_code == 2
