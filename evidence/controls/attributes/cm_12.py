"""CM-12: emergency changes follow the emergency procedure (controls reference, 3.5)."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.controls.attributes import cm_03
from evidence.controls.determine import on_change
from evidence.controls.emergency.claims import Declared
from evidence.controls.emergency.frame import Finding, State
from evidence.controls.emergency.procedure import Lane, Procedure, procedure_of
from evidence.model.chain import Chain
from evidence.model.determination import Determination
from evidence.policy import Policy

CONTROL = "CM-12"
DECLARED = "emergency-declared"
"""Flag of what was declared an emergency, in time or not."""
DUE = "emergency-due"
"""Flag of what time alone, or one more look, may change: the next sync judges it again."""


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """Declared, justified and authorised before; approved, tested and closed in time after.

    A condition that is disproved fails it; one whose time is not over leaves it open, with when it
    is due. A change that nothing declares an emergency is not in this lane.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    found = procedure_of(chain, policy, as_of)
    if found.lane is Lane.OUT:
        sentence = f"It is no emergency: {found.words}."
        return on_change(CONTROL, chain, "not-emergency", sentence, facts=found.claims.facts)
    if found.lane is Lane.LATE:
        sentence = f"It was declared an emergency too late: {found.words}."
        return _written(chain, found, "declared-late", sentence)
    open_claim = found.claims.declared is not Declared.IN_TIME
    if found.lane is Lane.MAYBE and (found.broken or open_claim):
        sentence = f"Whether it is an emergency is open: {found.words}."
        # Where its forge was never read, no look at it comes that could tell of approvals.
        facts, flags = found.claims.facts, _due(found) if chain.evidence.forge_read_to else []
        return on_change(CONTROL, chain, "declaration-unknown", sentence, facts=facts, flags=flags)
    return _conditions(chain, found)


def _conditions(chain: Chain, found: Procedure) -> Determination:
    lead = f"Declared an emergency: {found.claims.words}."
    for state in (State.BROKEN, State.OPEN, State.UNREAD):
        some = found.of(state)
        if some:
            rest = [one for one in found.findings if one not in some]
            told = f"{_told(some)} Otherwise: {_told(rest)}" if rest else _told(some)
            return _written(chain, found, some[0].reason or _waiting(found), f"{lead} {told}")
    return _written(chain, found, "emergency-followed", f"{lead} {_told(found.findings)}")


def _due(found: Procedure) -> list[str]:
    """Whether a condition is due later, or its source was not read to the end of its time."""
    waits = any(one.due or one.reason == "emergency-not-read" for one in found.findings)
    return [DUE] if waits else []


def _waiting(found: Procedure) -> str:
    """An open condition without a due time waits for the deployment."""
    return "open" if any(one.due for one in found.of(State.OPEN)) else "emergency-not-deployed"


def _told(findings: Iterable[Finding]) -> str:
    words = "; ".join(one.words for one in findings)
    return f"{words[:1].upper()}{words[1:]}."


def _written(chain: Chain, found: Procedure, reason: str, sentence: str) -> Determination:
    return on_change(
        CONTROL,
        chain,
        reason,
        sentence,
        facts=[*found.claims.facts, *(fact for one in found.findings for fact in one.facts)],
        entries=[entry for one in found.findings for entry in one.entries],
        flags=[DECLARED, *_due(found), *(flag for one in found.findings for flag in one.flags)],
    )
