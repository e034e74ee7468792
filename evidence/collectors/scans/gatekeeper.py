"""Constraints of Gatekeeper with the status of their last audit, and exported violations.

`violations` is cut at a limit, `totalViolations` is not: where they differ the rest is not known.
An export holds violations alone, so that without one it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.scans.report import ScanReport, clipped, count, objects, resource
from evidence.model.policy_result import Finding, Severity

TOOL = "gatekeeper"
_GROUP = "constraints.gatekeeper.sh/"
_REPORTS = frozenset({"dryrun", "warn"})
"""Enforcement actions that let in what they find."""


def is_gatekeeper(value: object) -> bool:
    """Whether a document holds constraints, or violations of an audit, and nothing else."""
    found = objects(value)
    return bool(found) and (all(map(_constraint, found)) or all(map(_exported, found)))


def _constraint(body: Mapping[str, Any]) -> bool:
    return text(body.get("apiVersion")).startswith(_GROUP)


def _exported(body: Mapping[str, Any]) -> bool:
    return "violation_audited" in (body.get("eventType"), body.get("event_type"))


def reports(value: object) -> Iterator[ScanReport]:
    """The constraints of a file, taken together. Never raises."""
    found = objects(value)
    exported = [one for one in found if _exported(one)]
    constraints = [one for one in found if not _exported(one)]
    findings = [_violation(one) for one in exported]
    findings += [finding for one in constraints for finding in _violations(one)]
    moments = [iso_micros(at(one, "status", "auditTimestamp")) for one in constraints]
    yield ScanReport(
        tool=TOOL,
        scanned_at=min(moments, default=0),
        problem=_problem(constraints, exported=bool(exported)),
        passed=sum(not items(at(one, "status", "violations")) for one in constraints),
        enforcement=_enforcement(found) if findings else "",
        findings=tuple(findings),
    )


def _problem(constraints: list[Mapping[str, Any]], *, exported: bool) -> str:
    if exported or not constraints:
        return "it holds single violations, not what a whole audit came to"
    for one in constraints:
        status = mapping(one.get("status"))
        if not iso_micros(status.get("auditTimestamp")):
            return "a constraint was not audited"
        total = status.get("totalViolations")
        listed = len(items(status.get("violations")))
        if total is not None and count(total) != listed:
            return "a constraint lists fewer violations than it counts"
    return ""


def _enforcement(found: list[Mapping[str, Any]]) -> str:
    actions = [
        text(at(one, "spec", "enforcementAction"))
        or text(one.get("enforcementAction"))
        or text(one.get("constraint_action"))
        or "deny"
        for one in found
    ]
    return "audit" if any(action in _REPORTS for action in actions) else "enforce"


def _violations(constraint: Mapping[str, Any]) -> Iterator[Finding]:
    name = text(at(constraint, "metadata", "name"))
    for one in map(mapping, items(at(constraint, "status", "violations"))):
        yield Finding(
            rule=f"{text(constraint.get('kind'))}/{name}",
            severity=Severity.UNRATED,
            kind="policy",
            location=resource(one),
            message=clipped(one.get("message")),
        )


def _violation(body: Mapping[str, Any]) -> Finding:
    """One line of the audit's log, or one record of an export: the same under other names."""
    prefix = "" if "eventType" in body else "constraint_"
    names = ("resourceKind", "resourceNamespace", "resourceName")
    if prefix:
        names = ("resource_kind", "resource_namespace", "resource_name")
    kind, namespace, name = (body.get(one) for one in names)
    return Finding(
        rule=f"{text(body.get(f'{prefix}kind'))}/{text(body.get(f'{prefix}name'))}",
        severity=Severity.UNRATED,
        kind="policy",
        location=resource({"kind": kind, "namespace": namespace, "name": name}),
        message=clipped(body.get("message") or body.get("msg")),
    )
