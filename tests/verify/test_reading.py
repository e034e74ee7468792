"""Reading a packet while it changes or lies on a failing disk."""

from __future__ import annotations

import pytest

from evidence.errors import MalformedError
from evidence.verify import Status, examine_packet
from evidence.verify import packet as verifier
from evidence.verify.files import FolderFiles, open_packet, read


def test_a_file_that_grows_while_it_is_read_is_refused(packet):
    files = FolderFiles(packet.folder)
    (packet.folder / "population.csv").write_text("x" * 1000)
    with pytest.raises(MalformedError, match="grew while it was read"):
        read(files, "population.csv", 10_000)


def test_a_file_that_shrinks_while_it_is_read_is_refused(packet):
    files = FolderFiles(packet.folder)
    (packet.folder / "population.csv").write_text("")
    with pytest.raises(MalformedError, match="cut short"):
        read(files, "population.csv", 10_000)


def test_a_document_beyond_its_limit_is_refused_unread(packet):
    with pytest.raises(MalformedError, match="larger than 3 bytes"):
        read(FolderFiles(packet.folder), "population.csv", 3)


def test_more_files_than_a_packet_holds_are_refused(packet, monkeypatch):
    monkeypatch.setattr("evidence.verify.files.MAX_FILES", 3)
    assert "more than 3 files" in examine_packet(packet.folder).problems[0]


def test_a_device_in_place_of_the_archive_is_refused():
    from pathlib import Path

    with (
        pytest.raises(MalformedError, match="neither a file nor a folder"),
        open_packet(Path("/dev/null")),
    ):
        pass


def test_a_failing_disk_is_a_rejection(packet, monkeypatch):
    def fail(*_args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(verifier, "_run", fail)
    verdict = examine_packet(packet.folder)
    assert verdict.problems == ("The packet cannot be read: Input/output error.",)


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, KeyError])
def test_an_error_that_nobody_foresaw_is_a_rejection(packet, monkeypatch, error):
    def fail(*_args):
        raise error

    monkeypatch.setattr(verifier, "_run", fail)
    verdict = examine_packet(packet.folder)
    assert verdict.status is Status.REJECTED
    assert verdict.problems == (f"The packet cannot be judged ({error.__name__}).",)


def test_a_pdf_too_large_to_parse_is_reported_as_not_checked(packet, monkeypatch):
    monkeypatch.setattr("evidence.verify.pdf.SIZE_LIMIT", 10)
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.status is Status.VERIFIED
    assert [s for s in verdict.sentences if s.startswith("Not checked: the PDF's own signature")]


def test_a_missing_pyhanko_is_reported_as_not_checked(packet, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyhanko.sign.validation", None)
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.status is Status.VERIFIED
    assert "pyHanko is not installed" in verdict.sentences[-1]


def test_a_packet_that_is_not_simulated_does_not_say_so(packet):
    packet.reseal(simulated=False)
    verdict = examine_packet(packet.folder, packet.trust)
    assert not [sentence for sentence in verdict.sentences if "SIMULATED" in sentence]
