"""Who let deployments pass at the environments of the simulated GitHub."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from github_served import deployments_of, facts
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github import parse_gates
from evidence.collectors.github.parse_gates import DEPLOYMENT_RUN
from evidence.model.capture import Capture, Form, GapReason
from evidence.model.deployment import RUN, run_number

DAY = 86_400_000_000
GATED = """
[[environment]]
name = "production"
reviewers = ["bert"]

[[github_deployment]]
key = "first"
on = "shop/root"
by = "ship-bot"
started_by = "dora"
at = "+1h"
approved_by = ["bert"]
statuses = { "+1m" = "WAITING", "+9m" = "IN_PROGRESS", "+1d" = "SUCCESS", "+2d" = "INACTIVE" }

[[github_deployment]]
key = "again"
on = "shop/root"
by = "ada"
at = "+4h"
rejected_by = ["carl"]
statuses = { "+1m" = "WAITING", "+9m" = "FAILURE" }

[[github_deployment]]
on = "shop/root"
by = "ada"
at = "+2h"
environment = "staging"
statuses = { "+1m" = "SUCCESS" }

[[github_deployment]]
on = "shop/root"
by = "ada"
at = "+3h"
run = false
statuses = { "+1m" = "SUCCESS" }
"""


def gated(moment, **fields):
    return deployments_of(moment, **{"production": ("shop/production",), **fields})


def gates(found):
    """(who started it, who let it pass) of each deployment whose run was read, by start."""
    read = sorted((one for one in found if one.origin == RUN), key=lambda one: one.started_at)
    return [(one.started_by.login, [who.login for who in one.approvers], one.phase) for one in read]


def test_of_production_it_is_told_who_started_the_run_and_who_let_it_pass(serve):
    found, pages = facts(gated(serve(GATED).end()))
    assert gates(found) == [("dora", ["bert"], "Succeeded"), ("ada", [], "Failed")]
    assert len(found) == 6
    assert sum(page.calls for page in pages) == 1 + 2 * 2
    kept = [one for page in pages for one in page.captures if one.kind == DEPLOYMENT_RUN]
    reviews = [json.loads(one.payload)["approvals"] for one in kept]
    assert sorted(one["state"] for rows in reviews for one in rows) == ["approved", "rejected"]


def test_the_collector_keeps_its_promise_with_gates(promise, serve):
    moment = serve(GATED).end()
    promise(lambda: gated(moment))


def test_where_no_application_is_production_nothing_is_asked(serve):
    found, pages = facts(gated(serve(GATED).end(), production=()))
    assert gates(found) == []
    assert sum(page.calls for page in pages) == 1


def test_a_run_is_asked_about_when_it_began_and_when_it_ended_and_not_again(serve):
    simulation = serve(GATED)
    seen, calls, cursor = [], [], ""
    for when in ("+61m", "+3h", "+2d", "+3d", "+4d"):
        found, pages = facts(gated(simulation.at(when)), cursor)
        seen.append([phase for _, _, phase in gates(found)])
        calls.append(sum(page.calls for page in pages))
        cursor = pages[-1].cursor
    assert seen == [[], ["Running"], ["Succeeded", "Failed"], [], []]
    assert calls == [1, 3, 5, 1, 1]


def test_what_is_refused_costs_one_call_a_sync_and_is_read_once_it_is_shown(serve):
    simulation = serve(GATED)
    world = simulation.github.world
    simulation.github.world = replace(world, access=replace(world.access, without=("actions",)))
    moment = simulation.at("+4d")
    _, first = facts(gated(moment))
    _, second = facts(gated(moment), first[-1].cursor)
    told = [[one for page in pages for one in page.gaps] for pages in (first, second)]
    assert told[0] == told[1]
    assert [(one.key, one.reason) for one in told[0]] == [("*", GapReason.FORBIDDEN)]
    assert [sum(page.calls for page in pages) for pages in (first, second)] == [2, 2]
    simulation.github.world = world
    moment = simulation.at("+5d")
    found, third = facts(gated(moment), second[-1].cursor)
    assert gates(found) == [("dora", ["bert"], "Succeeded"), ("ada", [], "Failed")]
    assert [gap for page in third for gap in page.gaps] == []
    _, fourth = facts(gated(moment), third[-1].cursor)
    assert sum(page.calls for page in fourth) == 1


def test_what_was_read_before_anybody_asked_for_gates_is_asked_about_from_the_beginning(serve):
    moment = serve(GATED).end()
    _, pages = facts(gated(moment, production=()))
    state = json.loads(pages[-1].cursor)["shop"]
    state["mark"] += 30 * DAY
    found, _ = facts(gated(moment), json.dumps({"shop": state}))
    assert len(gates(found)) == 2


def test_each_attempt_of_a_run_was_started_by_somebody(serve):
    text = GATED.replace('key = "again"\n', 'key = "again"\nrun_of = "first"\nattempt = 2\n')
    found, _ = facts(gated(serve(text).end()))
    assert [one[:2] for one in gates(found)] == [("dora", ["bert"]), ("ada", ["bert"])]


DEPLOYMENT = {
    "id": "D_1",
    "databaseId": 1,
    "createdAt": "2026-07-08T10:00:00Z",
    "commitOid": "a" * 40,
    "environment": "production",
    "statuses": {"nodes": [{"state": "SUCCESS", "createdAt": "2026-07-08T10:01:00Z"}]},
}


def run(**fields):
    body = {
        "deployment": DEPLOYMENT,
        "run": {"head_sha": "a" * 40, "triggering_actor": {"id": 7, "login": "d", "type": "User"}},
        "approvals": [],
        **fields,
    }
    return Capture(
        source="ghd",
        kind=DEPLOYMENT_RUN,
        key="1",
        series="x",
        observed_at=1,
        form=Form.SLICE,
        payload=json.dumps(body).encode(),
        collector="github_deployments",
        collector_version="1",
        context={"system": "github.example", "repository": "shop", "url": "https://x.test/a/b"},
    )


def review(**fields):
    bert = {"id": 8, "login": "b", "type": "User"}
    return {"state": "approved", "user": bert, "environments": [{"name": "production"}], **fields}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (run(run=None), GapReason.NOT_FOUND_OR_FORBIDDEN),
        (run(approvals=None), GapReason.NOT_FOUND_OR_FORBIDDEN),
        (run(run={"head_sha": "b" * 40}), GapReason.CONTRADICTION),
        (run(approvals={}), GapReason.MALFORMED),
        (run(approvals=[review(), 7]), GapReason.MALFORMED),
        (run(approvals=[review(environments=[])]), GapReason.MALFORMED),
        (run(approvals=[review(state="waived")]), GapReason.MALFORMED),
        (run(deployment=None), GapReason.MALFORMED),
    ],
)
def test_a_run_that_does_not_say_who_let_it_pass_is_a_gap(body, reason):
    parsed = parse_gates.parse(body)
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [reason])


def test_a_review_counts_for_its_environment_and_a_reviewer_that_is_gone_is_a_ghost():
    rows = [
        review(),
        review(),
        review(state="rejected", user={"id": 9, "login": "c", "type": "User"}),
        review(environments=[{"name": "staging"}], user={"id": 9, "login": "c", "type": "User"}),
        review(user=None),
    ]
    (one,) = parse_gates.parse(run(approvals=rows)).facts
    assert [(str(who.type), who.id) for who in one.approvers] == [("user", "8"), ("ghost", "ghost")]
    assert (one.started_by.id, one.origin) == ("7", RUN)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://github.example/acme/shop/actions/runs/12/job/34", "12"),
        ("https://github.example/acme/shop/actions/runs/12", "12"),
        ("https://github.example/acme/shop/actions/runs/12x", ""),
        ("https://github.example/acme/shop/actions/runs/", ""),
        ("https://logs.example/?next=/actions/runs/12", ""),
        ("javascript:/a/actions/runs/12", ""),
        ("https://github.example/actions/runs/" + "1" * 40, ""),
        ("", ""),
    ],
)
def test_a_run_is_known_by_the_address_that_leads_to_it(url, number):
    assert run_number(url) == number


@settings(max_examples=100)
@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, contract):
    body = run(approvals=[review()])
    assert parse_gates.parse(contract.mutated(data, body)) is not None
