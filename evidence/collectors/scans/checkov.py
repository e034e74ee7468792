"""Checkov's JSON: an object, a list of them where several frameworks ran, or a flat summary.

The flat one is written where nothing was examined; a file that could not be read is only counted,
with exit code 0. Without its platform Checkov rates nothing, and every failed check counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, count, place, rated
from evidence.model.policy_result import Finding, FindingState

TOOL = "checkov"


def is_checkov(value: object) -> bool:
    """Whether a document is Checkov's."""
    found = [mapping(one) for one in (value if isinstance(value, list) else [value])]
    return bool(found) and all(
        "checkov_version" in one or {"check_type", "results"} <= one.keys() for one in found
    )


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file, all its frameworks together. Never raises."""
    found = [mapping(one) for one in (value if isinstance(value, list) else [value])]
    versions = (
        text(at(one, "summary", "checkov_version")) or text(one.get("checkov_version"))
        for one in found
    )
    yield ScanReport(
        tool=TOOL,
        tool_version=next(filter(None, versions), ""),
        problem=next(filter(None, map(_problem, found)), "" if found else "it holds nothing"),
        passed=sum(max(0, count(at(one, "summary", "passed"))) for one in found),
        findings=tuple(finding for one in found for finding in _findings(one)),
    )


def _problem(body: Mapping[str, Any]) -> str:
    """Each framework has looked at something, has read every file and lists what failed."""
    summary = mapping(body.get("summary"))
    counts = [count(summary.get(name)) for name in ("passed", "failed", "skipped")]
    failed = at(body, "results", "failed_checks")
    if not isinstance(failed, list) or not summary:
        return "it is the summary that is written where nothing was examined"
    if count(summary.get("parsing_errors")) != 0 or items(at(body, "results", "parsing_errors")):
        return "some files could not be read"
    if -1 in counts or sum(counts) == 0:
        return "no check was made"
    if len(failed) < counts[1]:
        return "it lists fewer failed checks than it counts"
    return ""


def _findings(body: Mapping[str, Any]) -> Iterator[Finding]:
    kind = "secret" if text(body.get("check_type")) == "secrets" else "configuration"
    for name, state in (
        ("failed_checks", FindingState.OPEN),
        ("skipped_checks", FindingState.SUPPRESSED),
    ):
        for one in items(at(body, "results", name)):
            yield _finding(mapping(one), kind, state)


def _finding(body: Mapping[str, Any], kind: str, state: FindingState) -> Finding:
    lines = items(body.get("file_line_range"))
    words = (text(body.get("check_name")), text(body.get("resource")))
    return Finding(
        rule=text(body.get("check_id")),
        severity=rated(body.get("severity")),
        kind=kind,
        location=place(text(body.get("file_path")).lstrip("/"), lines[0] if lines else 0),
        message=clipped(": ".join(filter(None, words))),
        state=state,
        justification=clipped(at(body, "check_result", "suppress_comment")),
    )
