"""Gitleaks' JSON: a bare list of secrets, of version 8 or, with other names, of version 7.

The list says neither version nor what was looked at, and an empty one looks like a run that never
was: whoever hands it over says them. What the secret is never leaves the file: see `hidden`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, full_sha, place
from evidence.model.policy_result import Finding, Severity

TOOL = "gitleaks"


def is_gitleaks(value: object) -> bool:
    """Whether a list is one of Gitleaks; an empty one may be anybody's."""
    found = items(value)
    first = mapping(found[0]) if found else {}
    return {"RuleID", "File"} <= first.keys() or {"rule", "offender"} <= first.keys()


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    yield ScanReport(
        tool=TOOL,
        problem="" if isinstance(value, list) else "it holds no list",
        findings=tuple(_finding(mapping(one)) for one in items(value)),
    )


def _finding(body: Mapping[str, Any]) -> Finding:
    if "RuleID" in body:
        return _read(body, "RuleID", "File", "StartLine", "Commit", "Description")
    return _read(body, "rule", "file", "lineNumber", "commit", "tags")


def _read(
    body: Mapping[str, Any], rule: str, file: str, line: str, commit: str, words: str
) -> Finding:
    return Finding(
        rule=text(body.get(rule)),
        severity=Severity.UNRATED,
        kind="secret",
        location=place(body.get(file), body.get(line)),
        commit=full_sha(body.get(commit)),
        fingerprint=text(body.get("Fingerprint"))[:200],
        message=clipped(body.get(words)),
    )
