"""Which deployments a sync judges again: by later looks, and by passed deadlines."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.chain.aftermath import wavers
from evidence.deciding.case import Case
from evidence.model.aftermath import Aftermath


def due_again(case: Case, since: int, last: int) -> frozenset[str]:
    """Ids of deployments of which entries from `since` on, or the time since `last`, tell more.

    `last` is the moment of the last decision, microseconds UTC.
    """
    return frozenset(_due(case, since, last))


def _due(case: Case, since: int, last: int) -> Iterator[str]:
    limit = case.policy.health_limit
    found = case.population.aftermaths
    for row in case.population.deployments:
        after = found.get(row.deployment_id)
        if after is None:
            continue
        ended = row.finished_at or row.started_at
        if _newest(after) >= since or last < ended + limit <= case.as_of or wavers(after):
            yield row.deployment_id


def _newest(after: Aftermath) -> int:
    seen = max((one.entry for one in after.health), default=-1)
    return max(seen, *after.entries, *after.staged.entries, -1)
