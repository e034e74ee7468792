"""ADD A CONTROL HERE whose unit of test is an event: drift, acts by hand, rollbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from evidence.controls import beside
from evidence.controls.attributes import cm_13
from evidence.controls.catalog import by_id
from evidence.controls.evaluate import in_scope
from evidence.model.determination import Determination
from evidence.model.event import ROLLBACK, EventDetermination, OutOfBand
from evidence.policy import Policy

EventRule = Callable[[OutOfBand, Policy, int], Determination]

EVENT_RULES: dict[str, tuple[EventRule, frozenset[str]]] = {
    "CM-01": (beside.traced, frozenset({"write"})),
    "CM-02": (beside.requested, frozenset({ROLLBACK})),
    "CM-13": (
        cm_13.determine,
        frozenset({"drift", "self_heal", "write", "suspended", "local_manifests"}),
    ),
}
"""Control id -> how it is tested on an event, and on which kinds of them."""


def evaluate_events(
    events: Iterable[OutOfBand], policy: Policy, as_of: int
) -> tuple[EventDetermination, ...]:
    """One determination per event and control in scope that is tested on its kind, in order."""
    return tuple(
        EventDetermination(
            event=event,
            determination=replace(
                rule(event, policy, as_of), rule_version=by_id(control).rule_version
            ),
        )
        for event in events
        for control, (rule, kinds) in EVENT_RULES.items()
        if event.kind in kinds and in_scope(policy, control)
    )
