"""Whether the required tests of an emergency passed, before it or within the time after it."""

from __future__ import annotations

from evidence.controls.attributes import cm_06
from evidence.controls.emergency.frame import Finding, Frame, State
from evidence.controls.reasons import REASONS
from evidence.controls.words import listing, when
from evidence.model.determination import Determination, Outcome

_FINE = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


def tested(frame: Frame) -> Finding:
    """By CM-06 before it; else each required check passed within the time after it."""
    if "tests" in frame.policy.emergency_not_tested:
        return Finding(state=State.OFF, words="whether it was tested is not tested")
    before = cm_06.determine(frame.chain, frame.policy, frame.as_of)
    if before.outcome in _FINE:
        words = "the required tests had passed before, or none applies"
        return Finding(state=State.MET, words=words, entries=before.entries)
    if before.reason in {"not-collected", "required-set-unknown"}:
        return _unread(before)
    limit = frame.policy.emergency_test_limit
    if not limit:
        return _unread(before) if before.outcome is Outcome.UNKNOWN else _untested(before)
    return _after(frame, before, frame.first + limit)


def _unread(before: Determination) -> Finding:
    return Finding(
        state=State.UNREAD,
        reason=before.reason,
        words=f"whether the required tests passed is open: {before.sentence}".removesuffix("."),
        entries=before.entries,
    )


def _untested(before: Determination) -> Finding:
    return Finding(
        state=State.BROKEN,
        reason="emergency-not-tested",
        words=f"the required tests had not passed before: {before.sentence}".removesuffix("."),
        entries=before.entries,
    )


def _after(frame: Frame, before: Determination, deadline: int) -> Finding:
    chain, policy = frame.chain, frame.policy
    shas = [one.sha for one in frame.deployed]
    results = cm_06.by_deadline(chain, policy, frame.as_of, deadline, shas)
    wrong = [one for one in results if REASONS[one.reason].outcome not in _FINE]
    facts = tuple(fact for one in results for fact in one.facts)
    told = listing(one.words for one in wrong or results)
    if not wrong:
        words = f"the required tests passed by {when(deadline)}: {told}"
        return Finding(state=State.MET, words=words, facts=facts, flags=("tested-after",))
    if frame.as_of < deadline:
        words = f"the required tests have not passed: they are due by {when(deadline)}"
        return Finding(state=State.OPEN, words=words, due=deadline, facts=facts)
    unknown = [one for one in wrong if REASONS[one.reason].outcome is Outcome.UNKNOWN]
    if len(unknown) == len(wrong):
        words = f"whether the required tests passed by {when(deadline)} is open: {told}"
        return Finding(state=State.UNREAD, reason=unknown[0].reason, words=words, facts=facts)
    looked = max((one.observed_at for one in chain.evidence.coverage), default=0)
    if looked < deadline:
        words = f"its checks were not looked at after {when(deadline)}: {told}"
        return Finding(state=State.UNREAD, reason="emergency-not-read", words=words, facts=facts)
    words = f"the required tests had not passed by {when(deadline)}: {told}"
    return Finding(
        state=State.BROKEN,
        reason="emergency-not-tested",
        words=words,
        facts=facts,
        entries=before.entries,
    )
