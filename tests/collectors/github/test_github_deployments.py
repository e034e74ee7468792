"""GitHub Deployments as a deployer, against the simulated GitHub."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from github_served import deployments_of as collector
from github_served import facts
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github import parse_deployments as parsing
from evidence.collectors.github import queries
from evidence.errors import AuthError
from evidence.model.capture import Capture, Form, GapReason

DAY = 86_400_000_000
MANY = "".join(
    f'[[github_deployment]]\non = "shop/root"\nby = "ship-bot"\nat = "+{hour}h"\n'
    f'statuses = {{ "+1m" = "SUCCESS", "+1h" = "INACTIVE" }}\n'
    for hour in range(1, 131)
)
SLOW = """
[[github_deployment]]
on = "shop/root"
by = "ada"
at = "+1h"
environment = "staging"
statuses = { "+1m" = "WAITING", "+2d" = "SUCCESS" }
"""


def test_the_collector_keeps_its_promise(promise, serve):
    moment = serve(MANY).end()
    promise(lambda: collector(moment))


def test_the_query_is_answered_for_one_point_a_page(serve):
    simulation = serve(MANY)
    before = simulation.points
    found, pages = facts(collector(simulation.end()))
    assert len(found) == 130
    assert simulation.points - before == 2
    assert [page.complete for page in pages] == [False, False, True]


def test_inactive_is_no_failure_and_the_first_success_is_the_end(serve):
    found, _ = facts(collector(serve(MANY).end()))
    assert {one.phase for one in found} == {"Succeeded"}
    assert {one.finished_at - one.started_at for one in found} == {60_000_000}
    assert {(one.application, one.environment, one.automated) for one in found} == {
        ("shop/production", "production", True)
    }
    assert found[0].operation_id.isdigit()


def test_a_status_that_comes_days_later_is_seen_by_the_next_run(serve):
    simulation = serve(SLOW)
    first, pages = facts(collector(simulation.at("+1d")))
    assert [(one.phase, one.finished_at, one.automated) for one in first] == [("Running", 0, False)]
    second, _ = facts(collector(simulation.at("+3d")), pages[-1].cursor)
    assert [one.phase for one in second] == ["Succeeded"]


def test_a_next_run_reads_a_week_back_and_no_further(serve):
    moment = serve(MANY).end()
    _, pages = facts(collector(moment))
    state = json.loads(pages[-1].cursor)["shop"]
    later = json.dumps({"shop": {**state, "mark": state["mark"] + 8 * DAY}})
    found, _ = facts(collector(moment), later)
    assert len(found) == 100


def test_a_repository_that_is_hidden_is_a_gap_and_a_token_is_needed(serve):
    moment = serve('[access]\nhidden = ["shop"]\n').end()
    _, pages = facts(collector(moment))
    assert [gap.reason for page in pages for gap in page.gaps] == [GapReason.NOT_FOUND_OR_FORBIDDEN]
    with pytest.raises(AuthError):
        facts(collector(moment, token=""))


def capture(**body):
    value = {
        "id": "D_1",
        "databaseId": 1,
        "createdAt": "2026-07-08T10:00:00Z",
        "commitOid": "a" * 40,
        "environment": "production",
        "statuses": {"totalCount": 0, "nodes": []},
        **body,
    }
    return Capture(
        source="ghd",
        kind=parsing.DEPLOYMENT,
        key="1",
        series="x",
        observed_at=1,
        form=Form.SLICE,
        payload=json.dumps(value).encode(),
        collector="github_deployments",
        collector_version="1",
        context={"system": "github.example", "repository": "shop", "url": "https://x.test/a/b"},
    )


def statuses(*states):
    nodes = [
        {"state": state, "createdAt": f"2026-07-08T10:{minute:02d}:00Z"}
        for minute, state in enumerate(states, 1)
    ]
    return {"totalCount": len(nodes), "nodes": nodes[::-1]}


@pytest.mark.parametrize(
    ("told", "phase"),
    [
        (("PENDING", "IN_PROGRESS"), "Running"),
        (("IN_PROGRESS", "FAILURE"), "Failed"),
        (("ERROR",), "Error"),
        (("FAILURE", "IN_PROGRESS", "SUCCESS"), "Succeeded"),
        (("SUCCESS", "INACTIVE"), "Succeeded"),
        (("QUEUED", "INACTIVE"), "Inactive"),
        ((), "Running"),
    ],
)
def test_the_statuses_say_how_it_ended(told, phase):
    (one,) = parsing.parse(capture(statuses=statuses(*told))).facts
    assert one.phase == phase


def test_a_creator_that_is_gone_is_a_ghost_and_statuses_that_are_cut_are_a_gap():
    cut = {"totalCount": 60, "nodes": []}
    parsed = parsing.parse(capture(creator=None, statuses=cut))
    assert str(parsed.facts[0].initiator.type) == "ghost"
    assert [gap.reason for gap in parsed.gaps] == [GapReason.TRUNCATED]


def test_what_has_no_time_is_a_gap():
    parsed = parsing.parse(capture(createdAt="yesterday"))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])


@settings(max_examples=100)
@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, contract):
    body = replace(capture(statuses=statuses("SUCCESS")))
    assert parsing.parse(contract.mutated(data, body)) is not None


@pytest.mark.npm
def test_the_query_is_valid_by_the_published_schema(schema):
    from graphql import parse, validate

    assert validate(schema, parse(queries.document("DeploymentSweep"))) == []
