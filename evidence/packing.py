"""Fills a packet: which changes and deployments a period holds, how they were judged, and on what.

Reads the store and decides as of the period's end; writes nothing to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from evidence.collectors.interface import Progress, no_progress
from evidence.controls import evaluate
from evidence.deciding.case import Case
from evidence.deciding.decide import evaluate_deployments
from evidence.deciding.dispositions import Disposing, disposing
from evidence.manifest.capture_file import CaptureFile
from evidence.model.chain import Chain
from evidence.model.change import PROMOTION, Change, ChangeKind
from evidence.model.determination import Determination
from evidence.model.fact import Fact
from evidence.model.git import Commit
from evidence.model.production import ProductionDeployment
from evidence.report.data import GapRecord, Period
from evidence.store import ledger, queries
from evidence.store.session import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What belongs to a period."""

    population: tuple[Change, ...]
    """Changes that first reached production in it, by change id."""
    promotions: tuple[Change, ...]
    """Configuration changes that first reached production in it and only move images of ours: no
    second row for what they promote, but judged and printed in a stratum of their own."""
    undeployed: tuple[Change, ...]
    """Landed in it and not in production at its end, by change id."""
    deployments: tuple[ProductionDeployment, ...]
    by_branch: bool
    """No deployer is configured: the population is what landed on production branches."""
    claimed: int
    """Changes placed in the period by a Git client's time, because no server gave one."""
    before: int
    """Changes that landed in the period and that the first observed deployment contained, before
    the start of the scope: they are not tested."""


@dataclass(slots=True, kw_only=True)
class Results:
    """How the selection was judged, and the ledger entries that this rests on."""

    held: Disposing
    """The register of dispositions, and what it comes to."""
    determinations: dict[str, list[Determination]] = field(default_factory=dict)
    entries: set[int] = field(default_factory=set)


def select(case: Case, period: Period) -> Selection:
    """The changes and deployments of a period, each operation placed by its end."""
    everything = case.population
    placed = {
        one.deployment_id: one.finished_at or one.started_at for one in everything.deployments
    }
    by_branch = not case.policy.applications
    claims = _claimed_times(case, everything.changes)
    population: list[Change] = []
    promotions: list[Change] = []
    undeployed: list[Change] = []
    claimed = before = 0
    for change in everything.changes:
        first = placed.get(change.deployments[0], 0) if change.deployments else 0
        landed = change.merged_at or claims.get((change.repository, change.landing_sha), 0)
        if first and _within(first, period):
            (promotions if change.change_type == PROMOTION else population).append(change)
        elif not first and "deployed_before_observation" in change.flags:
            # It landed in the period and an observed deployment holds it: deployed in between.
            if _within(landed, period):
                population.append(change)
        elif not first and "baseline" in change.flags:
            before += _within(landed, period)
        elif (not first or first >= period.to_us) and _within(landed, period) and change.commits:
            claimed += not change.merged_at
            (population if by_branch else undeployed).append(change)
    return Selection(
        population=tuple(population),
        promotions=tuple(promotions),
        undeployed=tuple(undeployed),
        deployments=tuple(
            one for one in everything.deployments if _within(placed[one.deployment_id], period)
        ),
        by_branch=by_branch,
        claimed=claimed,
        before=before,
    )


def judge(case: Case, selection: Selection, progress: Progress = no_progress) -> Results:
    """Evaluates every change and deployment of the selection as of the case's moment."""
    results = Results(held=disposing(case))
    changes = ordered(selection)
    for done, chain in enumerate(case.chains(changes), start=1):
        found = list(evaluate.evaluate_change(chain, case.policy, case.as_of))
        case.landings.note(chain)
        results.determinations[chain.change.change_id] = found
        results.held.change(chain, found)
        results.entries |= _rests_on(chain, found)
        progress("changes judged", done, len(changes))
    for one in evaluate_deployments(case, selection.deployments):
        results.determinations.setdefault(one.subject, []).append(one)
        results.entries |= set(one.entries)
    for deployment in selection.deployments:
        results.entries |= set(deployment.entries)
        results.held.deployment(
            deployment, results.determinations.get(deployment.deployment_id, ())
        )
    return results


def ordered(selection: Selection) -> list[Change]:
    """All changes of a packet in ascending order of their ids."""
    return sorted(
        (*selection.population, *selection.promotions, *selection.undeployed),
        key=lambda change: change.change_id,
    )


def captures(store: Store, entries: Iterable[int], at: int) -> Iterator[CaptureFile]:
    """Ledger entries below `at` with payload and inclusion proof, ascending."""
    wanted = sorted({seq for seq in entries if 0 <= seq < at})
    proofs = ledger.inclusions(store, wanted, at)
    for row, (_, proof) in zip(queries.entries_in(store, wanted), proofs, strict=True):
        yield CaptureFile(
            seq=row.seq,
            envelope=row.text,
            salt=row.salt if row.payload is not None else None,
            payload=row.payload,
            proof=tuple(proof),
        )


def gap_records(store: Store, at: int) -> tuple[GapRecord, ...]:
    """Every gap that was open or closed by then."""
    return tuple(
        GapRecord(
            gap=row.gap,
            opened_at=row.opened_at,
            closed_at=row.closed_at or 0,
            entry_seq=row.entry_seq,
        )
        for row in queries.gaps(store, open_only=False, at=at)
    )


def _within(moment: int, period: Period) -> bool:
    return period.from_us <= moment < period.to_us


def _claimed_times(case: Case, changes: Sequence[Change]) -> Mapping[tuple[str, str], int]:
    """Committer times of direct changes: claims, used to place and never to judge."""
    wanted: dict[str, set[str]] = {}
    for change in changes:
        if change.kind is ChangeKind.DIRECT and not change.merged_at:
            wanted.setdefault(change.repository, set()).add(change.landing_sha)
    found: dict[tuple[str, str], int] = {}
    for repository, shas in wanted.items():
        columns = ("sha", "committer_time")
        rows = queries.stream(case.store, Commit, columns, repository=repository)
        found |= {(repository, sha): time for sha, time in rows if sha in shas}
    return found


def _rests_on(chain: Chain, determinations: Iterable[Determination]) -> set[int]:
    found = {seq for link in chain.links for seq in link.entries}
    found |= {seq for one in determinations for seq in one.entries}
    for each in fields(chain.evidence):
        value = getattr(chain.evidence, each.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Fact) and not isinstance(item, Commit):
                found.add(item.entry_seq)
    return found
