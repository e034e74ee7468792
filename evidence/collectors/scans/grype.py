"""Grype's JSON: matches of a vulnerability database with the packages of an image or a directory.

Form: github.com/anchore/grype `grype/presenter/models/document.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text, texts
from evidence.collectors.scans.report import ScanReport, clipped, digest_in, distinct, place, rated
from evidence.model.policy_result import Finding, FindingState

TOOL = "grype"
_UNTOLD = frozenset({"", "[not provided]", "unknown"})


def is_grype(value: object) -> bool:
    """Whether a document is Grype's."""
    body = mapping(value)
    return at(body, "descriptor", "name") == TOOL or {"matches", "descriptor"} <= body.keys()


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    body = mapping(value)
    version = text(at(body, "descriptor", "version"))
    built = _built(mapping(at(body, "descriptor", "db")))
    target = mapping(at(body, "source", "target"))
    named = [target.get("manifestDigest"), *items(target.get("repoDigests"))]
    yield ScanReport(
        tool=TOOL,
        tool_version="" if version in _UNTOLD else version,
        database=built,
        database_at=iso_micros(built),
        scanned_at=iso_micros(at(body, "descriptor", "timestamp")),
        problem=_problem(body, built),
        findings=tuple(_findings(body)),
        digests=distinct(map(digest_in, named)),
    )


def _built(db: Mapping[str, Any]) -> str:
    """When the database was made: at the top until schema 5, under `status` from 6 on."""
    return text(at(db, "status", "built")) or text(db.get("built"))


def _problem(body: Mapping[str, Any], built: str) -> str:
    db = mapping(at(body, "descriptor", "db"))
    if not isinstance(body.get("matches"), list):
        return "it holds no list of matches"
    if db.get("error") or at(db, "status", "error") or at(db, "status", "valid") is False:
        return "its vulnerability database was not sound"
    if not body["matches"] and not built:
        return "it found nothing and names no vulnerability database"
    if not body["matches"] and text(at(body, "source", "type")) in _UNTOLD:
        return "it found nothing and does not say what it looked at"
    return ""


def _findings(body: Mapping[str, Any]) -> Iterator[Finding]:
    for one in items(body.get("matches")):
        yield _finding(mapping(one), FindingState.OPEN)
    for one in items(body.get("ignoredMatches")):
        yield _finding(mapping(one), FindingState.SUPPRESSED)


def _finding(match: Mapping[str, Any], state: FindingState) -> Finding:
    artifact = mapping(match.get("artifact"))
    locations = items(artifact.get("locations"))
    return Finding(
        rule=text(at(match, "vulnerability", "id")),
        severity=rated(at(match, "vulnerability", "severity") or "unknown"),
        kind="vulnerability",
        package=text(artifact.get("name")),
        version=text(artifact.get("version")),
        fixed_version=clipped(", ".join(texts(at(match, "vulnerability", "fix", "versions")))),
        location=place(at(locations[0], "path") if locations else ""),
        message=clipped(at(match, "vulnerability", "description")),
        state=state,
        justification=_why(match) if state is FindingState.SUPPRESSED else "",
    )


def _why(match: Mapping[str, Any]) -> str:
    """The ignore rules that were applied, as far as they are told in words."""
    words = (
        text(mapping(rule).get(name))
        for rule in items(match.get("appliedIgnoreRules"))
        for name in ("reason", "vex-justification", "vex-status", "vulnerability")
    )
    return clipped(next(filter(None, words), ""))
