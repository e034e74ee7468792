"""One change handed over alone: a packet that verifies by itself and holds no other change."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import DIRECT, FIRST, bump, pull, shop

from evidence import merkle, notes, single
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.errors import ConfigError
from evidence.export import ReportRequest, report
from evidence.manifest import parse_capture_file
from evidence.seal import keys
from evidence.store import queries
from evidence.store.session import open_store
from evidence.verify import Status, read_trust, verify_packet

STORY = (
    FIRST
    + pull("gift")
    + bump("to-gift", "gift")
    + DIRECT
    + bump("next", "hotfix")
    + pull("waiting")
)


@pytest.fixture(scope="module")
def handed(tmp_path_factory, brief_pdfs):
    """A synced shop, the packet of its pull request 2, and the one of the whole month."""
    folder = tmp_path_factory.mktemp("one")
    with shop(folder / "world", STORY) as rehearsal:
        held = keys.init(rehearsal.keys, name="Example Shop")
        (folder / "trust.txt").write_text(keys.trust_file(held))
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        with closing(open_store(loaded.store_url)) as store:
            size = queries.size(store)
        report(loaded, ReportRequest(change="shop:pr:2", destination=folder / "one"))
        month = ReportRequest(start="2026-07-01", end="2026-07-31", destination=folder / "all")
        with brief_pdfs():
            report(loaded, month)
    return folder, loaded, size


def rows(packet: Path) -> list[dict]:
    return [json.loads(line) for line in (packet / "population.jsonl").read_text().splitlines()]


def test_the_packet_of_one_change_verifies_alone(handed):
    folder, *_ = handed
    verdict = verify_packet(folder / "one", read_trust(folder / "trust.txt"))
    assert (verdict.status, verdict.scope) == (Status.VERIFIED, "change:shop:pr:2")


def test_the_ledger_says_what_each_packet_was_of(handed):
    _, loaded, _ = handed
    with closing(open_store(loaded.store_url)) as store:
        exports = [row.envelope["body"]["scope"] for row in queries.entries(store, "export")]
    assert exports[:2] == ["change:shop:pr:2", "period"]


def test_it_holds_that_change_and_no_other(handed):
    folder, *_ = handed
    results = json.loads((folder / "one" / "results.json").read_text(encoding="utf-8"))
    assert [row["change_id"] for row in rows(folder / "one")] == ["shop:pr:2"]
    assert [one["change_id"] for one in results["changes"]] == ["shop:pr:2"]
    assert "shop:pr:2" in {row["change_id"] for row in rows(folder / "all")}
    assert len(rows(folder / "all")) > 1


def test_it_is_judged_as_in_the_packet_of_the_period(handed):
    folder, *_ = handed
    found = []
    for name in ("one", "all"):
        results = json.loads((folder / name / "results.json").read_text(encoding="utf-8"))
        (change,) = [one for one in results["changes"] if one["change_id"] == "shop:pr:2"]
        found.append([(one["control"], one["outcome"]) for one in change["determinations"]])
    assert found[0] == found[1]


def test_every_capture_in_it_proves_its_place_in_the_ledger(handed):
    folder, *_ = handed
    body = (folder / "one" / "checkpoint.note").read_text().rpartition("\n\n")[0] + "\n"
    head = notes.parse_checkpoint(body)
    captures = [
        parse_capture_file(path.read_bytes()) for path in (folder / "one").glob("captures/*")
    ]
    assert captures
    assert all(
        merkle.verify_inclusion(
            merkle.leaf_hash(each.envelope.encode()), each.seq, head.size, each.proof, head.root
        )
        for each in captures
    )


def test_it_carries_less_than_the_packet_of_the_period_and_nothing_else(handed):
    folder, *_ = handed
    one, whole = (
        {path.name for path in (folder / name).glob("captures/*")} for name in ("one", "all")
    )
    assert one < whole


def test_it_says_that_it_is_no_population(handed):
    folder, *_ = handed
    page = " ".join((folder / "one" / "packet.html").read_text(encoding="utf-8").split())
    assert "This packet was exported for one change, shop:pr:2, and holds no other." in page
    assert "exported for one change" not in (folder / "all" / "packet.html").read_text("utf-8")


@pytest.fixture
def case(handed):
    _, loaded, size = handed
    with closing(open_store(loaded.store_url)) as store:
        yield Case(store=store, policy=build_policy(loaded.settings), at=size, as_of=0)


def test_a_change_is_found_by_what_people_know_of_it(case):
    wanted = single.find_change(case, "shop:pr:2")
    known = (wanted.landing_sha, wanted.landing_sha[:10], "2", "#2")
    assert [single.find_change(case, term) for term in known] == [wanted] * len(known)


def test_a_name_of_several_changes_is_not_guessed(case):
    (deployment,) = single.find_change(case, "shop:pr:2").deployments
    with pytest.raises(ConfigError, match=r"names 2 changes: .*shop:pr:2"):
        single.find_change(case, deployment)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (ReportRequest(change="shop:pr:999"), "No change is known as"),
        (ReportRequest(change="shop:pr:2", start="2026-07-01"), "needs a period"),
        (ReportRequest(), "needs a period"),
        (ReportRequest(start="2026-07-01"), "needs a period"),
        (
            ReportRequest(change="shop:pr:2", start="2026-01-01", end="2026-01-02"),
            "does not fall in the period",
        ),
    ],
)
def test_a_change_that_cannot_be_packed_is_refused_with_a_way_out(handed, request_, sentence):
    _, loaded, _ = handed
    with pytest.raises(ConfigError, match=sentence) as caught:
        report(loaded, request_)
    assert caught.value.next_step
