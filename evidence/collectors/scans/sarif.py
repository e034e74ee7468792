"""SARIF 2.1.0: what any scanner may write, and what GitHub's code scanning keeps.

Severity stands in `security-severity` (0 to 10, as GitHub reads it), else in the level of the
result or of its rule. Where none of these is said the finding is unrated, and counts: the default
that the standard has would turn a secret into a warning.
Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import (
    ScanReport,
    clipped,
    digest_in,
    distinct,
    full_sha,
    place,
    rated,
)
from evidence.model.policy_result import Finding, FindingState, Severity

VERSION = "2.1.0"
_GRADES = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
)
_FOR_SECRETS = frozenset({"gitleaks", "trufflehog", "detect-secrets", "ggshield"})
"""Tools that look for secrets and nothing else."""
_PASSED, _SILENT = "pass", frozenset({"notapplicable", "informational"})
_Rules = list[Mapping[str, Any]]
_PACKAGE = re.compile(r"^Package: (.{1,200})\nInstalled Version: (.{1,200})$", re.MULTILINE)
"""How Trivy words a vulnerability: the format itself has no place for a package."""
T = TypeVar("T")


def is_sarif(value: object) -> bool:
    """Whether a document says that it is SARIF of the version that is read."""
    body = mapping(value)
    return body.get("version") == VERSION and isinstance(body.get("runs"), list)


def reports(value: object) -> Iterator[ScanReport]:
    """Each run of a document, in order; nothing where it holds none. Never raises."""
    for one in items(mapping(value).get("runs")):
        yield _report(mapping(one))


def _report(run: Mapping[str, Any]) -> ScanReport:
    driver = mapping(at(run, "tool", "driver"))
    components = [driver, *map(mapping, items(at(run, "tool", "extensions")))]
    rules = [[mapping(rule) for rule in items(one.get("rules"))] for one in components]
    results = [mapping(one) for one in items(run.get("results"))]
    told = [one for one in results if _kind(one) not in _SILENT and _kind(one) != _PASSED]
    held = sum(_kind(one) == _PASSED for one in results)
    versions = items(run.get("versionControlProvenance"))
    tool = text(driver.get("name")).strip().lower()
    kind = "secret" if tool in _FOR_SECRETS else ""
    return ScanReport(
        tool=tool,
        tool_version=text(driver.get("semanticVersion")) or text(driver.get("version")),
        category=text(at(run, "automationDetails", "id")),
        scanned_at=_scanned_at(run),
        problem=_problem(run, results),
        passed=held or -1,
        findings=tuple(_finding(one, rules, kind) for one in told),
        commits=distinct(full_sha(mapping(one).get("revisionId")) for one in versions),
        digests=distinct(map(digest_in, items(at(run, "properties", "repoDigests")))),
    )


def _kind(result: Mapping[str, Any]) -> str:
    return text(result.get("kind")).lower()


def _scanned_at(run: Mapping[str, Any]) -> int:
    """When the last of its invocations ended, or began where no end is told."""
    found = [
        iso_micros(one.get("endTimeUtc")) or iso_micros(one.get("startTimeUtc"))
        for one in map(mapping, items(run.get("invocations")))
    ]
    return max(found, default=0)


def _problem(run: Mapping[str, Any], results: list[Mapping[str, Any]]) -> str:
    """Why the run may have looked at less than everything."""
    invocations = [mapping(one) for one in items(run.get("invocations"))]
    if not isinstance(run.get("results"), list):
        return "it holds no list of results"
    if at(run, "externalPropertyFileReferences", "results"):
        return "its results stand in another file"
    if any(one.get("executionSuccessful") is not True for one in invocations):
        return "an invocation of the tool did not succeed"
    if any(_failed(one) for one in invocations):
        return "the tool reports an error of its own"
    if not results and not invocations:
        return "it holds no result and does not say that the tool ran"
    return ""


def _failed(invocation: Mapping[str, Any]) -> bool:
    notes = items(invocation.get("toolExecutionNotifications"))
    return any(text(mapping(note).get("level")) == "error" for note in notes)


# --- one result


def _finding(result: Mapping[str, Any], rules: list[_Rules], kind: str) -> Finding:
    rule = _rule(result, rules)
    state, justification = _state(result)
    partial = mapping(result.get("partialFingerprints"))
    place_of = mapping(at(_first(result.get("locations")), "physicalLocation"))
    uri = at(place_of, "artifactLocation", "uri")
    message = text(at(result, "message", "text"))
    package = _PACKAGE.search(message[:1000])
    return Finding(
        rule=_rule_id(result) or text(rule.get("id")),
        severity=_severity(result, rule),
        kind=kind,
        package=package[1].strip() if package else "",
        version=package[2].strip() if package else "",
        location=place(uri, at(place_of, "region", "startLine")),
        commit=full_sha(partial.get("commitSha")),
        fingerprint=_fingerprint(mapping(result.get("fingerprints")), partial),
        message=clipped(message),
        state=state,
        justification=justification,
    )


def _first(value: object) -> object:
    found = items(value)
    return found[0] if found else None


def _rule_id(result: Mapping[str, Any]) -> str:
    return text(result.get("ruleId")) or text(at(result, "rule", "id"))


def _rule(result: Mapping[str, Any], rules: list[_Rules]) -> Mapping[str, Any]:
    """By its index in its component, else by its id, else by what stands before the last slash."""
    index = result.get("ruleIndex", at(result, "rule", "index"))
    component = at(result, "rule", "toolComponent", "index")
    own = _at(rules, component + 1 if type(component) is int and component >= 0 else 0)
    found = _at(own or (), index)
    name = _rule_id(result)
    if found is not None and (not name or _same(name, text(found.get("id")))):
        return found
    known = [rule for some in rules for rule in some if _same(name, text(rule.get("id")))]
    return max(known, key=lambda rule: len(text(rule.get("id"))), default={}) if name else {}


def _at(found: Sequence[T], index: object) -> T | None:
    return found[index] if type(index) is int and 0 <= index < len(found) else None


def _same(name: str, rule: str) -> bool:
    return bool(rule) and (name == rule or name.startswith(f"{rule}/"))


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> Severity:
    for holder in (result, rule):
        score = _score(at(holder, "properties", "security-severity"))
        if score is not None:
            grades = (grade for least, grade in _GRADES if score >= least)
            return next(grades, Severity.UNKNOWN)
    return rated(result.get("level") or at(rule, "defaultConfiguration", "level"))


def _score(value: object) -> float | None:
    """0 to 10, as a number or as text; 0 is what tools write where they do not know."""
    written = str(value) if type(value) in (int, float, str) else ""
    try:
        score = float(written[:20])
    except ValueError:
        return None
    return score if 0 <= score <= 10 else None


def _state(result: Mapping[str, Any]) -> tuple[FindingState, str]:
    """Suppressed where one accepted suppression stands and none is rejected or under review."""
    if text(result.get("baselineState")) == "absent":
        return FindingState.FIXED, ""
    found = [mapping(one) for one in items(result.get("suppressions"))]
    if not found or any(text(one.get("status")) not in ("", "accepted") for one in found):
        return FindingState.OPEN, ""
    words = (text(one.get("justification")) for one in found)
    return FindingState.SUPPRESSED, clipped(next(filter(None, words), ""))


def _fingerprint(whole: Mapping[str, Any], partial: Mapping[str, Any]) -> str:
    for known in (whole, {"": partial.get("primaryLocationLineHash")}):
        found = next((text(known[name]) for name in sorted(known) if text(known[name])), "")
        if found:
            return found[:200]
    return ""
