"""The reconciliation numbers R1, R2, R3, R5 and R6 of a population (controls.md 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from evidence.chain.book import BASELINE, OFF_BRANCH, ChangeBook
from evidence.chain.deployments import Operation, history_numbers
from evidence.chain.records import PopulationInputs, Reconciliation
from evidence.model.change import Change, ProductionDeployment


class Excluded(Protocol):
    """Operations that are no row of the deployment file, by reason."""

    dry_runs: int
    self_heals: int
    other_applications: int


def reconcile(
    inputs: PopulationInputs,
    operations: Sequence[Operation],
    rows: Sequence[ProductionDeployment],
    changes: Sequence[Change],
    books: Iterable[ChangeBook],
    *,
    counts: Excluded,
) -> Reconciliation:
    """Counts both directions: deployments to changes and changes to deployments."""
    unmapped = sorted({sha for row in rows for sha in row.unmapped})
    carried = sum(len(one.commits) for row in rows for one in row.ranges)
    landed = [one for one in changes if one.commits and OFF_BRANCH not in one.flags]
    deployed = sum(1 for one in landed if one.deployments)
    baseline = sum(1 for one in landed if BASELINE in one.flags)
    return Reconciliation(
        deployments=len(rows),
        range_commits=carried,
        mapped=carried - sum(len(row.unmapped) for row in rows),
        unmapped=tuple(unmapped),
        unresolved=tuple(row.deployment_id for row in rows if row.problems),
        merged=len(landed),
        deployed=deployed,
        baseline=baseline,
        pending=len(landed) - deployed - baseline,
        not_landed=sum(1 for one in changes if one.merged_at and not one.commits),
        branches=tuple(count for book in books for count in book.counts()),
        history=tuple(history_numbers(operations)),
        live_unexplained=_live(inputs, operations),
        dry_runs=counts.dry_runs,
        self_heals=counts.self_heals,
        other_applications=counts.other_applications,
    )


def _live(inputs: PopulationInputs, operations: Sequence[Operation]) -> tuple[str, ...]:
    """R6: revisions that were live when observed and that no operation of the application named."""
    known: dict[tuple[str, str], set[str]] = {}
    for operation in operations:
        known.setdefault(operation.key[:2], set()).update(operation.revisions)
    found: set[str] = set()
    for state in inputs.states:
        key = (state.source, state.application_uid or state.application)
        if state.sync_status.casefold() != "synced":
            continue
        missing = set(state.revisions) - known.get(key, set()) - {""}
        found.update(f"{state.application}:{revision}" for revision in missing)
    return tuple(sorted(found))
