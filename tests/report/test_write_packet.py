"""The files of a packet: all or none, the same bytes everywhere, private to their owner."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from packet_factory import change, make_packet, make_small

from evidence.canonical import canonical_json, loads
from evidence.errors import RenderError
from evidence.manifest.capture_file import parse_capture_file
from evidence.manifest.paths import safe_path
from evidence.model.chain import Chain
from evidence.report.data import Limits, PacketData, Period
from evidence.report.digests import file_digest
from evidence.report.render import write_packet

FILES = {
    "captures/00000005.json",
    "deployments.csv",
    "deployments.jsonl",
    "packet.html",
    "packet.pdf",
    "population.csv",
    "population.ipe.json",
    "population.jsonl",
    "promotions.csv",
    "promotions.jsonl",
    "results.json",
    "undeployed.csv",
    "undeployed.jsonl",
}

RENDER = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
    "from packet_factory import make_packet; from evidence.report.render import write_packet;"
    "write_packet(make_packet(), Path(sys.argv[2]))"
)


def digests(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): file_digest(path)
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_a_packet_holds_exactly_its_files(packet: Path) -> None:
    assert set(digests(packet)) == FILES


def test_every_file_name_may_stand_in_a_sealed_packet(packet: Path) -> None:
    assert {safe_path(name) for name in digests(packet)} == FILES


def test_the_files_written_are_returned_in_order(tmp_path: Path) -> None:
    data = replace(make_packet(), chains=(), population=(), undeployed=(), deployments=())
    written = write_packet(data, tmp_path / "p")
    assert written == sorted(tmp_path / "p" / name for name in FILES)


@pytest.mark.long
def test_another_process_time_zone_locale_and_hash_seed_give_the_same_bytes(
    packet: Path, tmp_path: Path
) -> None:
    other = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "77", "LC_ALL": "C"}
    environment = {**os.environ, **other}
    subprocess.run(
        [sys.executable, "-c", RENDER, str(Path(__file__).parent), str(tmp_path / "again")],
        env=environment,
        check=True,
    )
    assert digests(tmp_path / "again") == digests(packet)


def test_only_the_owner_can_read_a_packet(packet: Path) -> None:
    modes = {path.stat().st_mode & 0o777 for path in packet.rglob("*") if path.is_file()}
    assert (modes, packet.stat().st_mode & 0o777) == ({0o600}, 0o700)


def test_a_capture_reads_back_by_the_verifiers_parser(packet: Path) -> None:
    raw = (packet / "captures/00000005.json").read_bytes()
    assert parse_capture_file(raw) == next(iter(make_packet().captures))


def broken(data: PacketData) -> Iterator[Chain]:
    yield from list(data.chains)[:2]
    raise RenderError("the chain could not be loaded")


def test_nothing_is_left_behind_when_a_chain_cannot_be_had(
    data: PacketData, tmp_path: Path
) -> None:
    with pytest.raises(RenderError, match="could not be loaded"):
        write_packet(replace(data, chains=broken(data)), tmp_path / "p")
    assert list((tmp_path / "p").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error_with_a_next_step(data: PacketData) -> None:
    with pytest.raises(RenderError) as caught:
        write_packet(data, Path("/proc/none/packet"))
    assert "permissions" in caught.value.next_step


def test_chains_out_of_order_are_refused(data: PacketData, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="out of order"):
        write_packet(replace(data, chains=list(data.chains)[::-1]), tmp_path / "p")


def test_a_chain_of_an_unlisted_change_is_refused(data: PacketData, tmp_path: Path) -> None:
    short = [row for row in data.population if row.number != 5]
    with pytest.raises(RenderError, match="shop:pr:5"):
        write_packet(replace(data, population=short), tmp_path / "p")


def test_captures_out_of_order_are_refused(data: PacketData, tmp_path: Path) -> None:
    twice = [*data.captures, *data.captures]
    with pytest.raises(RenderError, match="capture 5 came after"):
        write_packet(replace(data, captures=twice), tmp_path / "p")


def test_an_unknown_time_zone_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    period = Period(from_us=1, to_us=2, zone="Mars/Base", first_day="", last_day="")
    with pytest.raises(RenderError, match="Mars/Base"):
        write_packet(make_packet(period=period), tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_results_are_canonical_json_with_every_determination(packet: Path) -> None:
    raw = (packet / "results.json").read_bytes()
    results = loads(raw)
    assert canonical_json(results) == raw
    told = [row for part in ("changes", "undeployed", "deployments") for row in results[part]]
    assert sum(len(row["determinations"]) for row in told) == 6 * 6 + 6 + 6


def test_results_print_rate_numerator_and_denominator(packet: Path) -> None:
    counts = loads((packet / "results.json").read_bytes())["counts"]["population"]
    approval = next(row for row in counts if row["control"] == "CM-03")
    expected = {
        "control": "CM-03",
        "pass": 4,
        "fail": 2,
        "accepted": 0,
        "alternative": 0,
        "unknown": 0,
        "not_applicable": 0,
        "deviation_rate": {"numerator": 2, "denominator": 6, "percent": "33.3 %"},
    }
    assert approval == expected


def test_the_information_sheet_states_rows_and_digests_of_each_listing(packet: Path) -> None:
    header = loads((packet / "population.ipe.json").read_bytes())
    stated = {
        file["path"]: (listing["rows"], file["sha256"])
        for listing in header["listings"]
        for file in listing["files"]
    }
    rows = {"population": 6, "promotions": 0, "undeployed": 1, "deployments": 6}
    expected = {
        f"{name}.{kind}": (count, file_digest(packet / f"{name}.{kind}"))
        for name, count in rows.items()
        for kind in ("csv", "jsonl")
    }
    assert stated == expected


def test_a_packet_without_anything_still_renders(tmp_path: Path) -> None:
    empty = PacketData(
        entity="Empty Example",
        period=make_packet().period,
        as_of=make_packet().as_of,
        ledger_size=0,
        checkpoint="",
        tool_version="0.1.0",
        exporter="",
    )
    write_packet(empty, tmp_path / "p")
    assert "No production change falls in the period." in (tmp_path / "p/packet.html").read_text()


def test_results_too_large_to_embed_are_named_by_their_digest(tmp_path: Path) -> None:
    write_packet(make_small(limits=Limits(embedded_bytes=10)), tmp_path / "p")
    with pikepdf.open(tmp_path / "p/packet.pdf") as pdf:
        attached = {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}
    digest = file_digest(tmp_path / "p/results.json")
    expected = canonical_json({"path": "results.json", "sha256": digest})
    assert attached == {"results.sha256.json": expected}


def test_a_change_without_a_chain_is_written_from_its_record(tmp_path: Path) -> None:
    write_packet(make_small(chains=()), tmp_path / "p")
    page = (tmp_path / "p/packet.html").read_text("utf-8")
    [row] = (tmp_path / "p/population.jsonl").read_text("utf-8").splitlines()
    assert page.count("No chain was stored for this change") == 1
    assert loads(row)["change_id"] == change(1).change_id
