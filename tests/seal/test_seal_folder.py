"""Sealing a folder: what is written, what is refused, and what stock tools say of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from instructed import CLEAN, commands, run_instructions

from evidence.errors import ConfigError, RenderError
from evidence.manifest import parse_manifest
from evidence.seal import keys as key_files
from evidence.seal.packet import seal_folder, zip_folder
from evidence.verify import Status, examine_packet, read_trust


@pytest.fixture
def sealed(rendered, keys, predicate) -> Path:
    seal_folder(rendered, keys, predicate)
    return rendered


def test_the_result_names_the_packet_by_the_digest_of_its_list(rendered, keys, predicate, pdf):
    result = seal_folder(rendered, keys, predicate)
    files = [path for path in rendered.rglob("*") if path.is_file()]
    assert result.digest == hashlib.sha256((rendered / "SHA256SUMS").read_bytes()).hexdigest()
    assert result.files == len(files)
    assert result.size == sum(path.stat().st_size for path in files)
    assert result.unsigned_pdf == hashlib.sha256(pdf).hexdigest()
    assert (result.fingerprint, result.timestamped) == (keys.fingerprint, False)


def test_a_sealed_folder_verifies(sealed, keys, tmp_path):
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(keys))
    assert examine_packet(sealed, read_trust(trust)).status is Status.VERIFIED


def test_a_folder_without_pdf_or_checkpoint_is_sealed_without_them(tmp_path, keys, predicate):
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "results.json").write_text("{}")
    result = seal_folder(folder, keys, predicate)
    steps = [step.name for step in examine_packet(folder).steps]
    assert result.unsigned_pdf == ""
    assert steps == ["statement", "trust", "contents", "lists", "ssh_signature"]
    assert "pdfsig" not in (folder / "VERIFY.md").read_text()
    assert run_instructions(folder).returncode == 0


def test_the_signed_pdf_begins_with_the_rendered_bytes(sealed, pdf):
    assert (sealed / "packet.pdf").read_bytes().startswith(pdf)
    manifest = parse_manifest((sealed / "manifest.json").read_bytes())
    assert manifest.unsigned["packet.pdf"].sha256 == hashlib.sha256(pdf).hexdigest()


def test_a_packet_is_sealed_once(sealed, keys, predicate):
    with pytest.raises(ConfigError, match="sealed once"):
        seal_folder(sealed, keys, predicate)


@pytest.mark.parametrize("name", ["bad\nname", "back\\slash", "colon:name"])
def test_a_file_name_that_may_not_stand_in_a_packet_is_refused(rendered, keys, predicate, name):
    (rendered / name).write_text("")
    with pytest.raises(ConfigError, match="may not stand in a packet"):
        seal_folder(rendered, keys, predicate)


def test_a_link_is_refused(rendered, keys, predicate):
    (rendered / "link").symlink_to("population.csv")
    with pytest.raises(ConfigError, match="link or device"):
        seal_folder(rendered, keys, predicate)


@pytest.mark.parametrize("data", [b"", b"<html>", b"%PDF-1.7\nnothing"])
def test_a_pdf_that_cannot_be_signed_is_a_render_error(rendered, keys, predicate, data):
    (rendered / "packet.pdf").write_bytes(data)
    with pytest.raises(RenderError):
        seal_folder(rendered, keys, predicate)
    assert not (rendered / "packet.dsse.json").exists()


def test_a_pdf_that_is_signed_already_is_refused(sealed, keys, predicate):
    for name in ("manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "packet.dsse.json", "VERIFY.md"):
        (sealed / name).unlink()
    with pytest.raises(RenderError, match="signed already"):
        seal_folder(sealed, keys, predicate)


def test_an_ended_certificate_seals_no_pdf(rendered, predicate, tmp_path):
    old = key_files.init(tmp_path / "old", name="Orchard", now=datetime(2010, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match="ended on 2020"):
        seal_folder(rendered, old, predicate)


def test_a_folder_that_is_not_there_is_a_configuration_error(tmp_path, keys, predicate):
    with pytest.raises(ConfigError, match="cannot be sealed"):
        seal_folder(tmp_path / "nowhere", keys, predicate)


def test_the_statement_is_the_same_for_the_same_files(tmp_path, keys, predicate):
    envelopes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "results.json").write_text("{}")
        seal_folder(folder, keys, predicate, now=datetime(2026, 7, 2, tzinfo=UTC))
        envelopes.append((folder / "packet.dsse.json").read_bytes())
    assert envelopes[0] == envelopes[1]


def test_the_instructions_run_as_written(sealed, keys, tmp_path):
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(keys))
    done = run_instructions(sealed, trust)
    assert done.returncode == 0, done.stderr
    assert (
        f'Good "evidence-packet" signature for evidence with ED25519 key {keys.fingerprint}'
        in done.stdout
    )
    assert "Signature Verified Successfully" in done.stdout
    assert "CMS Verification successful" in done.stderr


def test_the_instructions_run_with_the_keys_of_the_packet_too(sealed):
    assert run_instructions(sealed).returncode == 0


def test_text_in_the_pdf_that_looks_like_a_signature_does_not_mislead_the_instructions(
    tmp_path, keys, predicate
):
    document = pikepdf.new()
    document.add_blank_page(page_size=(300, 200))
    document.docinfo["/Title"] = "/ByteRange [0 1 2 3]"
    folder = tmp_path / "packet"
    folder.mkdir()
    document.save(folder / "packet.pdf")
    seal_folder(folder, keys, predicate)
    assert b"/ByteRange [0 1 2 3]" in (folder / "packet.pdf").read_bytes()
    assert run_instructions(folder).returncode == 0


def test_the_instructions_refuse_another_key(sealed, tmp_path):
    other = key_files.init(tmp_path / "other", name="Somebody Else")
    (tmp_path / "trust.txt").write_text(key_files.trust_file(other))
    assert run_instructions(sealed, tmp_path / "trust.txt").returncode != 0


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    "attack",
    [
        lambda folder: append(folder / "population.csv"),
        lambda folder: append(folder / "packet.pdf"),
        lambda folder: append(folder / "manifest.json"),
        lambda folder: append(folder / "SHA256SUMS"),
        lambda folder: (folder / "extra.csv").write_text("x"),
        lambda folder: (folder / "population.csv").unlink(),
    ],
)
def test_the_instructions_stop_at_a_changed_packet(sealed, attack):
    text = commands(sealed)
    attack(sealed)
    done = subprocess.run(
        ["sh", "-eu", "-c", text], cwd=sealed, env=CLEAN, capture_output=True, check=False
    )
    assert done.returncode != 0


def test_a_hostile_entity_name_adds_no_command_to_the_instructions(tmp_path, keys, predicate):
    folder = tmp_path / "hostile"
    folder.mkdir()
    name = "Orchard\n```sh\ntouch pwned\n```\n{keys}"
    seal_folder(folder, keys, replace(predicate, entity=name))
    assert "touch pwned" not in commands(folder)
    assert examine_packet(folder).entity.startswith("Orchard")


def test_a_simulated_packet_says_so_in_its_instructions(tmp_path, keys, predicate):
    folder = tmp_path / "simulated"
    folder.mkdir()
    seal_folder(folder, keys, replace(predicate, simulated=True))
    assert "SIMULATED" in (folder / "VERIFY.md").read_text()


def test_the_zip_holds_the_folder_and_verifies(sealed, tmp_path):
    target = zip_folder(sealed, tmp_path / "packet.zip")
    assert examine_packet(target).status is Status.UNTRUSTED
    shutil.unpack_archive(target, tmp_path / "unpacked")
    assert examine_packet(tmp_path / "unpacked").status is Status.UNTRUSTED


def test_the_zip_has_the_same_bytes_whenever_it_is_made(sealed, tmp_path):
    first = zip_folder(sealed, tmp_path / "1.zip").read_bytes()
    for path in sealed.rglob("*"):
        os.utime(path, (1, 1))
    assert zip_folder(sealed, tmp_path / "2.zip").read_bytes() == first


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_unzip_reads_the_zip_without_complaint(sealed, tmp_path):
    target = zip_folder(sealed, tmp_path / "packet.zip")
    done = subprocess.run(["unzip", "-tq", target], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_a_sealed_folder_is_zipped(rendered, tmp_path):
    with pytest.raises(ConfigError, match="is not sealed"):
        zip_folder(rendered, tmp_path / "packet.zip")


def test_an_existing_zip_is_not_overwritten(sealed, tmp_path):
    target = zip_folder(sealed, tmp_path / "packet.zip")
    with pytest.raises(ConfigError, match="cannot be written"):
        zip_folder(sealed, target)


def test_a_packet_too_large_for_one_zip_is_handed_over_as_a_folder(sealed, tmp_path, monkeypatch):
    monkeypatch.setattr("evidence.manifest.archive.LIMIT", 2000)
    with pytest.raises(ConfigError, match="hand over the folder"):
        zip_folder(sealed, tmp_path / "packet.zip")
    assert not (tmp_path / "packet.zip").exists()
