"""Deployment records of wanted digests, as the simulated GitHub holds them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from github_served import ALL, Run, addressed, digest, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github.artifact_records import GitHubArtifactRecords
from evidence.collectors.github.of_digests import PATIENCE
from evidence.collectors.github.paging import DAY
from evidence.collectors.github.parse_artifact_records import parse
from evidence.collectors.http import Clock
from evidence.model.capture import GapReason

STORY = """
[[person]]
key = "ada"
[[repository]]
key = "shop"
[[push]]
key = "one"
by = "ada"
at = "+1d"
files = { "a.txt" = "a\\n" }
[[artifact_record]]
digest = "web-1"
name = "shop"
cluster = "eu-1"
region = "eu-central"
at = "+1d"
risks = ["internet-exposed", "sensitive-data"]
attestation = 456
[[artifact_record]]
digest = "web-2"
name = "shop"
cluster = "eu-1"
region = "eu-central"
at = "+3d"
[[artifact_record]]
digest = "web-2"
name = "shop"
environment = "staging"
at = "+2d"
"""


def collector(moment, wanted, now=1_000.0):
    return GitHubArtifactRecords(
        source="forge:records",
        **addressed(moment, clock=Clock(now=lambda: now, sleep=lambda _seconds: None)),
        owners=("example-shop",),
        wanted=lambda: {digest(one): brought for one, brought in wanted.items()},
    )


class Read(Run):
    """What one run of the collector came to."""

    def __init__(self, moment, *texts, cursor="", brought=0, **given):
        wanted = dict.fromkeys(texts, brought)
        super().__init__(collector(moment, wanted, **given), cursor)


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.at("+4d")
    promise(lambda: collector(moment, {"web-1": 0, "web-2": 0}))


@settings(max_examples=60)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, data):
    moment = simulation.at("+4d")
    captures = Read(moment, "web-2").captures
    contract.parse_never_raises(lambda: collector(moment, {"web-2": 0}), data, captures)


def test_a_record_says_at_which_place_a_digest_runs(simulation):
    (one,) = Read(simulation.at("+2d"), "web-1").facts
    assert one.application == "production/eu-1/shop"
    assert (one.environment, one.phase, one.origin) == (
        "production",
        "Succeeded",
        "artifact_record",
    )
    assert one.images == (f"@{digest('web-1')}",)
    assert one.message == (
        "region eu-central; attestation 456; runtime risks internet-exposed, sensitive-data"
    )


def test_each_place_of_a_digest_is_an_operation_of_its_own(simulation):
    read = Read(simulation.at("+4d"), "web-2")
    assert {one.application for one in read.facts} == {"production/eu-1/shop", "staging/shop"}


def test_a_record_that_moved_on_to_another_digest_is_no_longer_one_of_the_first(simulation):
    before, after = Read(simulation.at("+2d"), "web-1"), Read(simulation.at("+4d"), "web-1")
    moved = next(
        one for one in Read(simulation.at("+4d"), "web-2").facts if "eu-1" in one.application
    )
    assert after.facts == []
    assert before.facts[0].operation_id == moved.operation_id
    assert before.facts[0].application_uid != moved.application_uid
    assert moved.finished_at - moved.started_at == 2 * DAY


def test_a_digest_with_a_record_is_asked_for_once(simulation):
    first = Read(simulation.at("+2d"), "web-1")
    again = Read(simulation.at("+2d"), "web-1", cursor=first.cursor, now=1_000.0 + 3 * 86_400)
    assert (first.calls, again.calls, again.captures) == (1, 0, [])


def test_it_is_asked_for_again_when_it_is_brought_again_until_a_record_is_as_young(simulation):
    first = Read(simulation.at("+2d"), "web-2")
    told = first.facts[0].finished_at
    calls = []
    cursor, now = first.cursor, 1_000.0
    for moment, days in (("+2d", 0), ("+2d", 0), ("+2d", 1), ("+4d", 2), ("+4d", 3)):
        now = 1_000.0 + days * 86_400
        read = Read(simulation.at(moment), "web-2", cursor=cursor, now=now, brought=told + DAY)
        calls.append(read.calls)
        cursor = read.cursor
    assert calls == [1, 0, 1, 1, 0]


def test_one_without_a_record_is_asked_for_once_a_day_for_a_week(simulation):
    read = Read(simulation.at("+2d"), "never")
    calls = [read.calls]
    for hours in (1, 25, 26, 49 + 24 * 7):
        now = 1_000.0 + hours * 3_600
        read = Read(simulation.at("+2d"), "never", cursor=read.cursor, now=now)
        calls.append(read.calls)
    assert calls == [2, 0, 2, 0, 0]  # an empty list is looked at twice
    assert PATIENCE == 7 * DAY


def test_what_may_not_be_read_is_one_gap_that_names_the_permission(tmp_path_factory):
    with served(tmp_path_factory, STORY, without=("artifact_metadata",)) as simulation:
        first = Read(simulation.at("+3d"), "web-1", "web-2")
        again = Read(simulation.at("+3d"), "web-1", "web-2", cursor=first.cursor)
    assert [(gap.reason, gap.key) for gap in first.gaps] == [(GapReason.FORBIDDEN, "*")]
    assert "`artifact metadata: read`" in first.gaps[0].detail
    assert (first.calls, again.calls) == (1, 1)


def test_an_organisation_that_has_no_such_list_is_a_gap(tmp_path_factory):
    with served(tmp_path_factory, STORY) as simulation:
        moment = simulation.at("+3d")
        one = collector(moment, {"web-1": 0})
        one.owners = ("somebody-else",)
        pages = list(one.fetch(ALL, ""))
    assert [gap.reason for page in pages for gap in page.gaps] == [GapReason.FORBIDDEN]


def test_a_person_has_no_records_and_that_is_no_gap(tmp_path_factory):
    with served(tmp_path_factory, "personal = true\n" + STORY) as simulation:
        read = Read(simulation.at("+3d"), "web-1")
    assert (read.facts, read.gaps) == ([], [])


def told(simulation, **row):
    """What a record of `web-1` with these fields comes to; None leaves a field out."""
    (capture,) = Read(simulation.at("+2d"), "web-1").captures
    (known,) = json.loads(capture.payload)["pages"][0]["deployment_records"]
    given = {name: value for name, value in {**known, **row}.items() if value is not None}
    page = {"total_count": row.pop("total", 1), "deployment_records": [given]}
    return parse(replace(capture, payload=json.dumps({"pages": [page]}).encode()))


@pytest.mark.parametrize(
    ("status", "phase"),
    [("deployed", "Succeeded"), ("decommissioned", "Decommissioned"), ("other", "other")],
)
def test_a_status_is_taken_where_there_is_one(simulation, status, phase):
    assert [one.phase for one in told(simulation, status=status).facts] == [phase]


@pytest.mark.parametrize(
    "row",
    [
        {"id": None},
        {"id": "7:7"},
        {"deployment_name": None},
        {"logical_environment": 7},
        {"created_at": None, "updated_at": None},
        {"digest": digest("another")},
    ],
)
def test_a_row_that_does_not_say_what_where_or_when_is_a_gap(simulation, row):
    found = told(simulation, **row)
    assert (found.facts, [gap.reason for gap in found.gaps]) == ((), [GapReason.MALFORMED])


def test_a_list_that_is_not_whole_is_a_gap(simulation):
    found = told(simulation, total=2)
    assert len(found.facts) == 1
    assert [gap.reason for gap in found.gaps] == [GapReason.TRUNCATED]


def test_its_time_is_taken_by_the_other_name_that_the_documentation_uses(simulation):
    (one,) = told(simulation, created_at=None, created="2026-07-01T00:00:00Z").facts
    assert one.started_at == 1_782_864_000_000_000
