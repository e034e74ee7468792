"""What the results of one required scan say of one commit or image, as they stood at a deployment.

The latest result that existed by then decides, whatever was known later: a weakness that was
published after a deployment does not change what was known at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.controls.words import clip, listing, when
from evidence.model.fact import Fact
from evidence.model.policy_result import (
    ALERT,
    AUDIT,
    Binding,
    Finding,
    FindingState,
    PolicyResult,
    Severity,
    reaches,
    worst_first,
)
from evidence.policy import RequiredScan

PASSED, WAIVED, OPEN = "scan-passed", "scan-waived", "not-waived"
ABSENT = "scan-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What was found for one required scan; `reason` is a code of `reasons`."""

    reason: str
    words: str
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When production was altered, and within which time two clocks decide nothing."""

    at: int
    tolerance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Which of a result's findings count at a moment, and what became of the others."""

    open: tuple[Finding, ...] = ()
    """At or over the threshold and not waived."""
    unrated: tuple[Finding, ...] = ()
    """Not waived, and the tool could not say how grave they are."""
    waivers: tuple[str, ...] = ()
    """Ids of the waivers that were in force, one for each finding that they cover."""
    refused: tuple[str, ...] = ()
    """Why a waiver that names one of them does not count."""
    doubt: tuple[str, str] = ("", "")
    """Code and words of what leaves a waiver open."""
    suppressed: int = 0


def run_at(result: PolicyResult) -> int:
    """When a result existed at the latest: as it says, but never later than it was seen."""
    return min(result.scanned_at or result.observed_at, result.observed_at)


def latest_before(results: Iterable[PolicyResult], moment: Moment) -> list[PolicyResult]:
    """Of each kind of run the results of the last one that surely existed at a moment.

    Beside them every alert of then: each is one of its own.
    """
    before = [one for one in results if run_at(one) <= moment.at - moment.tolerance]
    found = [one for one in before if one.category == ALERT]
    for category in sorted({one.category for one in before} - {ALERT}):
        own = [one for one in before if one.category == category]
        last = max(own, key=lambda one: (run_at(one), one.entry_seq))
        found += [one for one in own if one.entry_seq == last.entry_seq]
    return found


def runs(results: Iterable[PolicyResult]) -> list[PolicyResult]:
    """Those that tell of a whole look, and not of one alert."""
    return [one for one in results if one.category != ALERT]


def too_late(results: Sequence[PolicyResult], moment: Moment) -> Scanned | None:
    """What results say that did not surely exist at the moment; None where there are none."""
    if not results:
        return None
    untimed = [one for one in results if not one.scanned_at]
    close = [one for one in results if run_at(one) < moment.at + moment.tolerance]
    first = min(results, key=run_at)
    if untimed:
        words = f"{named(untimed[0])} does not say when it ran, and was handed over afterwards"
        return Scanned(reason="scan-time-unknown", words=words, facts=tuple(untimed))
    if close:
        words = f"{named(close[0])} ran too close to the deployment on another clock"
        return Scanned(reason="scan-time-unknown", words=words, facts=tuple(close))
    words = f"{named(first)} ran only afterwards"
    return Scanned(reason=ABSENT, words=words, facts=(first,))


def judged(
    required: RequiredScan, results: Sequence[PolicyResult], counted: Counted, moment: Moment
) -> Scanned:
    """What the results of one run, all of them, come to."""
    facts, flags = tuple(results), _flags(results, counted, moment)
    lead = listing(named(one) for one in results)
    if counted.open:
        told = f"{_found(counted.open, required)}{_because(counted.refused)}"
        return Scanned(reason=OPEN, words=f"{lead}: {told}", flags=flags, facts=facts)
    reason, words = _unsure(required, results, counted, moment)
    if reason:
        return Scanned(reason=reason, words=f"{lead}: {words}", flags=flags, facts=facts)
    nothing = f"nothing {_at_or_over(required)} was open"
    if counted.waivers:
        waivers = listing(clip(one) for one in counted.waivers)
        words = f"{lead}: {nothing} but what was waived ({len(counted.waivers)}, by {waivers})"
        return Scanned(reason=WAIVED, words=words, flags=flags, facts=facts)
    return Scanned(reason=PASSED, words=f"{lead}: {nothing}", flags=flags, facts=facts)


def _unsure(
    required: RequiredScan, results: Sequence[PolicyResult], counted: Counted, moment: Moment
) -> tuple[str, str]:
    """The first thing for which a result that found nothing open is no pass yet."""
    results = runs(results)
    problem = next((one.problem for one in results if one.problem), "")
    if problem:
        return "scan-inconclusive", clip(problem)
    if any(not one.tool_version for one in results):
        return "scan-tool-unknown", "it does not say which version of the tool ran"
    if required.needs_database and any(not one.database for one in results):
        return "scan-database-unknown", "it does not say which database it looked into"
    age = moment.at - min(run_at(one) for one in results)
    if 0 < required.max_age < age:
        return "scan-too-old", f"it was {age // 86_400_000_000} days old"
    if counted.unrated:
        rules = listing(clip(one.rule) for one in counted.unrated)
        return "severity-unknown", f"how grave {rules} is, the tool does not know"
    return counted.doubt


def _found(findings: Sequence[Finding], required: RequiredScan) -> str:
    told = listing(map(described, worst_first(findings)), limit=3)
    return f"{len(findings)} open {_at_or_over(required)} ({told})"


def _at_or_over(required: RequiredScan) -> str:
    return f"at or over {required.threshold}"


def _because(refused: Sequence[str]) -> str:
    return f"; {listing(refused, limit=2)}" if refused else ""


def described(finding: Finding) -> str:
    """A finding in a few words."""
    grade = "" if finding.severity is Severity.UNRATED else f"{finding.severity} "
    what = f"{grade}{clip(finding.rule)}"
    if finding.package:
        return f"{what} in {clip(finding.package)} {clip(finding.version)}".rstrip()
    place = f" at {clip(finding.location)}" if finding.location else ""
    return f"{what}{place}{f' of {finding.commit[:7]}' if finding.commit else ''}"


def named(result: PolicyResult) -> str:
    """A result by its tool, what it examined and when."""
    version = f" {clip(result.tool_version)}" if result.tool_version else ""
    at = f" at {when(result.scanned_at)}" if result.scanned_at else ""
    return f"{clip(result.tool)}{version} on {subject(result.subject)}{at}"


def subject(written: str) -> str:
    """A commit or a digest, cut to what a person compares."""
    algorithm, _, digest = written.rpartition(":")
    return f"{algorithm}:{digest[:12]}" if algorithm else digest[:7]


def _flags(results: Sequence[PolicyResult], counted: Counted, moment: Moment) -> tuple[str, ...]:
    claimed = any(not one.server_time and one.observed_at > moment.at for one in results)
    told = {
        "scan-asserted": any(one.binding is Binding.ASSERTED for one in results),
        "scan-time-claimed": claimed,
        "suppressed": counted.suppressed > 0,
        "not enforcing": any(one.enforcement == AUDIT for one in results),
    }
    return tuple(flag for flag, holds in told.items() if holds)


def counting(
    results: Iterable[PolicyResult], required: RequiredScan, moment: int, *, secrets_only: bool
) -> tuple[list[tuple[Finding, bool | None]], int]:
    """Findings that are open at a moment and may reach the threshold, each with whether it does.

    None: the tool does not know. The number is of those that it was told to ignore.
    """
    found: list[tuple[Finding, bool | None]] = []
    suppressed = 0
    threshold = Severity(required.threshold)
    for one in (finding for result in results for finding in result.findings):
        reached = reaches(one.severity, threshold)
        if secrets_only and one.kind != "secret":
            continue
        if one.open_at(moment):
            found += [] if reached is False else [(one, reached)]
        elif one.state is FindingState.SUPPRESSED:
            suppressed += 1
    return found, suppressed
