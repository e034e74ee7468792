"""The export: the same bytes for the same question, changes where they belong, nothing by halves."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import DIRECT, FIRST, STORY, bump, pull, shop

from evidence import export, packing
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.errors import ConfigError, EvidenceError, StoreError
from evidence.export import ReportRequest, read_period, report
from evidence.seal import keys
from evidence.store import queries
from evidence.store.session import open_store
from evidence.store.tables import metadata
from evidence.sync import sync
from evidence.verify import Status, read_trust, verify_packet

SIGNED = {"packet.pdf", "SHA256SUMS", "SHA256SUMS.sig", "manifest.json", "packet.dsse.json"}
"""What a signature or its time makes different each time, and what lists the digests of those."""

BERLIN = ZoneInfo("Europe/Berlin")
JULY = ReportRequest(start="2026-07-01", end="2026-07-31")


def rendered(packet: Path) -> dict[str, str]:
    """Digest of every file that is not signed anew, and of the PDF before its signature."""
    found = {
        str(path.relative_to(packet)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(packet.rglob("*"))
        if path.is_file() and path.name not in SIGNED
    }
    listing = json.loads((packet / "manifest.json").read_text())
    return found | {"unsigned PDF": listing["unsigned"]["packet.pdf"]["sha256"]}


def to(folder: Path, **more: object) -> ReportRequest:
    """July into a folder."""
    return ReportRequest(start=JULY.start, end=JULY.end, destination=folder, **more)


# --- what comes out, on one shop for all


@pytest.fixture(scope="module")
def listener():
    """An address that counts who asks it for anything."""
    from pytest_httpserver import HTTPServer

    with HTTPServer() as server:
        yield server


@pytest.fixture(scope="module")
def hostile(listener):
    """A title that fetches something wherever it is taken for markup."""
    url = listener.url_for("")
    return (
        f'</td><img src="{url}i.png"><link rel=stylesheet href="{url}c"><script src={url}></script>'
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory, hostile, brief_pdfs):
    """A folder with a packet of then, the same question asked later, and a packet of the end."""
    folder = tmp_path_factory.mktemp("export")
    story = (
        FIRST + pull("gift", hostile) + bump("to-gift", "gift") + DIRECT + bump("next", "hotfix")
    )
    with shop(folder / "world", story) as rehearsal:
        held = keys.init(rehearsal.keys, name="Example Shop")
        (folder / "trust.txt").write_text(keys.trust_file(held))
        early = rehearsal.sync_at("+2d")
        loaded = rehearsal.loaded(rehearsal.simulation.at("+2d"))
        with brief_pdfs():
            report(loaded, to(folder / "early"))
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        first = report(loaded, to(folder / "first", zipped=True))
        with brief_pdfs():
            report(loaded, to(folder / "earlier", at=early.ledger_size))
        with closing(open_store(loaded.store_url)) as store:
            exports = [row.envelope["body"] for row in queries.entries(store, "export")]
    return folder, exports, first


@pytest.mark.long
def test_the_same_question_to_the_same_ledger_has_the_same_bytes_whenever_it_is_asked(shown):
    folder, *_ = shown
    assert rendered(folder / "earlier") == rendered(folder / "early")
    assert rendered(folder / "earlier") != rendered(folder / "first")


def test_every_packet_verifies_with_the_keys_that_sealed_it(shown):
    folder, *_ = shown
    trust = read_trust(folder / "trust.txt")
    statuses = [
        verify_packet(folder / name, trust).status for name in ("early", "first", "earlier")
    ]
    assert statuses == [Status.VERIFIED] * 3


def test_the_packet_as_one_file_verifies_without_its_folder(shown):
    folder, _, first = shown
    assert first.archive == folder / "first.zip"
    assert first.as_json()["archive"] == str(folder / "first.zip")
    found = verify_packet(first.archive, read_trust(folder / "trust.txt"))
    assert found.status is Status.VERIFIED


def test_each_export_is_recorded_in_the_ledger_with_its_digest(shown):
    folder, exports, _ = shown
    sums = [
        hashlib.sha256((folder / name / "SHA256SUMS").read_bytes()).hexdigest()
        for name in ("early", "first", "earlier")
    ]
    assert [one["digest"] for one in exports] == sums
    assert {tuple(one["period"]) for one in exports} == {
        (1_782_864_000_000_000, 1_785_542_400_000_000)
    }
    assert exports[0]["actor"]


def test_the_population_lists_every_change_that_reached_production(shown):
    folder, _, first = shown
    rows = [
        json.loads(line)
        for line in (folder / "first" / "population.jsonl").read_text().splitlines()
    ]
    with (folder / "first" / "population.csv").open(newline="", encoding="utf-8-sig") as lines:
        cells = list(csv.reader(lines))
    assert len(rows) == len(cells) - 1 == first.changes
    ids = " ".join(json.dumps(row) for row in rows)
    assert "shop:pr:2" in ids


def test_what_only_moves_images_is_listed_apart_and_named_by_its_deployment(shown):
    folder, _, first = shown
    packet = folder / "first"
    rows = [json.loads(line) for line in (packet / "promotions.jsonl").read_text().splitlines()]
    ids = {row["change_id"] for row in rows}
    assert {row["change_type"] for row in rows} == {"promotion"}
    assert len(ids) == first.promotions >= 2
    for name in ("population.jsonl", "undeployed.jsonl"):
        listed = [json.loads(line) for line in (packet / name).read_text().splitlines()]
        assert not ids & {row["change_id"] for row in listed}
    deployments = (packet / "deployments.jsonl").read_text().splitlines()
    named = [json.loads(line) for line in deployments]
    assert ids == {one for row in named for one in row["promotions"]}
    assert not ids & {one for row in named for one in row["changes"]}


def test_promotions_are_judged_and_counted_apart(shown):
    folder, _, first = shown
    results = json.loads((folder / "first" / "results.json").read_text(encoding="utf-8"))
    told = [one for row in results["promotions"] for one in row["determinations"]]
    assert dict(Counter(one["outcome"] for one in told)) == first.as_json()["promotion_outcomes"]
    counted = {
        row["control"]: sum(row[name] for name in ("pass", "fail", "unknown", "not_applicable"))
        for row in results["counts"]["promotions"]
    }
    assert counted == dict(Counter(one["control"] for one in told))
    population = {row["change_id"] for row in results["changes"]}
    assert not population & {row["change_id"] for row in results["promotions"]}


def test_the_packet_says_each_parameter_in_units_that_its_reader_knows(shown):
    folder, *_ = shown
    page = (folder / "first" / "packet.html").read_text(encoding="utf-8")
    assert re.findall(r"(clock_tolerance|pending_limit) = ([^<]+)<", page) == [
        ("clock_tolerance", "2 min"),
        ("clock_tolerance", "2 min"),
        ("pending_limit", "none"),
    ]


def test_what_landed_adds_up_to_what_was_deployed_and_what_was_not(shown):
    folder, *_ = shown
    page = (folder / "first" / "packet.html").read_text(encoding="utf-8")
    row = page[page.index(">R2<") : page.index(">R3<")]
    told = dict(re.findall(r"([a-z][a-z ,]*): (\d+)", row))
    parts = ("deployed", "contained in the first deployment observed", "not deployed")
    assert int(told["landed"]) == sum(int(told[part]) for part in parts) > 0


def test_a_hostile_title_fetches_and_embeds_nothing_on_its_way_to_the_packet(
    shown, listener, hostile
):
    folder, *_ = shown
    page = (folder / "first" / "packet.html").read_text(encoding="utf-8")
    assert "&lt;img src=" in page
    assert f'<img src="{listener.url_for("")}' not in page
    assert "<script" not in page
    document = pypdf.PdfReader(folder / "first" / "packet.pdf")
    links = [
        note.get_object().get("/A", {}).get("/URI", "")
        for sheet in document.pages
        for note in sheet.get("/Annots", [])
    ]
    assert not [link for link in links if listener.url_for("") in str(link)]
    assert listener.log == []


def test_the_result_says_in_numbers_what_the_packet_says(shown):
    folder, _, first = shown
    results = json.loads((folder / "first" / "results.json").read_text(encoding="utf-8"))
    subjects = (*results["changes"], *results["undeployed"], *results["deployments"])
    written = Counter(one["outcome"] for each in subjects for one in each["determinations"])
    assert first.as_json()["outcomes"] == dict(written)
    assert first.changes == len(results["changes"])
    assert first.summary()[0].startswith(f"{first.changes} changes and {first.deployments} ")


# --- which days a period has


def test_a_day_of_23_hours_ends_where_the_next_begins():
    spring = read_period(ReportRequest(start="2026-03-29", end="2026-03-29"), BERLIN)
    assert spring.to_us - spring.from_us == 23 * 3_600_000_000


def test_a_day_of_25_hours_ends_where_the_next_begins():
    autumn = read_period(ReportRequest(start="2026-10-25", end="2026-10-25"), BERLIN)
    assert autumn.to_us - autumn.from_us == 25 * 3_600_000_000


@given(
    st.dates(min_value=date(1971, 1, 2), max_value=date(2198, 12, 30)),
    st.sampled_from(
        ["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
    ),
)
def test_two_periods_side_by_side_leave_no_moment_out_and_share_none(day, zone):
    one = read_period(ReportRequest(start=str(day), end=str(day)), ZoneInfo(zone))
    following = str(day + timedelta(days=1))
    two = read_period(ReportRequest(start=following, end=following), ZoneInfo(zone))
    assert one.to_us == two.from_us


def test_the_zone_asked_for_goes_before_the_organisations():
    asked = ReportRequest(start="2026-07-01", end="2026-07-01", zone="America/New_York")
    assert read_period(asked, BERLIN).from_us == 1_782_878_400_000_000


# --- what belongs to a period


def selection(rehearsal, first: str, last: str, zone: str = "UTC"):
    """What a report of these days would hold."""
    loaded = rehearsal.loaded(rehearsal.simulation.end())
    sync(loaded)
    period = read_period(ReportRequest(start=first, end=last, zone=zone), BERLIN)
    with closing(open_store(loaded.store_url)) as store:
        case = Case(store=store, policy=build_policy(loaded.settings), as_of=period.to_us)
        return packing.select(case, period)


def ids(changes) -> set[str]:
    """Their change ids, those of commits without the sha."""
    return {":".join(one.change_id.split(":")[:2]) + f":{one.number or ''}" for one in changes}


def test_a_deployment_belongs_to_the_day_on_which_it_ended(tmp_path):
    story = (
        FIRST
        + pull("gift")
        + bump("to-gift", "gift").replace(
            'app = "shop-prod"', 'app = "shop-prod"\nat = "2026-07-31T23:59:40Z"'
        )
    )
    with shop(tmp_path, story) as rehearsal:
        july = selection(rehearsal, "2026-07-01", "2026-07-31")
        august = selection(rehearsal, "2026-08-01", "2026-08-31")
    assert "shop:pr:2" not in ids(july.population)
    assert "shop:pr:2" in ids(july.undeployed)
    assert "shop:pr:2" in ids(august.population)
    assert len(august.deployments) == 1


def test_the_zone_decides_on_which_day_a_deployment_ended(tmp_path):
    story = (
        FIRST
        + pull("gift")
        + bump("to-gift", "gift").replace(
            'app = "shop-prod"', 'app = "shop-prod"\nat = "2026-07-31T22:30:00Z"'
        )
    )
    with shop(tmp_path, story) as rehearsal:
        in_utc = selection(rehearsal, "2026-07-01", "2026-07-31")
        in_berlin = selection(rehearsal, "2026-07-01", "2026-07-31", "Europe/Berlin")
    assert "shop:pr:2" in ids(in_utc.population)
    assert "shop:pr:2" in ids(in_berlin.undeployed)


def test_what_was_merged_and_not_deployed_is_listed_apart(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        july = selection(rehearsal, "2026-07-01", "2026-07-31")
    assert ids(july.undeployed) == {"shop:pr:6"}
    assert ids(july.population) >= {"shop:pr:2", "shop:pr:4"}


@pytest.mark.usefixtures("brief_pdf")
def test_without_a_deployer_the_population_is_what_landed_on_the_branches(tmp_path):
    with shop(tmp_path, FIRST + pull("gift") + DIRECT) as rehearsal:
        values = rehearsal.loaded(rehearsal.simulation.end())
        plain = values.settings.model_copy(
            update={
                "application": [],
                "source": [one for one in values.settings.source if one.kind == "github"],
            }
        )
        keys.init(rehearsal.keys, name="Example Shop")
        loaded = type(values)(settings=plain, path=None, origins={}, home=rehearsal.home)
        sync(loaded)
        report(loaded, to(tmp_path / "packet"))
    page = (tmp_path / "packet" / "packet.html").read_text(encoding="utf-8")
    rows = (tmp_path / "packet" / "population.jsonl").read_text(encoding="utf-8")
    assert "shop:pr:2" in rows
    assert "No deployer is configured, so the population is" in " ".join(page.split())


# --- nothing by halves


@pytest.fixture
def ready(tmp_path, brief_pdf):
    """A synced shop with keys, and where its packets go."""
    with shop(tmp_path / "shop", FIRST + pull("gift")) as rehearsal:
        keys.init(rehearsal.keys, name="Example Shop")
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        sync(loaded)
    (tmp_path / "out").mkdir()
    return loaded, tmp_path / "out"


def _refuse(*_, **__):
    raise StoreError("The disk is full")


@pytest.mark.parametrize(
    ("module", "name"),
    [(export.writer, "append_entry"), (export, "write_packet"), (export, "seal_folder")],
    ids=["recording", "rendering", "sealing"],
)
def test_an_export_that_fails_leaves_nothing_behind(ready, monkeypatch, module, name):
    loaded, out = ready
    monkeypatch.setattr(module, name, _refuse)
    with pytest.raises(StoreError, match="The disk is full"):
        report(loaded, to(out / "packet"))
    assert list(out.iterdir()) == []


def test_an_export_beside_a_sync_carries_the_checkpoint_of_what_it_reports_on(ready, monkeypatch):
    loaded, out = ready
    original = export.ledger.write_checkpoint

    def meanwhile(store, *words, **more):
        export.writer.append_entry(store, "export", {"by": "another run"})
        return original(store, *words, **more)

    monkeypatch.setattr(export.ledger, "write_checkpoint", meanwhile)
    done = report(loaded, to(out / "packet"))
    note = (out / "packet" / "checkpoint.note").read_text(encoding="utf-8")
    assert note.split("\n")[1] == str(done.ledger_size)
    assert verify_packet(out / "packet").status is Status.UNTRUSTED


def test_a_packet_is_never_written_over(ready):
    loaded, out = ready
    (out / "packet").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        report(loaded, to(out / "packet"))
    assert list((out / "packet").iterdir()) == []


def test_a_packet_in_one_file_is_never_written_over(ready):
    loaded, out = ready
    (out / "packet.zip").write_bytes(b"kept")
    with pytest.raises(ConfigError, match=r"packet\.zip exists already"):
        report(loaded, to(out / "packet", zipped=True))
    assert [path.name for path in out.iterdir()] == ["packet.zip"]


def test_an_export_without_keys_says_so_before_it_reads_anything(ready):
    loaded, out = ready
    for path in loaded.key_directory.iterdir():
        path.unlink()
    with pytest.raises(EvidenceError, match="key"):
        report(loaded, to(out / "packet"))
    assert list(out.iterdir()) == []


# --- the same from both databases


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_ledger_copied_to_postgresql_gives_the_same_bytes(ready, store_url):
    loaded, out = ready
    size = report(loaded, to(out / "sqlite")).ledger_size
    with (
        closing(open_store(loaded.store_url)) as lite,
        closing(open_store(store_url)) as other,
        lite.read() as reading,
        other.write() as writing,
    ):
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in reading.execute(select(table)).mappings()]
            if rows:
                writing.execute(insert(table), rows)
    settings = loaded.settings.model_copy(
        update={"store": loaded.settings.store.model_copy(update={"url": store_url})}
    )
    report(replace(loaded, settings=settings), to(out / "postgresql", at=size))
    assert rendered(out / "postgresql") == rendered(out / "sqlite")
