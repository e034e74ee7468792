"""Conftest's JSON: a row per file and namespace, with what failed, warned or was excepted.

It names no version of the tool or the policy. A failure is not rated, and counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, count, place
from evidence.model.policy_result import Finding, FindingState, Severity

TOOL = "conftest"
_LISTS = {
    "failures": (Severity.UNRATED, FindingState.OPEN),
    "warnings": (Severity.MEDIUM, FindingState.OPEN),
    "exceptions": (Severity.UNRATED, FindingState.SUPPRESSED),
}


def is_conftest(value: object) -> bool:
    """Whether a document is Conftest's; an empty list may be anybody's."""
    found = [mapping(one) for one in items(value)]
    return bool(found) and all({"filename", "successes"} <= one.keys() for one in found)


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    rows = [mapping(one) for one in items(value)]
    findings = tuple(finding for row in rows for finding in _findings(row))
    passed = sum(max(0, count(row.get("successes"))) for row in rows)
    yield ScanReport(
        tool=TOOL,
        problem=_problem(rows, passed + len(findings)),
        passed=passed,
        findings=findings,
    )


def _problem(rows: list[Mapping[str, Any]], tested: int) -> str:
    if not tested:
        return "no rule was tested"
    if any(count(row.get("successes")) < 0 for row in rows):
        return "it does not count the rules that held in every file"
    return ""


def _findings(row: Mapping[str, Any]) -> Iterator[Finding]:
    for name, (severity, state) in _LISTS.items():
        for one in map(mapping, items(row.get(name))):
            file = text(at(one, "loc", "file")) or text(row.get("filename"))
            yield Finding(
                rule=text(row.get("namespace")) or "main",
                severity=severity,
                kind="policy",
                location=place(file, at(one, "loc", "line")),
                message=clipped(one.get("msg")),
                state=state,
            )
