"""The documented lanes that a change may follow, and what they do to its other determinations.

In the emergency lane CM-03 and CM-04 follow CM-12. Either an ordinary approval or the procedure is
enough, so only what is disproved both ways fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evidence.controls.attributes.cm_12 import CONTROL, DECLARED
from evidence.controls.determine import on_change
from evidence.controls.emergency.frame import State
from evidence.controls.emergency.procedure import Lane, Procedure, procedure_of
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome
from evidence.policy import Policy

NORMAL, STANDARD, EMERGENCY = "normal", "standard", "emergency"
LANES = (NORMAL, STANDARD, EMERGENCY)

_FOLLOW = frozenset({"CM-03", "CM-04"})
_EXPLAINED = frozenset({"CM-02", "CM-03", "CM-04", "CM-05", "CM-06"})
"""Controls whose deviations say that the change was declared an emergency."""


def lane_of(determinations: Iterable[Determination]) -> str:
    """The lane in which a change was judged, by its determinations."""
    found = list(determinations)
    if any(one.control == CONTROL and DECLARED in one.flags for one in found):
        return EMERGENCY
    return STANDARD if any(one.reason == "standard-lane" for one in found) else NORMAL


def follow(
    chain: Chain, policy: Policy, as_of: int, found: Iterable[Determination]
) -> tuple[Determination, ...]:
    """The determinations of a change as its lane has them."""
    every = list(found)
    own = next((one for one in every if one.control == CONTROL), None)
    if own is None or own.outcome is Outcome.NOT_APPLICABLE or own.reason == "not-collected":
        return tuple(every)
    procedure = procedure_of(chain, policy, as_of)
    return tuple(_followed(chain, procedure, own, one) for one in every)


def _followed(
    chain: Chain, procedure: Procedure, own: Determination, one: Determination
) -> Determination:
    if one.control in _FOLLOW:
        one = _by_procedure(chain, procedure, own, one)
    if one.control == "CM-06":
        one = _tested_after(procedure, one)
    if one.outcome is Outcome.FAIL and one.control in _EXPLAINED and DECLARED in own.flags:
        return replace(one, flags=(*one.flags, DECLARED))
    return one


def _by_procedure(
    chain: Chain, procedure: Procedure, own: Determination, one: Determination
) -> Determination:
    """An approval test that did not come out well, as the procedure leaves it."""
    untested = one.outcome is Outcome.NOT_APPLICABLE and one.reason == "no-approval"
    if procedure.lane in {Lane.OUT, Lane.LATE} or not (
        untested or one.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
    ):
        return one
    if own.outcome is Outcome.PASS:
        sentence = f"It is an emergency change, which CM-12 tests: {own.sentence}"
        return _rewritten(chain, own, one, "emergency-lane", sentence)
    if procedure.lane is Lane.IN and own.outcome is Outcome.FAIL:
        if one.outcome is Outcome.UNKNOWN:
            return one
        sentence = f"{one.sentence} Nor was the emergency procedure followed: {own.sentence}"
        return _rewritten(chain, own, one, "emergency-lane-failed", sentence)
    if procedure.lane is Lane.MAYBE and (procedure.broken or one.outcome is Outcome.UNKNOWN):
        return one
    sentence = f"{one.sentence} Whether the emergency procedure covers it is open: {own.sentence}"
    return _rewritten(chain, own, one, "emergency-lane-open", sentence)


def _rewritten(
    chain: Chain, own: Determination, one: Determination, reason: str, sentence: str
) -> Determination:
    written = on_change(
        one.control,
        chain,
        reason,
        sentence,
        entries=(*one.entries, *own.entries),
        flags=one.flags,
        missing=own.missing,
    )
    return replace(written, rule_version=one.rule_version)


def _tested_after(procedure: Procedure, one: Determination) -> Determination:
    """Tests that ran only after an emergency are a deviation that says so."""
    tests = procedure.after
    sure = procedure.lane is Lane.IN and tests is not None and tests.state is State.MET
    told = sure and tests is not None and "tested-after" in tests.flags
    if one.outcome is not Outcome.FAIL or tests is None or not told:
        return one
    sentence = f"{one.sentence} It is a declared emergency, and {tests.words}."
    return replace(one, sentence=sentence, flags=(*one.flags, "tested-after"))
