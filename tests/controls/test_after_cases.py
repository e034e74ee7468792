"""Cases of CM-13, CM-15 and CM-16: drift, the environment before, health after a deployment."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from chain_builder import MINUTE, minute

from evidence.controls.after import evaluate_after
from evidence.controls.events import evaluate_events
from evidence.model.actor import Actor, ActorType
from evidence.model.aftermath import Aftermath, HealthSeen, Stage, Staged
from evidence.model.event import OutOfBand
from evidence.model.production import DeploymentKind, ProductionDeployment
from evidence.policy import ControlScope, Policy

P0 = Policy()
LATE = minute(100_000)
HOUR = 60 * MINUTE

DONE = ProductionDeployment(
    deployment_id="argocd:uid:1",
    application="shop-prod",
    environment="production",
    kind=DeploymentKind.FORWARD,
    started_at=minute(0),
    finished_at=minute(1),
    phase="Succeeded",
    initiator=None,
    automated=True,
)


def look(status, *, since=2, seen=10, until=10, entry=5):
    return HealthSeen(
        status=status,
        since=minute(since) if since else 0,
        seen_from=minute(seen),
        seen_until=minute(until),
        entry=entry,
    )


def verified(*health, as_of=LATE, after=None, **row):
    found = after or Aftermath(health=health)
    return judged("CM-16", replace(DONE, **row), found, P0, as_of)


def judged(control, row, after, policy=P0, as_of=LATE):
    found = evaluate_after(row, after, policy, as_of)
    return next(one for one in found if one.control == control)


# --- CM-16


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        ((look("Healthy"),), "healthy"),
        ((look("ReconciliationSucceeded"),), "healthy"),
        ((look("Healthy", since=2, seen=2000),), "healthy"),
        ((look("Healthy", since=70, seen=80),), "health-not-observed"),
        ((look("Healthy", since=0, seen=10),), "healthy"),
        ((look("Healthy", since=0, seen=90),), "health-not-observed"),
        ((look("Degraded", until=61),), "not-healthy"),
        ((look("Degraded", until=60),), "health-not-observed"),
        ((look("Degraded", since=65, seen=70, until=90),), "health-not-observed"),
        ((look("HealthCheckFailed", until=90),), "not-healthy"),
        ((look("Progressing", until=90),), "not-healthy"),
        ((look("Suspended", until=90),), "health-not-observed"),
        ((look("Degraded", until=70), look("Healthy", since=50, seen=55)), "healthy"),
        ((), "health-not-observed"),
    ],
)
def test_health_counts_by_what_looks_show_of_the_time_allowed(health, reason) -> None:
    assert verified(*health).reason == reason


def test_before_the_time_is_over_nothing_is_a_deviation() -> None:
    assert verified(look("Degraded"), as_of=minute(30)).reason == "health-pending"
    assert verified(phase="Failed", as_of=minute(30)).reason == "health-pending"
    assert verified(look("Healthy"), as_of=minute(30)).reason == "healthy"


def test_what_did_not_succeed_is_a_deviation_unless_a_later_try_of_the_same_was_healthy() -> None:
    assert verified(look("Healthy"), phase="Failed").reason == "not-healthy"
    again = Aftermath(health=(look("Healthy"),), retried_by="argocd:uid:2", entries=(8,))
    found = verified(after=again, phase="Failed")
    assert (found.reason, found.flags, found.entries) == ("healthy", ("retry",), (5, 8))


def test_a_rollback_answers_for_what_was_not_healthy() -> None:
    bad = look("Degraded", until=90)
    back = Aftermath(health=(bad,), undone_at=minute(300), undone_by="argocd:uid:2", entries=(8,))
    assert verified(after=back).reason == "rolled-back"
    assert verified(after=back, as_of=minute(200)).reason == "not-healthy"
    assert verified(after=Aftermath(stopped_at=minute(20))).reason == "rolled-back"
    assert verified(after=Aftermath(stopped_at=minute(20), failed_at=minute(20))).reason == (
        "not-healthy"
    )
    assert verified(after=Aftermath(promoted_at=minute(20))).reason == "healthy"
    assert verified(after=Aftermath(promoted_at=minute(200))).reason == "health-not-observed"


def test_sightings_that_contradict_each_other_leave_it_open() -> None:
    problems = ("contradictory_phase",)
    assert verified(look("Healthy"), problems=problems).reason == "health-not-observed"


def test_without_a_look_fewer_deployments_pass_never_more() -> None:
    looks = [
        look("Healthy", since=50, seen=55),
        look("Healthy", since=70, seen=80),
        look("Degraded", since=2, until=90),
        look("Progressing", since=0, seen=30, until=70),
    ]
    for size in range(len(looks) + 1):
        for whole in combinations(looks, size):
            if verified(*whole).outcome == "pass":
                continue
            for place in range(size):
                less = whole[:place] + whole[place + 1 :]
                assert verified(*less).outcome != "pass", (whole, place)


# --- CM-15


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        (Stage.SAME, "pass"),
        (Stage.OTHER, "fail"),
        (Stage.MISSING, "fail"),
        (Stage.UNKNOWN, "unknown"),
        (Stage.NOT_CONFIGURED, "unknown"),
        (Stage.NOTHING_NEW, "not_applicable"),
    ],
)
def test_the_earlier_environment_is_judged_where_the_policy_names_one(stage, outcome) -> None:
    after = Aftermath(staged=Staged(stage=stage, told="web at 1 {braces}", entries=(4,)))
    asked = Policy(required_environment="staging")
    assert judged("CM-15", DONE, after, asked).outcome == outcome
    found = judged("CM-15", DONE, after)
    assert (found.outcome, found.reason) == ("not_applicable", "stage-not-required")


def test_a_control_out_of_scope_is_not_determined() -> None:
    policy = Policy(controls=(ControlScope(id="CM-15", in_scope=False),))
    assert [one.control for one in evaluate_after(DONE, Aftermath(), policy, LATE)] == ["CM-16"]


# --- CM-13

ADA = Actor(system="cluster.example", id="ada", type=ActorType.USER, login="ada")
EVENT = OutOfBand(
    event_id="argocd:shop-prod:drift:1",
    application="shop-prod",
    kind="drift",
    begin=minute(0),
    end=minute(0) + 25 * HOUR,
    count=1,
    what="Deployment/shop-prod/shop: OutOfSync",
    trackers_read_to=2**63 - 1,
    entries=(3,),
)


def resolved(policy=P0, as_of=LATE, **more):
    (found,) = evaluate_events([replace(EVENT, **more)], policy, as_of)
    return found.determination


BACK = {"resolved_at": minute(0) + HOUR, "resolution": "reverted", "end": minute(30)}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "not-resolved"),
        (BACK, "reverted"),
        ({**BACK, "resolution": "self_healed"}, "self-healed"),
        ({**BACK, "resolved_at": minute(0) + 25 * HOUR}, "event-open"),
        ({"resolved_at": minute(0) + 26 * HOUR, "resolution": "reverted"}, "not-resolved"),
        ({"end": minute(30)}, "event-open"),
        ({"end": minute(30), "shown_by_looks": False}, "not-resolved"),
        ({"ticket": "OPS-1", "ticket_entry": 4}, "event-ticket"),
        ({"trackers_read_to": minute(30)}, "tracker-not-read"),
    ],
)
def test_an_event_is_put_back_or_ticketed_in_time(more, reason) -> None:
    assert resolved(**more).reason == reason


def test_an_event_is_pending_until_its_time_is_over() -> None:
    assert resolved(as_of=minute(60)).reason == "event-pending"
    assert resolved(as_of=minute(30), **BACK).reason == "event-pending"
    assert resolved(Policy(event_limit=30 * HOUR), as_of=minute(0) + 26 * HOUR).reason == (
        "event-pending"
    )


def test_who_made_it_is_a_flag_and_where_the_policy_asks_an_unknown() -> None:
    asks = Policy(attribution_required=True)
    assert resolved(**BACK).flags == ("actor-unknown",)
    assert resolved(asks, **BACK).reason == "actor-unknown"
    assert resolved(asks, **BACK, actor=ADA).reason == "reverted"
    assert resolved(asks).reason == "not-resolved"


def test_repeats_are_one_event_with_their_number() -> None:
    found = resolved(count=400, **BACK)
    assert "400 times" in found.sentence
    assert "grouped" in found.flags


def test_a_ticket_is_an_inferred_link() -> None:
    found = resolved(ticket="OPS-1", ticket_entry=4)
    assert (found.flags, found.entries) == (("actor-unknown", "ticket-inferred"), (3, 4))


# --- what CM-01 and CM-02 say of an event


def of_control(control, policy=P0, as_of=LATE, **more):
    found = evaluate_events([replace(EVENT, **more)], policy, as_of)
    return {one.determination.control: one.determination for one in found}.get(control)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "no-commit"),
        ({"ticket": "OPS-1", "ticket_entry": 4}, "no-commit"),
        (BACK, "put-back"),
        ({"resolved_at": minute(0) + 26 * HOUR, "resolution": "reverted"}, "no-commit"),
        ({"end": minute(30)}, "event-open"),
        ({"end": minute(30), "shown_by_looks": False}, "no-commit"),
    ],
)
def test_what_was_written_by_hand_and_not_put_back_in_time_has_no_commit(more, reason) -> None:
    assert of_control("CM-01", kind="write", **more).reason == reason


def test_what_was_written_by_hand_may_be_put_back_until_its_time_is_over() -> None:
    assert of_control("CM-01", kind="write", as_of=minute(60)).reason == "event-pending"


@pytest.mark.parametrize("kind", ["drift", "self_heal", "suspended", "local_manifests"])
def test_no_other_event_is_asked_for_a_commit(kind) -> None:
    assert of_control("CM-01", kind=kind) is None


@pytest.mark.parametrize(
    ("more", "policy", "reason"),
    [
        ({}, P0, "no-ticket"),
        ({"ticket": "OPS-1", "ticket_entry": 4}, P0, "event-ticket"),
        ({"trackers_read_to": minute(-1)}, P0, "tracker-not-read"),
        ({}, replace(P0, ticket_required=False), "ticket-not-required"),
    ],
)
def test_a_rollback_by_hand_is_asked_for_by_a_ticket(more, policy, reason) -> None:
    assert of_control("CM-02", policy, kind="rollback", **more).reason == reason
    assert of_control("CM-13", policy, kind="rollback", **more) is None
