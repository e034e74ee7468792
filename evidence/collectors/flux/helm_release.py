"""A HelmRelease as deployments: one per release version that its history still holds. Pure.

Helm numbers the releases of a name from 1 and keeps each one's time, so that a version is a stable
identity; Flux keeps the versions back to the previous success, five at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.flux.reading import FluxObject, automated, state
from evidence.collectors.flux.revisions import built_from
from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text
from evidence.model.capture import GapReason
from evidence.model.deployment import ApplicationState, DeployedSource, Deployment

PHASES = {
    "deployed": "Succeeded",
    "superseded": "Succeeded",
    "uninstalling": "Succeeded",
    "uninstalled": "Succeeded",
    "failed": "Failed",
    "pending-install": "Running",
    "pending-upgrade": "Running",
    "pending-rollback": "Running",
}
"""Helm's status of a release -> how the operation that made it ended; others as Helm says."""


def helm_release(found: FluxObject) -> Iterator[Deployment | ApplicationState]:
    """Deployments by start, then the present state."""
    rows = [mapping(each) for each in items(found.status.get("history"))]
    made: dict[int, Deployment] = {}
    for row in rows:
        one = _deployment(found, row)
        if not one.started_at:
            found.gap(GapReason.MALFORMED, f"A release of {found.name} has no time.")
        elif one.started_at in made:
            found.gap(GapReason.CONTRADICTION, f"Two releases of {found.name} start together.")
        else:
            made[one.started_at] = one
    yield from (made[start] for start in sorted(made))
    live = [row for row in rows if row.get("status") == "deployed"]
    yield state(found, (_source(found, live[0]),) if live else ())


def _deployment(found: FluxObject, row: Mapping[str, Any]) -> Deployment:
    status, number = text(row.get("status")), row.get("version")
    started = iso_micros(row.get("lastDeployed"))
    return Deployment(
        source=found.capture.source,
        application_uid=found.uid,
        application=found.application,
        started_at=started,
        finished_at=started,
        phase=PHASES.get(status, status or "Unknown"),
        sources=(_source(found, row),),
        initiator=None,
        automated=automated(found, started),
        history_id=number if type(number) is int and 0 < number < 2**63 else -1,
        message=text(row.get("action")),
        origin="history",
    )


def _source(found: FluxObject, row: Mapping[str, Any]) -> DeployedSource:
    """The chart; one that is built from Git leads to a commit only by its version's suffix."""
    version = text(row.get("chartVersion"))
    asked = mapping(at(found.spec, "chart", "spec"))
    told = text(at(asked, "sourceRef", "kind")) or text(at(found.spec, "chartRef", "kind"))
    kind = found.context("source_kind") or told
    if kind == "GitRepository":
        return DeployedSource(
            repo_url=found.context("source_url"),
            path=text(asked.get("chart")),
            target_revision=version,
            revision=built_from(version),
        )
    return DeployedSource(
        repo_url=found.context("source_url"),
        path="",
        target_revision=text(asked.get("version")),
        revision=version,
        chart=text(row.get("chartName")) or text(asked.get("chart")) or "chart",
        kind="oci" if kind == "OCIRepository" else "helm",
        digest=text(row.get("ociDigest")),
    )
