"""Rollbacks, by the change that production was taken back to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from evidence.model.production import DeploymentKind, ProductionDeployment


def returned_to(deployment: ProductionDeployment) -> set[str]:
    """Ids of the changes whose result a rollback put back into production; of no other, none."""
    return {
        span.landed_by
        for span in deployment.ranges
        if span.kind is DeploymentKind.ROLLBACK and span.landed_by
    }


def returns_of(
    deployments: Iterable[ProductionDeployment],
) -> Mapping[str, tuple[ProductionDeployment, ...]]:
    """Change id -> the rollbacks to it, in order of start."""
    found: dict[str, list[ProductionDeployment]] = defaultdict(list)
    for one in sorted(deployments, key=lambda one: (one.started_at, one.deployment_id)):
        for change_id in returned_to(one):
            found[change_id].append(one)
    return {change_id: tuple(rows) for change_id, rows in found.items()}
