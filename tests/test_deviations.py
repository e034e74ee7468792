"""Dispositions and responses are entries of the ledger; what they come to is judged on reading."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, PEOPLE, bump, pull, shop, synced

from evidence import deviations
from evidence.config.load import load
from evidence.demo.moments import moment
from evidence.deviations import Hand, Wanted
from evidence.errors import ConfigError
from evidence.export import ReportRequest, report
from evidence.lookup import as_text, trace
from evidence.model.disposition import DispositionClass, ResponseTerms
from evidence.purge import purge
from evidence.rebuilding import rebuild
from evidence.status import status
from evidence.store import dispositions, queries
from evidence.store.session import open_store
from evidence.verify import Status, read_trust, verify_packet

SOLO = """
[[change]]
key = "solo"
author = "ada"
title = "Merged by its author"
steps = [
  { do = "push", files = { "shop/solo.py" = "VALUE = 1\\n" } },
  { do = "checks" },
  { do = "merge", by = "ada" },
]
"""
STORY = FIRST + pull("gift") + bump("to-gift", "gift") + SOLO + bump("to-solo", "solo")
PERSONS = [
    {
        "name": f"{name.capitalize()} Example",
        "accounts": [f"github.example:user:{number}", f"os:user:{name}"],
        "emails": [f"{name}@people.example"],
    }
    for name, number in PEOPLE.items()
]
NOW = moment("2026-08-01T09:00:00Z", 0)
HOUR = 3_600_000_000
ADA, BERT, DORA = (Hand(by=name, at=NOW) for name in ("ada", "bert", "dora"))
SOLO_ID = "shop:pr:3"
WANTED = Wanted(
    control="CM-03",
    kind=DispositionClass.ACCEPTED_DEVIATION,
    subjects=(SOLO_ID,),
    cause="Nobody else was there.",
    response="We hired a second engineer.",
    owner="Carl Example",
    role="head of engineering",
    valid_from="2026-07-01",
    valid_to="2026-08-01",
)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return synced(tmp_path_factory.mktemp("solo"), STORY, person=PERSONS)


@pytest.fixture
def loaded(once, tmp_path, monkeypatch):
    """The configuration of a synced shop of the test's own."""
    monkeypatch.setenv("EVIDENCE_HOME", str(shutil.copytree(once.home, tmp_path / "data")))
    return load(once.configuration)


def states(loaded, at: int = NOW + 9 * HOUR) -> dict[str, str]:
    """Control -> what stands beside the deviation of the change that its author merged."""
    found = deviations.listing(loaded, at)
    return {
        one.determination.control: "accepted"
        if one.accepted
        else ", ".join(ruling.reason for ruling in one.rulings)
        for one in found.deviations
        if one.determination.subject == SOLO_ID
    }


def accept(loaded, wanted: Wanted = WANTED) -> str:
    """Asked for by ada, approved by dora."""
    name = deviations.waive(loaded, wanted, ADA).disposition
    deviations.approve(loaded, name, DORA)
    return name


def test_a_deviation_is_accepted_once_somebody_independent_approved_it(loaded):
    assert states(loaded)["CM-03"] == ""
    asked = deviations.waive(loaded, WANTED, ADA)
    assert "no effect" in asked.remarks[0]
    assert states(loaded)["CM-03"] == "not-approved"
    approved = deviations.approve(loaded, asked.disposition, DORA)
    assert "accepted" in approved.remarks[1]
    assert (states(loaded)["CM-03"], states(loaded)["CM-05"]) == ("accepted", "")


def test_an_approval_that_does_not_count_is_recorded_and_says_so(loaded):
    name = deviations.waive(loaded, WANTED, ADA).disposition
    told = deviations.approve(loaded, name, ADA)
    assert "self-approved" in told.remarks[1]
    assert states(loaded)["CM-03"] == "self-approved"


def test_whoever_is_not_in_the_person_map_is_told_so(loaded):
    told = deviations.waive(loaded, WANTED, Hand(by="stranger", at=NOW))
    assert "os:user:stranger" in told.remarks[1]
    deviations.approve(loaded, told.disposition, DORA)
    assert states(loaded)["CM-03"] == "requester-unmapped"


def test_a_revocation_ends_what_was_accepted_afterwards(loaded):
    name = accept(loaded)
    deviations.revoke(loaded, name, "We look at it again.", BERT)
    assert states(loaded)["CM-03"] == "revoked"
    with pytest.raises(ConfigError, match="revoked before"):
        deviations.revoke(loaded, name, "Again.", BERT)
    with pytest.raises(ConfigError, match="was revoked"):
        deviations.approve(loaded, name, DORA)


def test_nothing_is_older_than_what_stands_before_it_whatever_the_clock_says(loaded):
    name = deviations.waive(loaded, WANTED, ADA).disposition
    deviations.approve(loaded, name, Hand(by="dora", at=NOW - 99 * HOUR))
    with closing(open_store(loaded.store_url)) as store:
        found = dispositions.register(store).dispositions[0]
    assert found.approvals[0].at == found.requested.at == NOW


def test_a_register_is_that_of_a_size_of_the_ledger(loaded):
    name = deviations.waive(loaded, WANTED, ADA).disposition
    with closing(open_store(loaded.store_url)) as store:
        size = queries.size(store)
    deviations.approve(loaded, name, DORA)
    with closing(open_store(loaded.store_url)) as store:
        assert dispositions.register(store, at=size).dispositions[0].approvals == ()
        assert len(dispositions.register(store).dispositions[0].approvals) == 1


def test_evidence_is_a_capture_and_shows_nothing_once_it_is_purged(loaded, tmp_path):
    minutes = tmp_path / "minutes.txt"
    minutes.write_text("The gift cards were looked at on Monday.")
    wanted = replace(
        WANTED,
        kind=DispositionClass.COMPENSATING_CONTROL,
        compensating="R-1",
        evidence=(str(minutes),),
        statements=("Minutes of the weekly review.",),
    )
    name = accept(loaded, wanted)
    with closing(open_store(loaded.store_url)) as store:
        held = dispositions.register(store).find(name).terms.evidence[0]
        captured = queries.entry(store, held.entry)
    assert captured.payload == minutes.read_bytes()
    assert states(loaded)["CM-03"] == "accepted"
    purge(loaded, held.entry, "It names somebody.")
    assert states(loaded)["CM-03"] == "evidence-missing"


def test_what_looks_like_a_secret_does_not_enter_the_ledger(loaded):
    token = f"ghp_{'0a' * 18}"
    name = accept(loaded, replace(WANTED, cause=f"The token {token} was in use."))
    found = deviations.show(deviations.listing(loaded, NOW), name).register.dispositions[0]
    assert token not in found.terms.cause


def test_a_response_changes_nothing_and_is_listed(loaded):
    before = states(loaded)
    terms = ResponseTerms(
        control="CM-05", subject=SOLO_ID, text="We hired.", owner="Carl Example", role="head"
    )
    deviations.respond(loaded, terms, ADA, due="2026-09-01")
    assert states(loaded) == before
    found = deviations.listing(loaded, NOW).deviations
    told = next(one.responses for one in found if one.determination.control == "CM-05")
    assert (told[0].terms.text, told[0].said.by) == ("We hired.", "ada")


WAIVER = replace(WANTED, kind=DispositionClass.WAIVER)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (replace(WANTED, control="*"), "exactly one"),
        (replace(WANTED, control="CM-99"), "exactly one"),
        (replace(WANTED, subjects=()), "what it is for"),
        (replace(WANTED, subjects=("nothing",)), "No change is known"),
        (replace(WAIVER, subjects=("elsewhere:pr:9",)), "No change is known"),
        (replace(WANTED, subjects=("shop:pr:2",)), "is no deviation from CM-03"),
        (replace(WANTED, subjects=("shop:pr:999",)), "nothing is determined"),
        (replace(WANTED, control="CM-01", subjects=("argocd:x:1",)), "No deployment"),
        (replace(WANTED, control="CM-09", subjects=("elsewhere:main",)), "No setting"),
        (replace(WANTED, control="CM-13", subjects=("x:y",)), "No event"),
        (replace(WANTED, scope=("everything",)), "cannot be used"),
        (replace(WANTED, scope=("application=shop",)), "cannot be used"),
        (replace(WANTED, scope=("path=**",)), "limits nothing"),
        (replace(WANTED, scope=("repository=*",)), "limits nothing"),
        (replace(WANTED, valid_to="2026-06-01"), "before it begins"),
        (replace(WANTED, valid_to="2026-12-01"), "more than 90 days"),
        (replace(WANTED, valid_from="soon"), "no RFC 3339"),
        (replace(WANTED, due="soon"), "no RFC 3339"),
        (replace(WANTED, cause=" "), "needs --cause"),
        (replace(WANTED, renews="D-1"), "no disposition `D-1`"),
        (replace(WANTED, kind=DispositionClass.FALSE_POSITIVE), "needs --evidence"),
        (replace(WANTED, kind=DispositionClass.STANDARD_CHANGE), "needs --link"),
        (replace(WANTED, kind=DispositionClass.COMPENSATING_CONTROL), "needs --compensating"),
        (replace(WANTED, evidence=("a.txt",)), "needs --statement"),
        (replace(WANTED, evidence=("no-such.txt",), statements=("x",)), "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_recorded(loaded, wanted, message):
    with pytest.raises(ConfigError, match=message):
        deviations.waive(loaded, wanted, ADA)
    with closing(open_store(loaded.store_url)) as store:
        assert not dispositions.register(store)


def test_an_act_on_what_is_not_there_is_refused(loaded):
    for act in (
        lambda: deviations.approve(loaded, "D-1", DORA),
        lambda: deviations.revoke(loaded, "D-1", "No.", DORA),
        lambda: deviations.show(deviations.listing(loaded, NOW), "D-1"),
    ):
        with pytest.raises(ConfigError, match="no disposition `D-1`"):
            act()


# --- alternative evidence

EXTERNAL = "jenkins/test"


@pytest.fixture(scope="module")
def external(tmp_path_factory):
    """A shop whose policy asks for a check of a system that nobody collects."""
    checks = [{"name": EXTERNAL, "source": "jenkins"}]
    return synced(
        tmp_path_factory.mktemp("external"),
        FIRST + pull("gift") + bump("to-gift", "gift"),
        person=PERSONS,
        policy={"required_checks": checks},
    )


@pytest.fixture
def unknown(external, tmp_path, monkeypatch):
    """Its configuration, on a copy of its store."""
    monkeypatch.setenv("EVIDENCE_HOME", str(shutil.copytree(external.home, tmp_path / "external")))
    return load(external.configuration)


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text("<testsuite failures='0'/>")
    return str(path)


def test_a_file_resolves_what_is_unknown_until_it_is_purged(
    unknown, external, result, tmp_path, brief_pdf
):
    done = deviations.attach(unknown, "CM-06", "shop:pr:2", result, "From the archive.", DORA)
    assert "supported" in done.remarks[0]
    seen = trace("shop:pr:2", config=external.configuration)[0]
    computed = next(one for one in seen.determinations if one.control == "CM-06")
    assert computed.outcome == "unknown"
    assert computed.reason not in {reason for reason, _, _ in seen.why_unknown}
    asked = ReportRequest(
        start="2026-07-01",
        end="2026-07-31",
        as_of="2026-08-02T00:00:00Z",
        destination=tmp_path / "packet",
    )
    assert report(unknown, asked).supported == 1
    with closing(open_store(unknown.store_url)) as store:
        given = dispositions.register(store).alternatives[0]
    packed = {int(path.stem) for path in (tmp_path / "packet" / "captures").glob("*.json")}
    assert set(given.entries) <= packed
    purge(unknown, given.terms.evidence.entry, "It names somebody.")
    again = trace("shop:pr:2", config=external.configuration)[0]
    assert [one.reason for rows in again.rulings.values() for one in rows] == ["evidence-missing"]


def test_only_what_is_unknown_takes_alternative_evidence(unknown, result):
    for control, term, message in (
        ("CM-03", "shop:pr:2", "is not unknown"),
        ("CM-06", "nothing", "No change is known"),
        ("CM-09", "shop:main", "is not unknown"),
    ):
        with pytest.raises(ConfigError, match=message):
            deviations.attach(unknown, control, term, result, "From the archive.", DORA)
    with pytest.raises(ConfigError, match="--statement"):
        deviations.attach(unknown, "CM-06", "shop:pr:2", result, " ", DORA)
    with pytest.raises(ConfigError, match="cannot be read"):
        deviations.attach(unknown, "CM-06", "shop:pr:2", "no-such.xml", "From.", DORA)


# --- where it is read


def test_a_trace_tells_what_stands_beside_a_deviation(loaded, once):
    accept(loaded)
    terms = ResponseTerms(
        control="CM-05", subject=SOLO_ID, text="We hired.", owner="Carl Example", role="head"
    )
    deviations.respond(loaded, terms, ADA)
    traces = trace(SOLO_ID, config=once.configuration)
    text = as_text(traces)
    assert "(accepted-deviation): accepted: Accepted as accepted-deviation" in text
    assert "management (Carl Example): We hired." in text
    computed = {one.control: one.outcome for one in traces[0].determinations}
    assert computed["CM-03"] == "fail"


def test_a_trace_of_a_change_that_nothing_concerns_reads_no_policy(loaded, once, monkeypatch):
    accept(loaded)

    def read(_config):
        raise AssertionError("the configuration was read")

    monkeypatch.setattr("evidence.beside.load", read)
    assert trace("shop:pr:2", config=once.configuration)[0].rulings == {}
    with pytest.raises(AssertionError):
        trace(SOLO_ID, config=once.configuration)


def test_a_trace_and_a_report_come_to_the_same(loaded, once, tmp_path, brief_pdf):
    accept(loaded)
    told = trace(SOLO_ID, config=once.configuration)[0].rulings
    asked = ReportRequest(
        start="2026-07-01",
        end="2026-07-31",
        as_of="2026-08-02T00:00:00Z",
        destination=tmp_path / "p",
    )
    result = report(loaded, asked)
    found = json.loads((tmp_path / "p" / "results.json").read_text())
    change = next(one for one in found["changes"] if one["change_id"] == SOLO_ID)
    assert [one["reason"] for one in change["rulings"]] == ["accepted"]
    assert [one.reason for one in told["CM-03", SOLO_ID]] == ["accepted"]
    assert result.accepted == 1


def test_a_packet_holds_the_entries_of_its_dispositions_and_verifies(
    loaded, once, tmp_path, brief_pdf
):
    minutes = tmp_path / "minutes.txt"
    minutes.write_text("The change was looked at on Monday.")
    accept(loaded, replace(WANTED, evidence=(str(minutes),), statements=("Minutes.",)))
    deviations.waive(loaded, replace(WANTED, control="CM-05"), ADA)
    with closing(open_store(loaded.store_url)) as store:
        held = dispositions.register(store).dispositions
    one, other = (set(each.entries) for each in held)
    whole = ReportRequest(start="2026-07-01", end="2026-07-31", destination=tmp_path / "all")
    report(loaded, whole)
    report(loaded, ReportRequest(change=SOLO_ID, destination=tmp_path / "one"))
    report(loaded, ReportRequest(change="shop:pr:2", destination=tmp_path / "other"))
    for name, held_there in (("all", one | other), ("one", one | other), ("other", set())):
        packet = tmp_path / name
        packed = {int(path.stem) for path in (packet / "captures").glob("*.json")}
        assert (one | other) & packed == held_there
        assert verify_packet(packet, read_trust(once.trust)).status is Status.VERIFIED


def test_a_report_as_of_the_end_of_a_period_says_that_an_approval_came_later(
    loaded, tmp_path, brief_pdf
):
    accept(loaded)
    asked = ReportRequest(start="2026-07-01", end="2026-07-31", destination=tmp_path / "p")
    assert report(loaded, asked).accepted == 0
    found = json.loads((tmp_path / "p" / "results.json").read_text())
    assert {one["reason"] for one in found["dispositions"][0]["rulings"]} == {"approved-later"}


def test_the_status_names_dispositions_that_wait_or_end(loaded, monkeypatch):
    waiting = deviations.waive(loaded, WANTED, ADA).disposition
    ends = accept(loaded, replace(WANTED, valid_from="2026-07-05", valid_to="2026-08-04"))
    monkeypatch.setattr("evidence.status.now", lambda: NOW)
    found = status(loaded)
    assert found.unapproved == (waiting,)
    assert [(one.id, one.days, one.notice) for one in found.dispositions] == [
        (ends, 2, "within 3 days")
    ]
    assert any("within 3 days" in line for line in found.lines())


@pytest.mark.long
def test_on_both_databases_a_rebuild_leaves_the_register_as_it_was(store_url, tmp_path):
    with shop(tmp_path, STORY, person=PERSONS, store={"url": store_url}) as rehearsal:
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        accept(loaded)
        before = deviations.as_json(deviations.listing(loaded, NOW))["dispositions"]
        standing = states(loaded)
        assert standing["CM-03"] == "accepted"
        assert "outcomes that differ: none" in rebuild(loaded)
        assert deviations.as_json(deviations.listing(loaded, NOW))["dispositions"] == before
        assert states(loaded) == standing
