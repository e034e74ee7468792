"""What became of each deployment: health at its revision, rollbacks, later tries of the same.

Only what speaks of the deployment's own revision counts, so that a look at what came later never
speaks for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from evidence.chain.deployments import Operation
from evidence.chain.looks import Looks, Seen
from evidence.model.aftermath import Aftermath, HealthSeen, Staged
from evidence.model.production import DeploymentKind, ProductionDeployment
from evidence.model.rollout import Verdict
from evidence.policy import Policy

BELONGS = 86_400_000_000
"""Microseconds after an operation within which a rollback by its rollout surely is one of it."""


def aftermaths(
    policy: Policy,
    rows: Sequence[ProductionDeployment],
    operations: Mapping[str, Operation],
    looks: Looks,
    staged: Mapping[str, Staged],
) -> dict[str, Aftermath]:
    """Deployment id -> what became of it. `rows` in order of start."""
    later: dict[str, _Later] = defaultdict(_Later)
    found: dict[str, Aftermath] = {}
    for row in reversed(rows):
        operation, after = operations[row.deployment_id], later[row.application]
        deadline = (row.finished_at or row.started_at) + policy.health_limit
        undone = after.undoing(row)
        retried = after.retrying(operation, deadline)
        beside = [one for one in (undone, retried) if one is not None]
        found[row.deployment_id] = Aftermath(
            health=tuple(_health(row, operation, looks, deadline)),
            promoted_at=_promoted(operation),
            stopped_at=_stopped(operation),
            failed_at=_moment(operation, Verdict.FAILED),
            undone_at=undone.started_at if undone else 0,
            undone_by=undone.deployment_id if undone else "",
            retried_by=retried.deployment_id if retried else "",
            staged=staged.get(row.deployment_id, Staged()),
            entries=tuple(sorted({seq for one in beside for seq in one.entries})),
        )
        after.add(row, operation)
    return found


@dataclass(slots=True)
class _Later:
    """What came after a deployment of one application, found without a walk over all of it.

    Deployments are added from the last one back, so that what is found is the first one after.
    """

    _undoing: dict[tuple[str, str], tuple[int, ProductionDeployment]] = field(default_factory=dict)
    """(repository, commit) -> the first rollback that took it away, and its place from the end."""
    _retrying: dict[tuple[str, ...], ProductionDeployment] = field(default_factory=dict)
    """Revisions -> the first deployment that settled them."""
    _added: int = 0

    def add(self, row: ProductionDeployment, operation: Operation) -> None:
        """Takes in the deployment before all that were added."""
        self._added += 1
        if row.kind == DeploymentKind.ROLLBACK:
            for span in row.ranges:
                for sha in span.removed:
                    self._undoing[span.repository, sha] = (self._added, row)
        if operation.settles:
            self._retrying[operation.revisions] = row

    def undoing(self, row: ProductionDeployment) -> ProductionDeployment | None:
        """The first rollback that took away what it had brought."""
        own = {(one.repository, one.revision) for one in row.ranges if one.revision}
        found = [self._undoing[one] for one in own if one in self._undoing]
        return max(found, key=itemgetter(0))[1] if found else None

    def retrying(self, operation: Operation, deadline: int) -> ProductionDeployment | None:
        """The first later operation on the same revisions that succeeded in time."""
        if operation.succeeded or not any(operation.revisions):
            return None
        found = self._retrying.get(operation.revisions)
        return found if found is not None and found.started_at <= deadline else None


def _promoted(operation: Operation) -> int:
    """When the last of its deliveries was promoted; 0 as long as one of them was not."""
    if any(one.verdict is not Verdict.PROMOTED for one in operation.deliveries):
        return 0
    return _moment(operation, Verdict.PROMOTED)


def _stopped(operation: Operation) -> int:
    """When one of its deliveries was taken back.

    One that ended long after the operation belongs to it by name only, perhaps to another that
    nobody saw.
    """
    ended = operation.deployment.finished_at or operation.deployment.started_at
    moment = max(_moment(operation, Verdict.ABORTED), _moment(operation, Verdict.ROLLED_BACK))
    return moment if moment <= ended + BELONGS else 0


def _moment(operation: Operation, verdict: Verdict) -> int:
    steps = [one.step for one in operation.deliveries if one.verdict is verdict]
    return max(
        (one.aborted_at or one.ended_at or one.observed_at for one in steps),
        default=0,
    )


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
    """The look found these revisions synced, or its history ended with this operation.

    The revision of a state that is not synced is what is tracked, not what runs.
    """
    state, number = one.state, operation.deployment.history_id
    last = max(state.history_ids, default=-1)
    synced = state.sync_status.casefold() == "synced" and any(state.revisions)
    named = synced and state.revisions == operation.revisions
    return named or (number >= 0 and last == number)


def wavers(after: Aftermath) -> bool:
    """It was not well when last seen: each further look may tell that it still is not."""
    return bool(after.health) and not after.undone_at and not _well(after)


def _well(after: Aftermath) -> bool:
    words = (one.status.casefold() for one in after.health)
    return any(word == "healthy" or word.endswith("succeeded") for word in words)
