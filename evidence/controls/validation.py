"""What one required check showed on one commit, as it stood at the moment of implementation.

GitHub's rules, read strictly: a check run and a status of the same name are both required, the
latest attempt decides, skipped and neutral are no success, and the rollup shows only the newest
attempt, so a later one may hide the one that mattered.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from evidence.controls.words import clip, listing, short, when
from evidence.model.actor import ActorType
from evidence.model.chain import ChangeEvidence
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.fact import Fact
from evidence.policy import RequiredCheck

PASSED = "checks-passed"
ABSENT = "missing"
UNREAD = "checks-not-collected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The moment of implementation. `tolerance` applies where another clock gave it."""

    at: int
    """Microseconds UTC; 0 where it is not known."""
    tolerance: int = 0
    kept: int = 0
    """Microseconds for which the forge shows a check; 0: for ever."""
    name: str = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found for one required check; `reason` is a code of `reasons`."""

    reason: str
    words: str
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    present: bool = True
    """Whether any attempt of that name was read on the commit."""


def examine(evidence: ChangeEvidence, required: RequiredCheck, sha: str, moment: Moment) -> Result:
    """The result of one required check on one commit."""
    runs = [run for run in evidence.checks if run.sha == sha and run.name == required.name]
    coverage = coverage_of(evidence, sha)
    facts: tuple[Fact, ...] = (*runs, *((coverage,) if coverage else ()))
    whole = read_whole(evidence, coverage, moment)
    series = _series(required, runs)
    if not any(_from_expected(required, attempts[0]) for attempts in series):
        late = coverage is not None and _aged(coverage, moment)
        return _nothing(required, sha, runs, facts, whole=whole, late=late)
    every = attempts_read(evidence, sha, moment)
    judged = [_latest(required, attempts, moment, every=every) for attempts in series]
    return _worst(required, sha, judged, facts, whole=whole)


def coverage_of(evidence: ChangeEvidence, sha: str) -> CheckCoverage | None:
    """The newest statement of how completely the checks of a commit were read."""
    found = [one for one in evidence.coverage if one.sha == sha]
    return max(found, key=lambda one: (one.observed_at, one.entry_seq)) if found else None


def attempts_read(evidence: ChangeEvidence, sha: str, moment: Moment) -> bool:
    """Whether all attempts of the commit's check runs were read at some time after the moment."""
    return any(
        one.all_attempts and one.observed_at >= moment.at
        for one in evidence.coverage
        if one.sha == sha
    )


def read_whole(evidence: ChangeEvidence, coverage: CheckCoverage | None, moment: Moment) -> bool:
    """Every context was read after the moment, while the forge kept it, and all are here."""
    if coverage is None or not coverage.complete or coverage.observed_at < moment.at:
        return False
    here = [run for run in evidence.checks if run.sha == coverage.sha]
    same = {run.check_id for run in here if run.entry_seq == coverage.entry_seq}
    shown = same or {run.check_id for run in here}
    return len(shown) >= coverage.read and not (not shown and _aged(coverage, moment))


def _aged(coverage: CheckCoverage, moment: Moment) -> bool:
    """Whether checks may have been shown once and not any more when they were read.

    One that is still shown says that the others would be, too.
    """
    return moment.kept > 0 and coverage.observed_at > moment.at + moment.kept


def _series(required: RequiredCheck, runs: list[CheckRun]) -> list[list[CheckRun]]:
    """Attempts of one check by one source each, oldest first; other apps' runs are left out."""
    grouped: dict[tuple[str, str], dict[str, CheckRun]] = defaultdict(dict)
    for run in sorted(runs, key=lambda one: (one.observed_at, one.entry_seq)):
        if run.kind == "status" or not required.app or run.app == required.app:
            grouped[run.kind, run.app][run.check_id] = run
    return [sorted(group.values(), key=_start) for _, group in sorted(grouped.items())]


def _start(run: CheckRun) -> tuple[int, int, str]:
    return (run.started_at or run.completed_at, run.attempt, run.check_id)


def _from_expected(required: RequiredCheck, run: CheckRun) -> bool:
    """Any writer can set a status: only one by the expected app's own account counts for it."""
    if not required.app:
        return True
    if run.kind != "status":
        return run.app == required.app
    creator = run.creator
    return (
        creator is not None
        and creator.type in {ActorType.BOT, ActorType.APP}
        and creator.login.removesuffix("[bot]") == required.app
    )


def _nothing(
    required: RequiredCheck,
    sha: str,
    runs: list[CheckRun],
    facts: tuple[Fact, ...],
    *,
    whole: bool,
    late: bool,
) -> Result:
    name = f"{clip(required.name)} on {short(sha)}"
    if not whole:
        why = "read only when the forge may have dropped them" if late else "not read whole"
        return Result(
            reason=UNREAD,
            words=f"{name} was not found, and the checks of that commit were {why}",
            facts=facts,
            present=bool(runs),
        )
    if runs:
        sources = listing(sorted(run.app or "a status" for run in runs))
        words = f"{name} came from {clip(sources)}, not from {clip(required.app)}"
        return Result(reason="source", words=words, facts=facts)
    return Result(reason=ABSENT, words=f"{name} never ran", facts=facts, present=False)


def _latest(
    required: RequiredCheck,
    attempts: list[CheckRun],
    moment: Moment,
    *,
    every: bool,
) -> Result:
    """The latest attempt that had started at the moment.

    Of a status the forge shows the newest state only, so `every` attempt says nothing of it.
    """
    started = [run for run in attempts if _start(run)[0] <= moment.at]
    later = len(started) < len(attempts)
    all_read = every and attempts[0].kind != "status"
    if later and not all_read and not (started and started[-1].observed_at >= moment.at):
        run = attempts[-1]
        words = f"{_named(run)} was read only as it started at {when(_start(run)[0])}"
        return Result(reason="earlier-attempts-not-read", words=words)
    if not started:
        run = attempts[0]
        words = f"{_named(run)} started only at {when(_start(run)[0])}"
        return Result(reason="finished-late", words=words)
    return _ended(required, started, moment)


def _ended(required: RequiredCheck, started: list[CheckRun], moment: Moment) -> Result:
    run = started[-1]
    if not run.conclusion:
        unfinished = "finished-late" if _start(run)[0] else "check-time-unknown"
        return Result(reason=unfinished, words=f"{_named(run)} had not finished when it was read")
    if not run.completed_at:
        return Result(reason="check-time-unknown", words=f"{_named(run)} carries no end")
    ended = f"{_named(run)} ended {run.conclusion.lower()} at {when(run.completed_at)}"
    if moment.tolerance and abs(run.completed_at - moment.at) < moment.tolerance:
        words = f"{ended}, too close to the {moment.name} on another clock"
        return Result(reason="check-time-unknown", words=words)
    if run.completed_at > moment.at:
        return Result(reason="finished-late", words=f"{ended}, after the {moment.name}")
    if run.conclusion.upper() not in {one.upper() for one in required.accept}:
        codes = {"SKIPPED": "skipped", "NEUTRAL": "neutral"}
        return Result(reason=codes.get(run.conclusion.upper(), "not-success"), words=ended)
    accepted = {one.upper() for one in required.accept}
    failed = any(one.conclusion and one.conclusion.upper() not in accepted for one in started[:-1])
    if len(started) > 1:
        ended += f" (attempt {len(started)} of those read; {_earlier(started[:-1])})"
    return Result(reason=PASSED, words=ended, flags=("flaky",) if failed else ())


def _earlier(attempts: list[CheckRun]) -> str:
    """What came of the attempts before, oldest first."""
    told = [f"{(one.conclusion or one.status).lower()} at {when(_end(one))}" for one in attempts]
    return f"before it: {listing(told)}"


def _end(run: CheckRun) -> int:
    return run.completed_at or run.started_at


def _worst(
    required: RequiredCheck,
    sha: str,
    judged: list[Result],
    facts: tuple[Fact, ...],
    *,
    whole: bool,
) -> Result:
    """One source's failure decides; what is open comes next; a pass needs all to be read."""
    order = {PASSED: 2, "earlier-attempts-not-read": 1, "check-time-unknown": 1}
    worst = min(judged, key=lambda one: order.get(one.reason, 0))
    if worst.reason == PASSED and not whole:
        words = f"{worst.words}, but the checks of {short(sha)} were not read whole"
        return Result(reason=UNREAD, words=words, facts=facts)
    words = f"{clip(required.name)}: {worst.words}"
    flags = tuple(flag for one in judged for flag in one.flags)
    return Result(reason=worst.reason, words=words, flags=flags, facts=facts)


def _named(run: CheckRun) -> str:
    return f"{clip(run.app or run.kind)} on {short(run.sha)}"
