"""Lists and signatures that contradict each other, each sealed anew as far as it goes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evidence.canonical import canonical_json, sha256_hex
from evidence.manifest import (
    Envelope,
    Signature,
    Statement,
    pae,
    parse_envelope,
    parse_manifest,
    parse_statement,
)
from evidence.manifest.envelope import PAYLOAD_TYPE
from evidence.seal.dsse import sign_statement
from evidence.seal.sshsig import sign_file
from evidence.verify import Status, examine_packet


def problem(packet) -> str:
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.status is Status.REJECTED
    return verdict.problems[0]


def statement_of(packet) -> Statement:
    envelope = parse_envelope((packet.folder / "packet.dsse.json").read_bytes())
    return parse_statement(envelope.payload)


def sign_again(packet, keys, statement: Statement) -> None:
    """Writes an envelope over `statement`, with fresh digests of the lists on disk."""
    subjects = dict(statement.subjects)
    for name in ("manifest.json", "SHA256SUMS"):
        if name in subjects:
            subjects[name] = sha256_hex((packet.folder / name).read_bytes())
    envelope = sign_statement(replace(statement, subjects=subjects), keys.signer)
    (packet.folder / "packet.dsse.json").write_bytes(envelope.to_bytes())


def test_an_envelope_signed_again_by_a_stranger_is_rejected_even_without_trust(packet, other_keys):
    sign_again(packet, other_keys, statement_of(packet))
    packet = replace(packet, trust=None)
    assert "exactly the keys that the manifest names" in problem(packet)


def test_a_second_signature_by_a_stranger_is_refused(packet, other_keys):
    path = packet.folder / "packet.dsse.json"
    envelope = parse_envelope(path.read_bytes())
    signature = other_keys.signer.sign(pae(PAYLOAD_TYPE, envelope.payload))
    more = Signature(key_id=other_keys.fingerprint, signature=signature)
    path.write_bytes(replace(envelope, signatures=(*envelope.signatures, more)).to_bytes())
    assert "exactly the keys that the manifest names" in problem(packet)


def test_a_signature_over_another_statement_is_refused(packet):
    path = packet.folder / "packet.dsse.json"
    envelope = parse_envelope(path.read_bytes())
    signature = replace(envelope.signatures[0], signature=packet.keys.signer.sign(b"else"))
    path.write_bytes(replace(envelope, signatures=(signature,)).to_bytes())
    assert "over the statement is not valid" in problem(packet)


def test_a_statement_that_leaves_a_file_out_makes_it_an_extra_file(packet):
    statement = statement_of(packet)
    subjects = {path: value for path, value in statement.subjects.items() if path != "results.json"}
    sign_again(packet, packet.keys, replace(statement, subjects=subjects))
    assert problem(packet) == "results.json is not part of the sealed packet."


def test_a_statement_about_another_period_than_the_manifest_is_refused(packet):
    statement = statement_of(packet)
    other = replace(statement.predicate, period_to="2026-12-31T00:00:00Z")
    sign_again(packet, packet.keys, replace(statement, predicate=other))
    assert "describe different packets" in problem(packet)


def test_sums_that_leave_a_file_out_are_refused(packet):
    path = packet.folder / "SHA256SUMS"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"results.json" not in line))
    sign_again(packet, packet.keys, statement_of(packet))
    assert problem(packet) == "SHA256SUMS and the signed statement list different files."


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda files: files[1:], "manifest.json and the signed statement list different files."),
        (lambda files: (replace(files[0], size=10**9), *files[1:]), "has another size"),
    ],
)
def test_a_manifest_that_differs_from_the_packet_is_refused(packet, edit, sentence):
    path = packet.folder / "manifest.json"
    manifest = parse_manifest(path.read_bytes())
    path.write_bytes(replace(manifest, files=edit(manifest.files)).to_bytes())
    sums = (packet.folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    digest = sha256_hex(path.read_bytes())
    new = [
        f"{digest}  manifest.json\n" if line.endswith("manifest.json\n") else line for line in sums
    ]
    (packet.folder / "SHA256SUMS").write_text("".join(new))
    sign_again(packet, packet.keys, statement_of(packet))
    assert sentence in problem(packet)


def test_an_openssh_signature_by_another_key_is_refused(packet, other_keys):
    sums = (packet.folder / "SHA256SUMS").read_bytes()
    (packet.folder / "SHA256SUMS.sig").write_bytes(sign_file(sums, other_keys.signer))
    assert "a key that did not sign the statement" in problem(packet)


def test_an_openssh_signature_over_another_list_is_refused(packet):
    (packet.folder / "SHA256SUMS.sig").write_bytes(sign_file(b"else", packet.keys.signer))
    assert "not a valid signature over SHA256SUMS" in problem(packet)


def test_a_manifest_that_names_another_unsigned_pdf_is_refused(packet):
    path = packet.folder / "manifest.json"
    value = json.loads(path.read_bytes())
    value["unsigned"]["packet.pdf"]["sha256"] = "0" * 64
    path.write_bytes(canonical_json(value))
    sums = (packet.folder / "SHA256SUMS").read_text().splitlines()
    digest = sha256_hex(path.read_bytes())
    new = [f"{digest}  manifest.json" if line.endswith(" manifest.json") else line for line in sums]
    (packet.folder / "SHA256SUMS").write_text("\n".join(new) + "\n")
    sums_bytes = (packet.folder / "SHA256SUMS").read_bytes()
    (packet.folder / "SHA256SUMS.sig").write_bytes(sign_file(sums_bytes, packet.keys.signer))
    sign_again(packet, packet.keys, statement_of(packet))
    assert "does not begin with the PDF that the manifest names" in problem(packet)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\xff", b'{"_type":"x"}', b"[" * 5000])
def test_a_signed_payload_that_is_no_statement_is_refused(packet, payload):
    signature = packet.keys.signer.sign(pae(PAYLOAD_TYPE, payload))
    key_id = packet.keys.fingerprint
    envelope = Envelope(
        payload=payload, signatures=(Signature(key_id=key_id, signature=signature),)
    )
    (packet.folder / "packet.dsse.json").write_bytes(envelope.to_bytes())
    assert "the signed statement" in problem(packet)
