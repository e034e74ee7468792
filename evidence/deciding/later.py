"""What a sync judges again without a new fact: deployments and changes whose time runs on."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.chain.aftermath import wavers
from evidence.controls.attributes import cm_12
from evidence.deciding.case import Case
from evidence.model.aftermath import Aftermath
from evidence.store import since as small
from evidence.store.session import Store


def waiting(store: Store) -> set[str]:
    """Ids of changes that time alone, or one more look at a source, may have come out otherwise.

    They are few: emergencies whose procedure is not over, or was not read to its end.
    """
    known = small.found_by(store, small.URGENT)
    return small.flagged(store, known, cm_12.CONTROL, cm_12.DUE)


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
