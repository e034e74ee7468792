"""How a change came to its branch, as the forge itself recorded it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.controls.tracks import tracks_of
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.actor import Actor
from evidence.model.audit import AuditEvent
from evidence.model.chain import Chain
from evidence.model.fact import Fact

_WEIGHT = {"bypass": 0, "fail": 1, "pass": 2}
"""Which record speaks where several name the same commit; others come last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What rule suites and activity say about one landing. Empty where neither was read."""

    result: str = ""
    """`pass` or `bypass` of the forge's own record; empty without one that decides."""
    failed_rules: tuple[str, ...] = ()
    """Types of the rules that were not met."""
    actor: Actor | None = None
    at: int = 0
    """Microseconds UTC, server-assigned; 0 where not recorded."""
    enforced: bool | None = None
    """Whether the record rests on a rule that was enforced; None where that is not told."""
    forced: bool = False
    hidden: bool = False
    """Whether the record of its branch has a hole in which it may have landed another way."""
    logged: bool = False
    """Whether it takes the organisation's audit log to know of the bypass."""
    facts: tuple[Fact, ...] = ()


def landing_of(chain: Chain) -> Landing:
    """The records of the movement that put the change on its production branch."""
    ref = f"refs/heads/{chain.change.branch}"
    records = chain.evidence.landing
    suites = [one for one in records.suites if one.ref == ref]
    moves = [one for one in records.activity if one.ref == ref]
    suite = _speaking(suites, chain.change.landing_sha)
    move = _moving(moves, chain.change.landing_sha)
    override = _override(chain, ref, [*suites, *moves])
    if override is not None and (suite is None or suite.result != "bypass"):
        return _overridden(override, moves, chain)
    facts: list[Fact] = [one for one in (suite, move, override) if one is not None]
    return Landing(
        result=suite.result if suite and suite.result in ("pass", "bypass") else "",
        failed_rules=_failed(suite),
        actor=(suite.actor if suite else None) or (move.actor if move else None),
        at=(suite.pushed_at if suite else 0) or (move.at if move else 0),
        enforced=_enforced(suite),
        forced=any(one.kind == "force_push" for one in moves if _names(one, chain)),
        hidden=any(one.ref == ref for one in records.lost),
        facts=tuple(facts),
    )


def _override(
    chain: Chain, ref: str, records: Sequence[RuleSuite | RepositoryActivity]
) -> AuditEvent | None:
    """The audit log's entry that the push which brought the change went past the rules."""
    trail = tracks_of(chain.evidence.settings).trail
    shas = [chain.change.landing_sha, *chain.change.commits, *(one.after_sha for one in records)]
    found = [one for sha in dict.fromkeys(shas) for one in trail.overrides(sha)]
    own = [one for one in found if one.ref in ("", ref)]
    return min(own, key=lambda one: (one.at, one.event_id), default=None)


def _overridden(override: AuditEvent, moves: Iterable[RepositoryActivity], chain: Chain) -> Landing:
    return Landing(
        result="bypass",
        failed_rules=override.codes,
        actor=override.actor,
        at=override.at,
        forced=any(one.kind == "force_push" for one in moves if _names(one, chain)),
        logged=True,
        facts=(override,),
    )


def _speaking(suites: list[RuleSuite], landing: str) -> RuleSuite | None:
    """The record of the very landing; of several the worst."""
    own = [one for one in suites if one.after_sha == landing] or suites
    return min(own, key=lambda one: (_WEIGHT.get(one.result, 3), one.pushed_at), default=None)


def _moving(moves: list[RepositoryActivity], landing: str) -> RepositoryActivity | None:
    own = [one for one in moves if one.after_sha == landing] or moves
    return min(own, key=lambda one: (one.at, one.activity_id), default=None)


def _names(move: RepositoryActivity, chain: Chain) -> bool:
    """Whether a movement ends in what this change landed."""
    return move.after_sha in {chain.change.landing_sha, *chain.change.commits}


def _enforced(suite: RuleSuite | None) -> bool | None:
    """Whether an enforced rule stands in the record; None where that is not told.

    A record is made where rules were evaluated; one that speaks of rules which only report may
    rest on these alone, so then its details must tell.
    """
    if suite is None:
        return None
    if suite.detail_read:
        return any(one.enforcement in ("active", "") for one in suite.evaluations)
    return None if suite.evaluation_result else True


def _failed(suite: RuleSuite | None) -> tuple[str, ...]:
    if suite is None:
        return ()
    failed = (
        one.rule_type
        for one in suite.evaluations
        if one.result == "fail" and one.enforcement in ("active", "")
    )
    return tuple(dict.fromkeys(failed))
