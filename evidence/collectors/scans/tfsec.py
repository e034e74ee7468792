"""tfsec's JSON. Development ended with 1.28; Trivy took its rules over.

It writes `{"results": null}` where it found nothing and where it looked at nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, place, rated
from evidence.model.policy_result import Finding, FindingState

TOOL = "tfsec"
_PASSED, _IGNORED = frozenset({"passed", 1}), frozenset({"ignored", 2})
"""`status` is a word or, in later versions, a number (0: failed)."""


def is_tfsec(value: object) -> bool:
    """Whether a document is tfsec's."""
    body = mapping(value)
    if body.keys() != {"results"}:
        return False
    found = items(body["results"])
    first = mapping(found[0]) if found else {}
    return body["results"] is None or bool({"rule_id", "long_id"} & first.keys())


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    results = [mapping(one) for one in items(mapping(value).get("results"))]
    held = sum(_status(one) in _PASSED for one in results)
    yield ScanReport(
        tool=TOOL,
        problem="" if results else "it writes the same where nothing was looked at",
        passed=held or -1,
        findings=tuple(_finding(one) for one in results if _status(one) not in _PASSED),
    )


def _status(body: Mapping[str, Any]) -> str | int:
    status = body.get("status")
    return status.lower() if isinstance(status, str) else status if type(status) is int else 0


def _finding(body: Mapping[str, Any]) -> Finding:
    ignored = _status(body) in _IGNORED
    words = (text(body.get(name)) for name in ("description", "rule_description"))
    return Finding(
        rule=text(body.get("long_id")) or text(body.get("rule_id")),
        severity=rated(body.get("severity") or "unknown"),
        kind="configuration",
        location=place(at(body, "location", "filename"), at(body, "location", "start_line")),
        message=clipped(next(filter(None, words), "")),
        state=FindingState.SUPPRESSED if ignored else FindingState.OPEN,
    )
