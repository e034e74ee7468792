"""Reports that the Trivy Operator keeps in a cluster (`aquasecurity.github.io`), one per workload.

Read are reports on images, workloads and roles. A `ClusterComplianceReport` counts over a whole
cluster and is about no commit or image: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import (
    ScanReport,
    clipped,
    digest_in,
    distinct,
    objects,
    place,
    rated,
    resource,
)
from evidence.model.policy_result import Finding

TOOL = "trivy-operator"
_GROUP = "aquasecurity.github.io/"
_LISTS = ("vulnerabilities", "checks", "secrets")
_REFUSED = "compliance"


def is_trivy_operator(value: object) -> bool:
    """Whether a document holds reports of the operator and nothing else."""
    found = objects(value)
    return bool(found) and all(
        text(one.get("apiVersion")).startswith(_GROUP)
        and _REFUSED not in text(one.get("kind")).lower()
        for one in found
    )


def reports(value: object) -> Iterator[ScanReport]:
    """Each report of a file. Never raises."""
    for one in objects(value):
        report = mapping(one.get("report"))
        labels = mapping(at(one, "metadata", "labels"))
        prefix = "trivy-operator.resource."
        where = resource({n: labels.get(prefix + n) for n in ("kind", "namespace", "name")})
        yield ScanReport(
            tool=TOOL,
            tool_version=text(at(report, "scanner", "version")),
            category=text(one.get("kind")),
            scanned_at=iso_micros(report.get("updateTimestamp")),
            problem=_problem(report),
            passed=sum(_held(row) for row in _rows(report, "checks")),
            findings=tuple(_findings(report, where)),
            digests=distinct([digest_in(at(report, "artifact", "digest"))]),
        )


def _rows(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [mapping(one) for one in items(report.get(name))]


def _held(row: Mapping[str, Any]) -> bool:
    return row.get("success") is True


def _problem(report: Mapping[str, Any]) -> str:
    if not any(isinstance(report.get(name), list) for name in _LISTS):
        return "it holds no list of what was found"
    return ""


def _findings(report: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for one in _rows(report, "vulnerabilities"):
        yield Finding(
            rule=text(one.get("vulnerabilityID")),
            severity=rated(one.get("severity") or "unknown"),
            kind="vulnerability",
            package=text(one.get("resource")),
            version=text(one.get("installedVersion")),
            fixed_version=clipped(one.get("fixedVersion")),
            location=where,
            message=clipped(one.get("title")),
        )
    for one in _rows(report, "checks"):
        if not _held(one):
            yield Finding(
                rule=text(one.get("checkID")),
                severity=rated(one.get("severity") or "unknown"),
                kind="configuration",
                location=where,
                message=clipped(one.get("title")),
            )
    for one in _rows(report, "secrets"):
        yield Finding(
            rule=text(one.get("ruleID")),
            severity=rated(one.get("severity")),
            kind="secret",
            location=place(text(one.get("target")) or where),
            message=clipped(one.get("title")),
        )
