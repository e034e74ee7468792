"""Who moved a production branch to what a change landed, as the forge recorded it."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.chain import ChangeEvidence
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One recorded movement of the branch that brought commits of the change."""

    actor: Actor | None
    """None where the forge names nobody: a deploy key, a deleted account."""
    at: int
    """Microseconds UTC, server-assigned."""
    fact: Fact


def movements(evidence: ChangeEvidence) -> tuple[Movement, ...]:
    """Oldest first; by the activity, and by rule suites where that was not read."""
    ref = f"refs/heads/{evidence.change.branch}"
    records = evidence.landing
    found = [
        Movement(actor=one.actor, at=one.at, fact=one)
        for one in records.activity
        if one.ref == ref and one.kind != "branch_deletion"
    ]
    if not found:
        found = [
            Movement(actor=one.actor, at=one.pushed_at, fact=one)
            for one in records.suites
            if one.ref == ref and one.result != "fail"
        ]
    return tuple(sorted(found, key=lambda one: (one.at, one.actor.key if one.actor else "")))


def landed_at(evidence: ChangeEvidence) -> int:
    """When the branch first held what the change landed, microseconds UTC; 0 if not recorded."""
    return min((one.at for one in movements(evidence) if one.at), default=0)
