"""Keys that are encrypted, and keys that are replaced while old packets stay verifiable."""

from __future__ import annotations

import json
import os
import secrets as random
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from instructed import run_instructions

from evidence.errors import ConfigError
from evidence.seal import keyfolder
from evidence.seal import keys as key_files
from evidence.seal.packet import seal_folder
from evidence.seal.signers import open_signer
from evidence.verify import Status, examine_packet, read_trust

DAY = timedelta(days=1)
ROTATED = datetime.now(UTC).replace(microsecond=0) - 10 * DAY


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def own(tmp_path) -> Path:
    key_files.init(tmp_path / "own", name="Orchard Example")
    return tmp_path / "own"


def seal(folder: Path, held, predicate, when: datetime) -> Path:
    folder.mkdir()
    (folder / "results.json").write_text("{}")
    seal_folder(folder, held, predicate, now=when)
    return folder


def trust_of(held, path: Path) -> Path:
    path.write_text(key_files.trust_file(held))
    return path


# --- encrypted at rest


def test_encrypted_keys_open_by_their_passphrase_only(tmp_path):
    right, wrong = random.token_bytes(12), random.token_bytes(12)
    made = key_files.init(tmp_path / "own", name="Orchard", passphrase=right)
    assert key_files.load(tmp_path / "own", passphrase=right).fingerprint == made.fingerprint
    with pytest.raises(ConfigError, match="the passphrase does not open"):
        key_files.load(tmp_path / "own", passphrase=wrong)
    with pytest.raises(ConfigError, match="is encrypted, and no passphrase is configured"):
        key_files.load(tmp_path / "own")


def test_nothing_of_an_encrypted_key_lies_open(tmp_path):
    key_files.init(tmp_path / "own", name="Orchard", passphrase=random.token_bytes(12))
    for name in ("signing.key", "pdf.key"):
        assert b"ENCRYPTED" in (tmp_path / "own" / name).read_bytes()


def test_a_passphrase_that_is_not_needed_is_passed_over(own):
    assert key_files.load(own, passphrase=b"any").fingerprint == key_files.load(own).fingerprint


def test_a_file_uri_refers_to_its_passphrase(tmp_path):
    right = random.token_hex(12)
    made = key_files.init(tmp_path / "own", name="Orchard", passphrase=right.encode())
    uri = f"file:{tmp_path}/own/signing.key?passphrase=env:SECRET"
    assert open_signer(uri, {"env:SECRET": right}.__getitem__).key_id == made.fingerprint
    with pytest.raises(ConfigError, match="no secret can be looked up"):
        open_signer(uri)


# --- rotation


def test_a_rotation_replaces_both_keys_and_keeps_the_old_public_halves(own):
    before = key_files.load(own)
    after = key_files.rotate(own, name="Orchard", now=ROTATED)
    assert after.fingerprint != before.fingerprint
    assert after.pdf.certificate_der != before.pdf.certificate_der
    (old,) = after.retired
    assert old.public_key == before.public_key.line
    assert old.certificate == before.pdf.certificate_pem
    assert (old.since, old.until, after.since) == ("", f"{ROTATED:%Y-%m-%dT%H:%M:%SZ}", old.until)


def test_no_old_private_half_is_left(own):
    private = {(own / name).read_bytes() for name in ("signing.key", "pdf.key")}
    key_files.rotate(own, name="Orchard")
    assert not private & set(content(own).values())
    assert [name for name, data in content(own).items() if b"PRIVATE" in data] == [
        "pdf.key",
        "signing.key",
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in own.rglob("*"))


def test_rotated_keys_stay_encrypted(tmp_path):
    passphrase = random.token_bytes(12)
    key_files.init(tmp_path / "own", name="Orchard", passphrase=passphrase)
    key_files.rotate(tmp_path / "own", name="Orchard", passphrase=passphrase)
    assert b"ENCRYPTED" in (tmp_path / "own" / "signing.key").read_bytes()


def test_packets_of_every_time_verify_by_the_newest_trust_file(own, predicate, tmp_path):
    packets = [seal(tmp_path / "0", key_files.load(own), predicate, ROTATED - DAY)]
    for number in range(1, 3):
        held = key_files.rotate(own, name="Orchard", now=ROTATED + number * DAY)
        when = ROTATED + number * DAY
        packets.append(seal(tmp_path / str(number), held, predicate, when))
    trust = trust_of(held, tmp_path / "trust.txt")
    for packet in packets:
        done = run_instructions(packet, trust)
        assert examine_packet(packet, read_trust(trust)).status is Status.VERIFIED
        assert done.returncode == 0, done.stderr
    assert "retired key" in key_files.describe(held)


@pytest.mark.parametrize("late", [DAY, timedelta(seconds=1)])
def test_an_old_key_seals_nothing_after_it_was_replaced(own, predicate, tmp_path, late):
    before = key_files.load(own)
    after = key_files.rotate(own, name="Orchard", now=ROTATED)
    packet = seal(tmp_path / "late", before, predicate, ROTATED + late)
    trust = trust_of(after, tmp_path / "trust.txt")
    verdict = examine_packet(packet, read_trust(trust))
    assert verdict.status is Status.REJECTED
    assert f"which is trusted only until {after.since}" in verdict.summary
    assert run_instructions(packet, trust).returncode != 0


def test_a_new_key_did_not_seal_before_it_was_made(own, predicate, tmp_path):
    after = key_files.rotate(own, name="Orchard", now=ROTATED)
    packet = seal(tmp_path / "early", after, predicate, ROTATED - DAY)
    trust = trust_of(after, tmp_path / "trust.txt")
    assert f"trusted only from {after.since}" in examine_packet(packet, read_trust(trust)).summary


def test_the_verdict_says_that_the_time_of_an_old_key_is_the_packets_own_word(
    own, predicate, tmp_path
):
    packet = seal(tmp_path / "old", key_files.load(own), predicate, ROTATED - DAY)
    after = key_files.rotate(own, name="Orchard", now=ROTATED)
    verdict = examine_packet(packet, read_trust(trust_of(after, tmp_path / "trust.txt")))
    sentence = next(step.sentence for step in verdict.steps if step.name == "trust")
    assert "this one says that it was sealed at" in sentence


def test_keys_are_not_replaced_twice_in_one_second(own):
    key_files.rotate(own, name="Orchard", now=ROTATED)
    with pytest.raises(ConfigError, match="not earlier than"):
        key_files.rotate(own, name="Orchard", now=ROTATED)


@pytest.mark.parametrize("died_after", range(6))
def test_a_rotation_that_dies_anywhere_leaves_keys_that_load(own, monkeypatch, died_after):
    """The process dies at each rename in turn; the next load finds the old keys or ends the job."""
    before = key_files.load(own).fingerprint
    left = died_after

    def dying(move):
        def moved(self, target):
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return move(self, target)

        return moved

    with monkeypatch.context() as patched:
        for name in ("rename", "replace"):
            patched.setattr(Path, name, dying(getattr(Path, name)))
        with suppress(KeyboardInterrupt):
            key_files.rotate(own, name="Orchard", now=ROTATED)
    held = key_files.load(own)
    assert (held.fingerprint == before) == (died_after == 0)
    assert len(held.retired) == (died_after > 0)
    assert not (own / "next").exists()
    assert key_files.rotate(own, name="Orchard").fingerprint not in {before, held.fingerprint}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"until": 1}', "\xff"])
def test_a_damaged_record_of_a_retired_key_is_told(own, text):
    key_files.rotate(own, name="Orchard")
    record = next((own / keyfolder.RETIRED).iterdir())
    record.write_text(text)
    with pytest.raises(ConfigError, match="is not the record of a retired key"):
        key_files.load(own)


def test_a_record_holds_public_halves_only(own):
    key_files.rotate(own, name="Orchard")
    value = json.loads(next((own / keyfolder.RETIRED).iterdir()).read_text())
    assert set(value) == {"public_key", "certificate", "since", "until"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_keeps_its_keys(own):
    before = content(own)
    own.chmod(0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        key_files.rotate(own, name="Orchard")
    own.chmod(0o700)
    assert content(own) == before


def test_an_interrupted_preparation_is_started_anew(own):
    shutil.copytree(own, own / "next.part")
    assert key_files.rotate(own, name="Orchard").retired
    assert not (own / "next.part").exists()
