"""Drift and acts beside deployers are one event per thing, with what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.chain.events import EventInputs, out_of_band
from evidence.chain.looks import Looks
from evidence.in_scope import Application
from evidence.model.actor import Actor, ActorType
from evidence.model.deployment import ApplicationState
from evidence.model.production import DeploymentKind, ProductionDeployment
from evidence.model.runtime import RuntimeEvent, RuntimeKind
from evidence.model.ticket import Ticket
from evidence.policy import Policy

HOUR = 3_600_000_000
START = 1_000 * 24 * HOUR
SHOP = Application(id="shop-prod", deployer="argocd", selector="argocd/shop-prod")
POLICY = Policy(applications=(SHOP, replace(SHOP, id="test", selector="x/test", production=False)))
DRIFT = ("Deployment/shop/shop: OutOfSync",)
ADA = Actor(system="cluster.example", id="7", type=ActorType.USER, login="ada")


def state(hour, seq, *, drift=(), **more):
    values = {
        "source": "argocd",
        "application_uid": "uid-1",
        "application": "argocd/shop-prod",
        "destination": "https://kubernetes.default.svc/shop",
        "project": "default",
        "sync_status": "OutOfSync" if drift else "Synced",
        "health": "Healthy",
        "health_since": START,
        "revisions": ("a" * 40,),
        "sources": (),
        "images": (),
        "history_ids": (1,),
        "auto_sync": True,
        "drift": drift,
        "observed_at": START + hour * HOUR,
        "entry_seq": seq,
    }
    return ApplicationState(**{**values, **more})


def event(hour, name, **more):
    values = {
        "source": "argocd",
        "event_id": name,
        "kind": RuntimeKind.SELF_HEAL,
        "at": START + hour * HOUR,
        "last_at": START + hour * HOUR + 5_000_000,
        "count": 1,
        "actor": None,
        "automated": True,
        "verb": "self_heal",
        "object_kind": "Application",
        "object_name": "argocd/shop-prod",
        "object_uid": "uid-1",
        "application": "argocd/shop-prod",
        "outcome": "Succeeded",
        "message": "Deployment/shop: Synced",
        "entry_seq": 50 + int(hour),
    }
    return RuntimeEvent(**{**values, **more})


def write(hour, name, **more):
    values = {
        "source": "ingest",
        "kind": RuntimeKind.WRITE,
        "actor": ADA,
        "automated": False,
        "verb": "patch",
        "object_kind": "deployments",
        "object_name": "shop/shop",
        "outcome": "200",
        "message": "kubectl",
        "last_at": START + hour * HOUR,
    }
    return event(hour, name, **{**values, **more})


def found(*events, states=(), runs=(), tickets=()):
    looks = Looks(states, {"argocd": runs})
    inputs = EventInputs(events=events, looks=looks, tickets=tickets)
    return out_of_band(POLICY, inputs)


def test_drift_is_one_event_from_the_first_look_that_shows_it_to_the_last() -> None:
    more = (*DRIFT, "Service/shop/shop: OutOfSync")
    states = (
        state(0, 1),
        state(1, 2, drift=DRIFT),
        state(2, 3, drift=more),
        state(9, 4),
        state(20, 5, drift=DRIFT),
    )
    first, second = found(states=states)
    assert (first.begin, first.end) == (START + HOUR, START + 2 * HOUR)
    assert (first.resolved_at, first.resolution) == (START + 9 * HOUR, "reverted")
    assert first.entries == (2, 3, 4)
    assert (second.begin, second.resolved_at) == (START + 20 * HOUR, 0)


def test_git_ahead_of_the_cluster_is_pending_and_no_drift() -> None:
    assert found(states=(state(1, 2, sync_status="OutOfSync"),)) == ()


def test_a_receipt_tells_that_drift_still_stood() -> None:
    states = (state(1, 2, drift=DRIFT), state(40, 30))
    runs = ((3, START + HOUR), (9, START + 30 * HOUR), (31, START + 40 * HOUR))
    (only,) = found(states=states, runs=runs)
    assert (only.end, only.resolved_at) == (START + 30 * HOUR, START + 40 * HOUR)


def test_what_is_not_production_is_no_event() -> None:
    assert found(event(1, "a", application="x/test", object_uid="uid-2")) == ()
    assert found(states=(state(1, 2, drift=DRIFT, application="x/test"),)) == ()


def test_self_heals_of_a_day_are_one_and_those_of_the_next_another() -> None:
    first, second = found(
        *(event(number / 100, f"heal-{number}") for number in range(400)),
        event(30, "next", count=3),
    )
    assert (first.count, first.resolution) == (400, "self_healed")
    assert second.count == 3


def test_a_self_heal_that_failed_is_resolved_by_the_next_that_did_not() -> None:
    first, second = found(event(1, "a", outcome="Failed"), event(3, "b"))
    assert (first.resolution, first.resolved_at) == ("self_healed", second.resolved_at)
    assert found(event(1, "a", outcome="Failed"))[0].resolved_at == 0


@pytest.mark.parametrize(
    "more",
    [
        {"outcome": "403"},
        {"automated": True},
        {"object_kind": "events"},
        {"object_kind": "deployments/status"},
        {"application": "", "object_name": "elsewhere/shop"},
    ],
)
def test_writes_that_alter_nothing_of_production_are_no_events(more) -> None:
    assert found(write(1, "w", **more), states=(state(0, 1),)) == ()


def test_a_write_is_recognised_by_mark_definition_or_namespace() -> None:
    marked = write(1, "a")
    definition = write(
        2, "b", application="", object_kind="applications", object_name="argocd/shop-prod"
    )
    beside = write(3, "c", application="", verb="create", object_kind="jobs")
    one, two, three = found(marked, definition, beside, states=(state(0, 1), state(9, 2)))
    assert [each.application for each in (one, two, three)] == ["shop-prod"] * 3
    assert [each.shown_by_looks for each in (one, two, three)] == [True, False, False]
    assert (one.resolution, two.resolved_at, three.resolved_at) == ("reverted", 0, 0)
    assert one.actor == ADA


def test_who_wrote_just_before_a_self_heal_made_what_it_undid() -> None:
    heal = event(1, "heal", at=START + HOUR + 60_000_000)
    told = {one.kind: one for one in found(write(1, "w"), heal)}
    assert told["self_heal"].actor == ADA
    assert told["write"].resolution == "self_healed"
    late = event(2, "heal")
    assert {one.kind: one.actor for one in found(write(1, "w"), late)}["self_heal"] is None


def test_suspension_by_git_is_no_event_and_by_hand_one_that_stands() -> None:
    by = {"kind": RuntimeKind.SUSPENDED, "outcome": "", "automated": None}
    assert found(event(1, "s", **by, message="set by kustomize-controller")) == ()
    states = (
        state(2, 1, sync_status="Suspended", auto_sync=False),
        state(30, 2, auto_sync=True),
    )
    (only,) = found(event(1, "s", **by, message="set by flux"), states=states)
    assert (only.end, only.resolved_at) == (START + 2 * HOUR, START + 30 * HOUR)


def ticket(title, hour, **more):
    values = {
        "tracker": "jira",
        "ticket_id": title,
        "key": "OPS-1",
        "url": "",
        "title": title,
        "type": "Task",
        "project": "OPS",
        "state": "To Do",
        "state_reason": "",
        "author": None,
        "created_at": START + hour * HOUR,
        "updated_at": 0,
        "closed_at": 0,
        "entry_seq": 90,
    }
    return Ticket(**{**values, **more})


@pytest.mark.parametrize(
    ("speaks", "one"),
    [
        (True, ticket("Edit Shop-Prod by hand", 5)),
        (True, ticket("maintenance of shop-prod", -24)),
        (False, ticket("shop-prod-eu is slow", 5)),
        (False, ticket("shop-prod", 26)),
        (False, ticket("shop-prod", -300)),
        (False, ticket("shop-prod", -24, closed_at=START)),
        (False, ticket("the shop", 5)),
    ],
)
def test_a_ticket_speaks_of_it_that_names_the_application_in_time(speaks, one) -> None:
    (only,) = found(states=(state(1, 2, drift=DRIFT),), tickets=(one,))
    assert only.ticket == ("OPS-1" if speaks else "")


def test_without_an_object_no_event_is_resolved_that_was_not() -> None:
    states = (state(0, 1), state(1, 2, drift=DRIFT), state(3, 3), state(5, 4, drift=DRIFT))
    events = (event(2, "heal"), write(1, "w"), event(6, "bad", outcome="Failed"))
    whole = {one.event_id: one.resolved_at for one in found(*events, states=states)}
    for place in range(len(states)):
        less = found(*events, states=states[:place] + states[place + 1 :])
        assert all(not one.resolved_at or whole.get(one.event_id, 1) for one in less)
    for place in range(len(events)):
        less = found(*events[:place], *events[place + 1 :], states=states)
        assert all(not one.resolved_at or whole.get(one.event_id, 1) for one in less)


def rollback(**more):
    values = {
        "deployment_id": "argocd:uid:1",
        "application": "shop-prod",
        "environment": "production",
        "kind": DeploymentKind.ROLLBACK,
        "started_at": START + 5 * HOUR,
        "finished_at": START + 5 * HOUR + 60_000_000,
        "phase": "Succeeded",
        "initiator": None,
        "automated": False,
    }
    return ProductionDeployment(**{**values, **more})


def rolled_back(row, *tickets):
    inputs = EventInputs(events=(), looks=Looks((), {}), rows=(row,), tickets=tickets)
    return [one for one in out_of_band(POLICY, inputs) if one.kind == "rollback"]


def test_a_rollback_by_hand_that_brings_no_change_is_an_event() -> None:
    (only,) = rolled_back(rollback())
    assert only.begin == START + 5 * HOUR


@pytest.mark.parametrize(
    "more", [{"automated": True}, {"changes": ("app:pr:1",)}, {"kind": DeploymentKind.FORWARD}]
)
def test_a_rollback_that_a_change_or_the_deployer_made_is_none(more) -> None:
    assert rolled_back(rollback(**more)) == []


def test_only_a_ticket_of_before_asks_for_a_rollback() -> None:
    early, late = ticket("Take shop-prod back", 4), ticket("Take shop-prod back", 6)
    assert rolled_back(rollback(), early)[0].ticket == "OPS-1"
    assert rolled_back(rollback(), late)[0].ticket == ""
