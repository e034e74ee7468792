"""The reconciliation numbers R1, R2, R3, R5 and R6 of a population (controls.md 2.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from evidence.chain.book import BASELINE, OFF_BRANCH, ChangeBook
from evidence.chain.deployments import Operation, history_numbers
from evidence.chain.live import PROBLEM
from evidence.chain.records import BranchCount, Reconciliation
from evidence.model.change import PROMOTION, Change
from evidence.model.production import ProductionDeployment


class Excluded(Protocol):
    """Operations that are no row of the deployment file, by reason."""

    dry_runs: int
    self_heals: int
    other_applications: int


def reconcile(
    operations: Sequence[Operation],
    rows: Sequence[ProductionDeployment],
    changes: Sequence[Change],
    books: Iterable[ChangeBook],
    *,
    counts: Excluded,
    told: tuple[str, ...] = (),
) -> Reconciliation:
    """Counts both directions: deployments to changes and changes to deployments."""
    unmapped = sorted({sha for row in rows for sha in row.unmapped})
    carried = sum(len(one.commits) for row in rows for one in row.ranges)
    landed = [one for one in changes if one.commits and OFF_BRANCH not in one.flags]
    deployed = sum(1 for one in landed if one.deployments)
    baseline = sum(1 for one in landed if BASELINE in one.flags)
    promotions = [one for one in landed if one.change_type == PROMOTION]
    return Reconciliation(
        deployments=len(rows),
        range_commits=carried,
        mapped=carried - sum(len(row.unmapped) for row in rows),
        unmapped=tuple(unmapped),
        unresolved=tuple(row.deployment_id for row in rows if row.problems),
        merged=len(landed),
        deployed=deployed,
        promotions=len(promotions),
        promoting=_promoting(rows, promotions),
        baseline=baseline,
        pending=len(landed) - deployed - baseline,
        not_landed=sum(1 for one in changes if one.merged_at and not one.commits),
        branches=tuple(_branches(books, promotions)),
        history=tuple(history_numbers(operations)),
        live_unexplained=(*_live(rows), *told),
        dry_runs=counts.dry_runs,
        self_heals=counts.self_heals,
        other_applications=counts.other_applications,
    )


def _promoting(rows: Iterable[ProductionDeployment], promotions: Iterable[Change]) -> int:
    """Commits of promotions in the ranges of deployments, counted as the ranges count them."""
    own = {(one.repository, sha) for one in promotions for sha in one.commits}
    return sum(
        (one.repository, sha) in own for row in rows for one in row.ranges for sha in one.commits
    )


def _branches(books: Iterable[ChangeBook], promotions: Iterable[Change]) -> Iterator[BranchCount]:
    found = Counter((one.repository, one.branch) for one in promotions)
    for book in books:
        for count in book.counts():
            yield replace(count, promotions=found[count.repository, count.branch])


def _live(rows: Sequence[ProductionDeployment]) -> tuple[str, ...]:
    """R6: what was live when observed and that no operation seen brought."""
    return tuple(
        sorted(
            f"{row.application}:{one.revision}"
            for row in rows
            if PROBLEM in row.problems
            for one in row.ranges
        )
    )
