"""What became of each deployment: health at its revision, rollbacks, later tries of the same.

Only what speaks of the deployment's own revision counts, so that a look at what came later never
speaks for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.chain.deployments import Operation
from evidence.chain.looks import Looks, Seen
from evidence.model.aftermath import Aftermath, HealthSeen, Staged
from evidence.model.change import DeploymentKind, ProductionDeployment
from evidence.policy import Policy


def aftermaths(
    policy: Policy,
    rows: Sequence[ProductionDeployment],
    operations: Mapping[str, Operation],
    looks: Looks,
    staged: Mapping[str, Staged],
) -> dict[str, Aftermath]:
    """Deployment id -> what became of it. `rows` in order of start."""
    later: dict[str, list[ProductionDeployment]] = defaultdict(list)
    found: dict[str, Aftermath] = {}
    for row in reversed(rows):
        operation = operations[row.deployment_id]
        deadline = (row.finished_at or row.started_at) + policy.health_limit
        undone = _undone(row, later[row.application])
        retried = _retried(row, later[row.application], operations, deadline)
        beside = [one for one in (undone, retried) if one is not None]
        found[row.deployment_id] = Aftermath(
            health=tuple(_health(row, operation, looks, deadline)),
            undone_at=undone.started_at if undone else 0,
            undone_by=undone.deployment_id if undone else "",
            retried_by=retried.deployment_id if retried else "",
            staged=staged.get(row.deployment_id, Staged()),
            entries=tuple(sorted({seq for one in beside for seq in one.entries})),
        )
        later[row.application].append(row)
    return found


def _health(
    row: ProductionDeployment, operation: Operation, looks: Looks, deadline: int
) -> Iterator[HealthSeen]:
    """Looks from its end to the first one after the time allowed."""
    ended = row.finished_at or row.started_at
    for one in looks.after(operation.key[:2], ended):
        if one.begin >= ended and _speaks(one, operation) and one.state.health:
            yield HealthSeen(
                status=one.state.health,
                since=one.state.health_since,
                seen_from=one.begin,
                seen_until=one.end,
                entry=one.state.entry_seq,
            )
        if one.begin > deadline:
            return


def _speaks(one: Seen, operation: Operation) -> bool:
    """The look was at this operation's revisions, or its history ended with this operation."""
    number = operation.deployment.history_id
    last = max(one.state.history_ids, default=-1)
    named = any(one.state.revisions) and one.state.revisions == operation.revisions
    return named or (number >= 0 and last == number)


def _undone(
    row: ProductionDeployment, later: Iterable[ProductionDeployment]
) -> ProductionDeployment | None:
    """The first rollback that took away what it had brought. `later` newest first."""
    own = {(one.repository, one.revision) for one in row.ranges if one.revision}
    found = None
    for one in later:
        back = one.kind == DeploymentKind.ROLLBACK
        gone = {(span.repository, sha) for span in one.ranges for sha in span.removed}
        if back and own & gone:
            found = one
    return found


def _retried(
    row: ProductionDeployment,
    later: Iterable[ProductionDeployment],
    operations: Mapping[str, Operation],
    deadline: int,
) -> ProductionDeployment | None:
    """The first later operation on the same revisions that succeeded in time."""
    own = operations[row.deployment_id]
    if own.succeeded or not any(own.revisions):
        return None
    found = None
    for one in later:
        other = operations[one.deployment_id]
        if other.settles and other.revisions == own.revisions and one.started_at <= deadline:
            found = one
    return found
