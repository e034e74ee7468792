"""Trivy's own JSON: schema 2 of repositories and images, the list before it, and `trivy k8s`.

The file does not name the vulnerability database: `trivy version --format json` does.
Form: github.com/aquasecurity/trivy `pkg/types/report.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

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
from evidence.model.policy_result import Finding, FindingState

TOOL = "trivy"


def is_trivy(value: object) -> bool:
    """Whether a document is a report of Trivy; an empty list or null may be anybody's."""
    body = mapping(value)
    if "SchemaVersion" in body or ("ClusterName" in body and "Resources" in body):
        return True
    first = items(value)
    return bool(first) and "Target" in mapping(first[0])


def reports(value: object) -> Iterator[ScanReport]:
    """The one run of a file. Never raises."""
    body = mapping(value)
    results = _results(value)
    yield ScanReport(
        tool=TOOL,
        tool_version=text(at(body, "Trivy", "Version")),
        scanned_at=iso_micros(body.get("CreatedAt")),
        problem=_problem(body, results),
        passed=_passed(results),
        findings=tuple(finding for one in results for finding in _findings(one)),
        commits=distinct([full_sha(at(body, "Metadata", "Commit"))]),
        digests=distinct(map(digest_in, items(at(body, "Metadata", "RepoDigests")))),
    )


def _results(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, list):
        return [mapping(one) for one in value]
    body = mapping(value)
    found = items(body.get("Results"))
    for resource in items(body.get("Resources")):
        found = [*found, *items(mapping(resource).get("Results"))]
    return [mapping(one) for one in found]


def _problem(body: Mapping[str, Any], results: list[Mapping[str, Any]]) -> str:
    if not results:
        return "it names nothing that was looked at"
    if any(text(mapping(one).get("Error")) for one in items(body.get("Resources"))):
        return "a resource could not be looked at"
    if at(body, "Metadata", "OS", "EOSL") is True:
        return "nobody publishes advisories for this release of the distribution any more"
    return ""


def _passed(results: list[Mapping[str, Any]]) -> int:
    counts = [at(one, "MisconfSummary", "Successes") for one in results]
    told = [one for one in counts if type(one) is int and 0 <= one < 2**31]
    return sum(told) if told else -1


# --- findings


def _findings(result: Mapping[str, Any]) -> Iterator[Finding]:
    target = text(result.get("Target"))
    for name, read in _READERS.items():
        for one in items(result.get(name)):
            body = mapping(one)
            if name != "Misconfigurations" or text(body.get("Status")).upper() != "PASS":
                yield read(body, target, _state(body), "")
    for one in items(result.get("ExperimentalModifiedFindings")):
        yield _set_aside(mapping(one), target)


def _state(body: Mapping[str, Any]) -> FindingState:
    excepted = text(body.get("Status")).upper() == "EXCEPTION"
    return FindingState.SUPPRESSED if excepted else FindingState.OPEN


def _set_aside(body: Mapping[str, Any], target: str) -> Finding:
    """A finding that VEX or an ignore file took out of the list."""
    read = _MODIFIED.get(text(body.get("Type")), _vulnerability)
    words = (text(body.get(name)) for name in ("Statement", "Source", "Status"))
    why = clipped(next(filter(None, words), ""))
    return read(mapping(body.get("Finding")), target, FindingState.SUPPRESSED, why)


def _vulnerability(body: Mapping[str, Any], target: str, state: FindingState, why: str) -> Finding:
    return Finding(
        rule=text(body.get("VulnerabilityID")),
        severity=rated(body.get("Severity") or "unknown"),
        kind="vulnerability",
        package=text(body.get("PkgName")),
        version=text(body.get("InstalledVersion")),
        fixed_version=clipped(body.get("FixedVersion")),
        location=place(text(body.get("PkgPath")) or target),
        fingerprint=text(body.get("Fingerprint"))[:200],
        message=clipped(body.get("Title")),
        state=state,
        justification=why,
    )


def _misconfiguration(
    body: Mapping[str, Any], target: str, state: FindingState, why: str
) -> Finding:
    return Finding(
        rule=text(body.get("ID")) or text(body.get("AVDID")),
        severity=rated(body.get("Severity") or "unknown"),
        kind="configuration",
        location=place(target, at(body, "CauseMetadata", "StartLine")),
        message=clipped(text(body.get("Message")) or body.get("Title")),
        state=state,
        justification=why,
    )


def _secret(body: Mapping[str, Any], target: str, state: FindingState, why: str) -> Finding:
    return Finding(
        rule=text(body.get("RuleID")),
        severity=rated(body.get("Severity")),
        kind="secret",
        location=place(target, body.get("StartLine")),
        message=clipped(body.get("Title")),
        state=state,
        justification=why,
    )


def _licence(body: Mapping[str, Any], target: str, state: FindingState, why: str) -> Finding:
    return Finding(
        rule=text(body.get("Name")),
        severity=rated(body.get("Severity") or "unknown"),
        kind="licence",
        package=text(body.get("PkgName")),
        location=place(text(body.get("FilePath")) or target),
        message=clipped(body.get("Category")),
        state=state,
        justification=why,
    )


_Read = Callable[[Mapping[str, Any], str, FindingState, str], Finding]
_READERS: Mapping[str, _Read] = {
    "Vulnerabilities": _vulnerability,
    "Misconfigurations": _misconfiguration,
    "Secrets": _secret,
    "Licenses": _licence,
}
_MODIFIED: Mapping[str, _Read] = {
    "misconfiguration": _misconfiguration,
    "secret": _secret,
    "license": _licence,
}
"""By `Type` of a finding that was set aside; a vulnerability where it is another."""
