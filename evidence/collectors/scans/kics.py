"""KICS' JSON: queries over infrastructure code, each with the files that it found something in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, count, place, rated
from evidence.model.policy_result import Finding

TOOL = "kics"
_FAILED = ("files_failed_to_scan", "queries_failed_to_execute")


def is_kics(value: object) -> bool:
    """Whether a document is KICS'."""
    return {"queries_total", "files_scanned"} <= mapping(value).keys()


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    body = mapping(value)
    findings = tuple(_findings(body))
    yield ScanReport(
        tool=TOOL,
        tool_version=text(body.get("kics_version")),
        scanned_at=iso_micros(body.get("end")) or iso_micros(body.get("start")),
        problem=_problem(body, len(findings)),
        findings=findings,
    )


def _problem(body: Mapping[str, Any], found: int) -> str:
    if not isinstance(body.get("queries"), list):
        return "it holds no list of queries"
    if count(body.get("files_scanned")) <= 0 or count(body.get("queries_total")) <= 0:
        return "no file was looked at, or by no query"
    if any(count(body.get(name)) != 0 for name in _FAILED):
        return "some files or queries failed"
    if count(body.get("total_counter")) > found:
        return "it lists fewer findings than it counts"
    return ""


def _findings(body: Mapping[str, Any]) -> Iterator[Finding]:
    for query in map(mapping, items(body.get("queries"))):
        for file in map(mapping, items(query.get("files"))):
            yield Finding(
                rule=text(query.get("query_id")),
                severity=rated(query.get("severity") or "unknown"),
                kind="configuration",
                location=place(file.get("file_name"), file.get("line")),
                fingerprint=text(file.get("similarity_id"))[:200],
                message=clipped(query.get("query_name")),
            )
