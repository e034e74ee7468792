"""ADD A CONTROL HERE whose unit of test is an event: drift, and acts beside the deployers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from evidence.controls.attributes import cm_13
from evidence.controls.catalog import by_id
from evidence.controls.evaluate import in_scope
from evidence.model.determination import Determination
from evidence.model.event import EventDetermination, OutOfBand
from evidence.policy import Policy

EventRule = Callable[[OutOfBand, Policy, int], Determination]

EVENT_RULES: dict[str, EventRule] = {"CM-13": cm_13.determine}
"""Control id -> how it is tested on an event."""


def evaluate_events(
    events: Iterable[OutOfBand], policy: Policy, as_of: int
) -> tuple[EventDetermination, ...]:
    """One determination per event and control in scope, in their order."""
    return tuple(
        EventDetermination(
            event=event,
            determination=replace(
                rule(event, policy, as_of), rule_version=by_id(control).rule_version
            ),
        )
        for event in events
        for control, rule in EVENT_RULES.items()
        if in_scope(policy, control)
    )
