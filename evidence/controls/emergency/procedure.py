"""The emergency procedure of one change: its lane, and how each condition of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.controls.attributes import cm_03, cm_04
from evidence.controls.emergency.approval import approved
from evidence.controls.emergency.authority import authorised, justified
from evidence.controls.emergency.claims import Claims, Declared, claims_of
from evidence.controls.emergency.closing import closed
from evidence.controls.emergency.frame import Finding, Frame, State, frame_of
from evidence.controls.emergency.testing import tested
from evidence.controls.words import clip, listing
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.determination import Outcome
from evidence.policy import Policy

UNASKED = frozenset({"association_not_observed", "associated_pull_request"})
"""Flags of a direct commit of which a pull request that was not read may say more."""


class Lane(StrEnum):
    """Whether a change is in the emergency lane."""

    IN = "in"
    MAYBE = "maybe"
    LATE = "late"
    """It was declared one only afterwards, and nothing else allowed it."""
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What the procedure asks of one change, condition by condition."""

    lane: Lane
    claims: Claims
    words: str = ""
    """Why it is out of the lane, or may be in it."""
    findings: tuple[Finding, ...] = ()
    after: Finding | None = None
    """How its tests stand; None where it is out of the lane."""

    def of(self, state: State) -> list[Finding]:
        """The conditions that stand so, in order."""
        return [one for one in self.findings if one.state is state]

    @property
    def broken(self) -> bool:
        """Whether a condition is disproved."""
        return bool(self.of(State.BROKEN))


_LAST: list[tuple[Chain, Policy, int, Procedure]] = []


def procedure_of(chain: Chain, policy: Policy, as_of: int) -> Procedure:
    """The procedure of a chain; the last one is kept, as several controls ask for it."""
    for known, by, moment, found in tuple(_LAST):
        if known is chain and by is policy and moment == as_of:
            return found
    found = _judged(chain, policy, as_of)
    _LAST[:] = [(chain, policy, as_of, found)]
    return found


def _judged(chain: Chain, policy: Policy, as_of: int) -> Procedure:
    frame = frame_of(chain, policy, as_of)
    claims = claims_of(frame)
    lane, words = _lane(frame, claims)
    if lane is Lane.OUT or lane is Lane.LATE:
        return Procedure(lane=lane, claims=claims, words=words)
    tests = tested(frame)
    return Procedure(
        lane=lane,
        claims=claims,
        words=words,
        findings=(justified(frame), authorised(frame), *_after(frame, claims, tests)),
        after=tests,
    )


def _after(frame: Frame, claims: Claims, tests: Finding) -> tuple[Finding, ...]:
    """The conditions whose time runs from the deployment."""
    if frame.lost:
        words = f"deployment {listing(clip(one) for one in frame.lost)} was not read"
        return (Finding(state=State.UNREAD, reason="deployments-incomplete", words=words),)
    if not frame.deployed:
        words = "it is not deployed, so no time has begun to run"
        return (Finding(state=State.OPEN, words=words),)
    return (approved(frame), tests, closed(frame, claims))


# --- the lane


def _lane(frame: Frame, claims: Claims) -> tuple[Lane, str]:
    """By what was declared; what was approved like any other change needs a label to be in it."""
    declared = claims.declared
    if declared is Declared.NOT:
        return _unclaimed(frame)
    if declared is Declared.IN_TIME and claims.by_label:
        return Lane.IN, ""
    ordinary = _ordinary(frame)
    if declared is Declared.OPEN:
        if ordinary is Outcome.PASS and not claims.by_label:
            return Lane.OUT, f"{claims.words}; it was approved as an ordinary change"
        return Lane.MAYBE, claims.words
    if ordinary is Outcome.PASS:
        return Lane.OUT, f"{claims.words}; it was approved as an ordinary change"
    if ordinary is Outcome.UNKNOWN:
        return Lane.MAYBE, f"{claims.words}; whether it was approved as an ordinary change is open"
    return (Lane.LATE if declared is Declared.LATE else Lane.IN), claims.words


def _unclaimed(frame: Frame) -> tuple[Lane, str]:
    change, evidence = frame.chain.change, frame.chain.evidence
    unasked = not evidence.github_observed or UNASKED & set(change.flags)
    if change.kind == ChangeKind.DIRECT and unasked:
        return Lane.MAYBE, "a pull request that was not read may declare it one"
    return Lane.OUT, "neither a label nor a ticket declares it one"


def _ordinary(frame: Frame) -> Outcome:
    """How it would stand as an ordinary change: approved, and the approval covers what landed."""
    found = [
        one.determine(frame.chain, frame.policy, frame.as_of).outcome for one in (cm_03, cm_04)
    ]
    worst = (Outcome.FAIL, Outcome.UNKNOWN)
    return next((one for one in worst if one in found), Outcome.PASS)
