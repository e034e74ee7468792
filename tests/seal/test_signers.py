"""Keys that live elsewhere: a real SoftHSM token, and AWS's wire format on a loopback server."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets as random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from instructed import run_instructions
from softtoken import softhsm, uri
from werkzeug import Request, Response

from evidence import merkle, notes
from evidence.errors import ConfigError, UnavailableError
from evidence.manifest.publickey import P256_ORDER
from evidence.seal import keys as key_files
from evidence.seal.cosigners import cosign
from evidence.seal.packet import seal_folder
from evidence.seal.signers import open_signer
from evidence.verify import Status, examine_packet, read_trust

MESSAGE = b"the statement" * 100


def low_s(signature: bytes) -> bool:
    r, s = decode_dss_signature(signature)
    return s <= P256_ORDER // 2 and encode_dss_signature(r, s) == signature


# --- PKCS#11


@softhsm
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        ("object=seal", "ecdsa-sha2-nistp256"),
        ("id=%02", "ecdsa-sha2-nistp256"),
        ("object=seal;id=%02", "ecdsa-sha2-nistp256"),
        ("object=edwards", "ssh-ed25519"),
    ],
)
def test_a_key_in_a_token_signs_in_the_one_accepted_form(token, key, algorithm):
    signer = open_signer(uri(key), {"env:PIN": token}.__getitem__)
    signatures = [signer.sign(MESSAGE) for _ in range(6)]
    assert signer.algorithm == algorithm
    assert signer.key_id == signer.public_key.fingerprint
    assert all(signer.public_key.verifies(each, MESSAGE) for each in signatures)
    assert algorithm == "ssh-ed25519" or all(low_s(each) for each in signatures)


@softhsm
@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (uri("object=seal", name="other"), "there is no token 'other'"),
        (uri("object=other"), "does not hold exactly one such key pair"),
        (uri("object=rsa"), "neither Ed25519 nor ECDSA on P-256"),
        (uri("object=wide"), "neither Ed25519 nor ECDSA on P-256"),
        (uri("object=seal", module="/nowhere.so"), "no PKCS#11 module at /nowhere.so"),
        (uri("object=seal", module="/etc/hostname"), "cannot be used"),
    ],
)
def test_a_token_that_cannot_serve_says_why(token, named, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        open_signer(named, lambda _reference: token)


@softhsm
def test_a_wrong_pin_is_refused_and_never_printed(token):
    wrong = random.token_hex(4)
    with pytest.raises(ConfigError, match="refuses the PIN") as caught:
        open_signer(uri("object=seal"), lambda _reference: wrong)
    assert wrong not in str(caught.value)
    assert token not in repr(open_signer(uri("object=seal"), lambda _reference: token))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pkcs11:token=a;object=b?module-path=/m.so", "lacks pin-source"),
        ("pkcs11:object=b?module-path=/m.so&pin-source=env:P", "lacks token"),
        ("pkcs11:token=a?module-path=/m.so&pin-source=env:P", "lacks object"),
        ("pkcs11:token=a;object=b", "lacks module-path, pin-source"),
        ("pkcs11:token=a;object=b?module-path=/m.so&pin-value=1", "not read: pin-value"),
        ("pkcs11:token=a;colour=b?module-path=/m.so&pin-source=env:P", "not read: colour"),
        ("pkcs11:token=a;token=b?module-path=/m.so&pin-source=env:P", "cannot be read"),
        ("pkcs11:token", "cannot be read"),
        ("pkcs11:", "lacks"),
    ],
)
def test_an_incomplete_token_uri_says_what_it_lacks(text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        open_signer(text)


@softhsm
@pytest.mark.parametrize("key", ["object=seal", "object=edwards"])
def test_a_packet_sealed_by_a_token_verifies_and_its_checkpoint_by_the_file_key(
    token, key, key_folder, rendered, predicate, tmp_path
):
    signer = open_signer(uri(key), lambda _reference: token)
    held = key_files.load(key_folder, signer=signer)
    text = notes.note_text("orchard.test", 0, merkle.root(0, lambda *_: b""))
    raw = held.notes.public_key.raw
    note = notes.sign_note(text, "orchard.test", raw, held.notes.sign)
    seal_folder(rendered, held, replace(predicate, checkpoint=note))
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(held))
    verdict = examine_packet(rendered, read_trust(trust))
    done = run_instructions(rendered, trust)
    assert (verdict.status, verdict.trusted) == (Status.VERIFIED, (signer.key_id,))
    assert examine_packet(rendered).status is Status.UNTRUSTED
    assert done.returncode == 0, done.stderr
    assert signer.key_id in done.stdout


@softhsm
def test_the_checkpoint_key_of_a_token_sealed_packet_seals_no_packet_itself(
    token, key_folder, rendered, predicate, tmp_path
):
    signer = open_signer(uri("object=seal"), lambda _reference: token)
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(key_files.load(key_folder, signer=signer)))
    seal_folder(rendered, key_files.load(key_folder), predicate)
    verdict = examine_packet(rendered, read_trust(trust))
    assert "which is not among the trusted keys" in verdict.summary


# --- key services


class KeyService:
    """AWS KMS as far as signing asks: `TrentService.GetPublicKey` and `TrentService.Sign`."""

    def __init__(self, curve: ec.EllipticCurve) -> None:
        self.key = ec.generate_private_key(curve)
        self.asked: list[dict[str, str]] = []
        self.other = False

    def answer(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        self.asked.append(body)
        if body["KeyId"] != "alias/orchard":
            found = {"__type": "NotFoundException", "message": "Alias is not found."}
            return Response(json.dumps(found), 400, content_type="application/x-amz-json-1.1")
        action = request.headers["X-Amz-Target"].removeprefix("TrentService.")
        found = {"KeyId": "arn:aws:kms:eu-west-1:1:key/orchard", **getattr(self, action)(body)}
        return Response(json.dumps(found), content_type="application/x-amz-json-1.1")

    def GetPublicKey(self, _body: dict[str, str]) -> dict[str, object]:
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        bits = self.key.curve.key_size
        algorithm = {256: "ECDSA_SHA_256", 384: "ECDSA_SHA_384"}[bits]
        return {
            "PublicKey": base64.b64encode(der).decode(),
            "KeySpec": f"ECC_NIST_P{bits}",
            "SigningAlgorithms": [algorithm],
        }

    def Sign(self, body: dict[str, str]) -> dict[str, object]:
        assert (body["MessageType"], body["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        key = ec.generate_private_key(ec.SECP256R1()) if self.other else self.key
        made = key.sign(base64.b64decode(body["Message"]), ec.ECDSA(Prehashed(SHA256())))
        return {"Signature": base64.b64encode(made).decode()}


@pytest.fixture
def service(httpserver, monkeypatch):
    pytest.importorskip("boto3")
    service = KeyService(ec.SECP256R1())
    httpserver.expect_request("/").respond_with_handler(service.answer)
    for name, value in {
        "AWS_ENDPOINT_URL": httpserver.url_for(""),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": random.token_hex(8),
        "AWS_SECRET_ACCESS_KEY": random.token_hex(8),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return service


def test_a_key_service_signs_in_the_one_accepted_form_and_sees_only_the_digest(service):
    signer = open_signer("kms:aws:alias/orchard")
    signatures = [signer.sign(MESSAGE) for _ in range(6)]
    assert all(low_s(each) and signer.public_key.verifies(each, MESSAGE) for each in signatures)
    sent = {base64.b64decode(body["Message"]) for body in service.asked if "Message" in body}
    assert {len(each) for each in sent} == {32}


def test_a_packet_sealed_by_a_key_service_verifies(
    service, key_folder, rendered, predicate, tmp_path
):
    held = key_files.load(key_folder, signer=open_signer("kms:aws:alias/orchard"))
    seal_folder(rendered, held, predicate)
    (tmp_path / "trust.txt").write_text(key_files.trust_file(held))
    verdict = examine_packet(rendered, read_trust(tmp_path / "trust.txt"))
    assert verdict.status is Status.VERIFIED


def test_a_key_that_the_service_does_not_know_is_told_in_its_words(service):
    with pytest.raises(UnavailableError, match="Alias is not found"):
        open_signer("kms:aws:alias/elsewhere")


def test_a_service_that_signs_with_another_key_seals_nothing(service):
    signer = open_signer("kms:aws:alias/orchard")
    service.other = True
    with pytest.raises(UnavailableError, match="signed with another key"):
        signer.sign(MESSAGE)


def test_a_key_on_another_curve_is_refused(service):
    service.key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(ConfigError, match="not an ECDSA key on P-256"):
        open_signer("kms:aws:alias/orchard")


def test_a_service_that_is_not_there_is_told(service, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="the aws key service did not sign"):
        open_signer("kms:aws:alias/orchard")


@pytest.mark.parametrize("text", ["kms:", "kms:aws", "kms:aws:", "kms:oracle:key", "kms:azure:v"])
def test_a_key_service_uri_that_names_no_key_is_refused(text):
    with pytest.raises(ConfigError, match=r"names no key|not installed"):
        open_signer(text)


# --- what is not installed


WITHOUT = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
from evidence.errors import ConfigError
from evidence.seal.cosigners import cosign
from evidence.seal.signers import open_signer
try:
    {call}
except ConfigError as error:
    print(error.message, "|", error.next_step)
"""


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("open_signer('kms:aws:alias/k')", "kms"),
        ("open_signer('kms:gcp:projects/p')", "kms"),
        ("open_signer('kms:azure:vault/key')", "kms"),
        ("open_signer({uri!r}, str)", "pkcs11"),
        ("cosign(b'list', 'sigstore:')", "sigstore"),
    ],
)
def test_a_signer_whose_library_is_missing_says_what_to_install(tmp_path, call, extra):
    module = tmp_path / "module.so"
    module.touch()
    call = call.replace("{uri!r}", repr(uri("object=k", module=module)))
    blocked = {"boto3", "google", "azure", "pkcs11", "sigstore"}
    script = WITHOUT.replace("{blocked!r}", repr(blocked)).replace("{call}", call)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert "libraries that are not installed" in done.stdout
    assert f"pip install 'soc2-evidence[{extra}]'" in done.stdout


@pytest.mark.parametrize("text", ["sigstore:alias", "sigstore:?ambient=maybe", "sigstore:?x=1"])
def test_a_cosigner_uri_that_cannot_be_read_is_refused(text):
    with pytest.raises(ConfigError, match="cannot be read"):
        cosign(b"list", text)


def test_a_keyless_signature_is_a_cosigner_and_no_signer():
    with pytest.raises(ConfigError, match=r"goes into seal\.cosigner"):
        open_signer("sigstore:")
    with pytest.raises(ConfigError, match="known: sigstore:"):
        cosign(b"list", "file:/key")
