"""Policy reports of Kubernetes: `wgpolicyk8s.io` and `openreports.io`, as Kyverno writes them.

A report shows what an object was found to be, not what was kept out: a request that was blocked
leaves none. So what fails here was let in, and only reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, objects, rated, resource
from evidence.model.policy_result import Finding, Severity

TOOL = "kyverno"
_GROUPS = ("wgpolicyk8s.io/", "openreports.io/")
_FOUND = frozenset({"fail", "warn"})


def is_policy_report(value: object) -> bool:
    """Whether a document holds policy reports of a cluster and nothing else."""
    found = objects(value)
    return bool(found) and all(text(one.get("apiVersion")).startswith(_GROUPS) for one in found)


def reports(value: object) -> Iterator[ScanReport]:
    """The reports of a file, taken together for each engine that made them. Never raises."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for report in objects(value):
        where = resource(mapping(report.get("scope")))
        for row in map(mapping, items(report.get("results"))):
            found.setdefault(_tool(report, row), []).append((where, row))
    for tool, rows in found.items():
        yield _report(tool, rows)
    if not found:
        yield ScanReport(tool=TOOL, problem="no policy was tested")


def _tool(report: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Kyverno, under whichever of its names, unless another engine says that it made the row."""
    source = (text(row.get("source")) or text(report.get("source"))).strip().lower()
    own = not source or source.startswith(TOOL) or source == "validatingadmissionpolicy"
    return TOOL if own else source


def _report(tool: str, rows: list[tuple[str, Mapping[str, Any]]]) -> ScanReport:
    words = [_result(row) for _, row in rows]
    findings = tuple(_finding(where, row) for where, row in rows if _result(row) in _FOUND)
    return ScanReport(
        tool=tool,
        scanned_at=max((_seconds(row) for _, row in rows), default=0) * 1_000_000,
        problem=_problem(words),
        passed=words.count("pass"),
        enforcement="audit" if findings else "",
        findings=findings,
    )


def _result(row: Mapping[str, Any]) -> str:
    return text(row.get("result")).lower()


def _seconds(row: Mapping[str, Any]) -> int:
    told = at(row, "timestamp", "seconds")
    return told if type(told) is int and 0 < told < 2**40 else 0


def _problem(words: list[str]) -> str:
    if any(word not in _FOUND and word not in ("pass", "skip") for word in words):
        return "a policy could not be evaluated"
    if all(word == "skip" for word in words):
        return "every policy was skipped"
    return ""


def _finding(where: str, row: Mapping[str, Any]) -> Finding:
    warned = _result(row) == "warn" and not text(row.get("severity"))
    names = (text(row.get("policy")), text(row.get("rule")))
    return Finding(
        rule="/".join(filter(None, names)),
        severity=Severity.MEDIUM if warned else rated(row.get("severity")),
        kind="policy",
        location=where,
        message=clipped(row.get("message")),
    )
