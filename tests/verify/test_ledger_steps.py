"""Captures and the checkpoint: a dishonest sealer cannot show what the ledger did not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.manifest import parse_capture_file
from evidence.verify import Status, examine_packet


def load(packet, seq=4):
    return parse_capture_file((packet.folder / f"captures/{seq:08d}.json").read_bytes())


def judged_after(packet, capture, path=None) -> str:
    (packet.folder / (path or capture.path)).write_bytes(capture.to_bytes())
    packet.reseal()
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.status is Status.REJECTED
    return verdict.problems[0]


def test_another_payload_does_not_fit_its_commitment(packet):
    capture = replace(load(packet), payload=b'{"number": 5}')
    assert "another payload" in judged_after(packet, capture)


def test_another_salt_does_not_fit_its_commitment(packet):
    capture = replace(load(packet), salt=b"\xff" * 32)
    assert "another payload" in judged_after(packet, capture)


def test_an_edited_envelope_is_not_in_the_ledger(packet):
    capture = load(packet)
    edited = replace(capture, envelope=capture.envelope.replace('"key":"4"', '"key":"5"'))
    assert "is not in the ledger" in judged_after(packet, edited)


def test_a_capture_at_another_place_is_not_in_the_ledger(packet):
    assert "is not in the ledger" in judged_after(packet, replace(load(packet), seq=5))


def test_a_capture_beyond_the_checkpoint_is_not_in_the_ledger(packet):
    assert "is not in the ledger" in judged_after(packet, replace(load(packet), seq=10**15))


def test_a_capture_under_another_name_is_refused(packet):
    found = judged_after(packet, load(packet), "captures/00000007.json")
    assert "holds ledger entry 4" in found


def test_a_shortened_proof_is_refused(packet):
    capture = load(packet)
    assert "is not in the ledger" in judged_after(
        packet, replace(capture, proof=capture.proof[:-1])
    )


def test_a_purged_payload_is_told_and_does_not_reject_the_packet(packet):
    purged = replace(load(packet), payload=None, salt=None)
    (packet.folder / purged.path).write_bytes(purged.to_bytes())
    packet.reseal()
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.status is Status.VERIFIED
    assert any("The payloads of 1 were purged" in sentence for sentence in verdict.sentences)


def test_a_file_among_the_captures_that_is_no_capture_is_refused(packet):
    (packet.folder / "captures/index.json").write_text("{}")
    packet.reseal()
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.problems == ("captures/index.json is not a capture in its one accepted form.",)


def test_captures_without_a_checkpoint_are_refused(packet):
    (packet.folder / "checkpoint.note").unlink()
    packet.reseal(checkpoint="")
    verdict = examine_packet(packet.folder, packet.trust)
    assert "no checkpoint to check them against" in verdict.problems[0]


def test_a_checkpoint_signed_by_a_stranger_is_refused(packet, other_keys):
    from evidence import merkle, notes

    text = notes.note_text("evidence.test/orchard", 11, merkle.EMPTY_ROOT)
    note = notes.sign_note(text, "orchard", other_keys.public_key.raw, other_keys.signer.sign)
    (packet.folder / "checkpoint.note").write_text(note, encoding="utf-8")
    packet.reseal(checkpoint=note)
    verdict = examine_packet(packet.folder, packet.trust)
    assert "not signed by a key of this packet" in verdict.problems[0]


@pytest.mark.parametrize("note", ["", "nonsense", "\u2014 x y\n", "a\n1\n\n\u2014 \u2014\n"])
def test_a_checkpoint_that_is_no_signed_note_is_refused(packet, note):
    (packet.folder / "checkpoint.note").write_text(note, encoding="utf-8")
    packet.reseal(checkpoint=note)
    assert examine_packet(packet.folder, packet.trust).status is Status.REJECTED


def test_the_checkpoint_of_the_file_and_of_the_statement_must_be_one(packet):
    packet.reseal(checkpoint="another")
    verdict = examine_packet(packet.folder, packet.trust)
    assert "not the checkpoint that the statement names" in verdict.problems[0]
