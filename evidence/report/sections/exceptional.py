"""Emergency changes, direct and forced pushes, and rules that were bypassed: one list by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.controls.attributes.cm_12 import CONTROL, DECLARED
from evidence.controls.lanes import EMERGENCY, lane_of
from evidence.model.change import Change, ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.report.view import View

TITLE = "Emergency changes, direct pushes and bypassed rules"

_RULES = "CM-08"
_PUSHES = {"direct-push": "direct push", "force-push": "forced push", "rules-bypassed": "bypass"}
"""Reasons by which the control on branch rules tells a deviation -> what it is called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptional:
    """One change that did not go the ordinary way, whatever its determinations say of it."""

    change: Change
    title: str
    ways: tuple[str, ...]
    seen: str
    """What was seen of the rules; empty where nothing was tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One change that was declared an emergency, and how it followed the procedure."""

    change: Change
    title: str
    tested: Determination


def context(view: View) -> Mapping[str, Any]:
    """By time of landing, or of deployment where no server gave it; promotions are left out."""
    return {
        "emergencies": view.cut(sorted(_emergencies(view), key=_order)),
        "exceptional": view.cut(sorted(_rows(view), key=_order)),
        "flags": view.summary.flags,
    }


def _emergencies(view: View) -> Iterator[Emergency]:
    for line in view.lines:
        for one in view.determinations(line.change.change_id):
            if one.control == CONTROL and DECLARED in one.flags:
                yield Emergency(change=line.change, title=line.title, tested=one)


def _order(row: Exceptional | Emergency) -> tuple[int, str]:
    change = row.change
    return (change.merged_at or change.first_deployed_at, change.change_id)


def _rows(view: View) -> Iterator[Exceptional]:
    for line in view.lines:
        change = line.change
        if change.change_id in view.summary.promotion_ids:
            continue
        tested = [one for one in view.determinations(change.change_id) if one.control == _RULES]
        urgent = lane_of(view.determinations(change.change_id)) == EMERGENCY
        ways = tuple(dict.fromkeys(_ways(change, tested, urgent=urgent)))
        if ways:
            seen = " ".join(one.sentence for one in tested)
            yield Exceptional(change=change, title=line.title, ways=ways, seen=seen)


def _ways(change: Change, tested: list[Determination], *, urgent: bool) -> Iterator[str]:
    if urgent or change.change_type == "emergency":
        yield "emergency"
    if change.kind is ChangeKind.DIRECT:
        yield "direct push"
    yield from (
        _PUSHES[one.reason]
        for one in tested
        if one.outcome is Outcome.FAIL and one.reason in _PUSHES
    )
