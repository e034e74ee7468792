"""Writing the deployments out: with their ranges, the changes these brought, and their links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from evidence.chain.book import ChangeBook
from evidence.chain.carried import Carried
from evidence.chain.deliveries import delivery_links
from evidence.chain.digests import Digests
from evidence.chain.graph import CommitGraph
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft, row_kind
from evidence.chain.running import settled, standing_of
from evidence.chain.witnesses import witness_links
from evidence.model.change import Link, LinkKind, Strength
from evidence.model.production import (
    DeploymentKind,
    ProductionDeployment,
    RevisionRange,
    RunningImage,
)


def write_rows(
    drafts: list[Draft],
    books: Mapping[str, ChangeBook],
    inputs: PopulationInputs,
    digests: Digests,
) -> tuple[tuple[ProductionDeployment, ...], dict[str, Carried]]:
    """The rows in order of start, and what carried each change: change id -> deployments.

    Takes each draft off the list once its row is written: both need not fit into memory.
    """
    carried: dict[str, Carried] = defaultdict(Carried)
    carried |= {change_id: one.copy() for change_id, one in inputs.carried.items()}
    graphs = inputs.graphs
    rows: list[ProductionDeployment] = []
    runs: dict[RunningImage, RunningImage] = {}
    drafts.sort(key=lambda one: (one.operation.deployment.started_at, one.operation.id))
    drafts.reverse()
    while drafts:
        draft = drafts.pop()
        for one in draft.running:
            if one not in runs:
                runs[one] = settled(one, books, graphs, digests)
        row = _write_row(draft, books, graphs, runs)
        rows.append(row)
        for change_id in row.changes:
            carried[change_id].add(row, draft.application.values_keys)
    return tuple(rows), carried


def _write_row(
    draft: Draft,
    books: Mapping[str, ChangeBook],
    graphs: Mapping[str, CommitGraph],
    runs: Mapping[RunningImage, RunningImage],
) -> ProductionDeployment:
    operation, deployment = draft.operation, draft.operation.deployment
    changes: dict[str, None] = {}
    unmapped: list[str] = []
    for one in draft.ranges:
        shas, book = graphs[one.repository].shas, books[one.repository]
        if one.commits and not book.on_branch(one.revision):
            draft.flags.add("off_branch")
        for commit, change_id in book.owners(one.revision, one.commits):
            changes[change_id] = None
            if change_id in book.ambiguous:
                unmapped.append(f"{one.repository}:{shas[commit]}")
    ranges = (*(_range(one, books, graphs) for one in draft.ranges), *draft.plain)
    _flag_baseline(draft, ranges)
    return ProductionDeployment(
        deployment_id=operation.id,
        application=draft.application.id,
        environment=draft.application.environment,
        kind=row_kind(draft),
        started_at=deployment.started_at,
        finished_at=deployment.finished_at,
        phase=deployment.phase,
        initiator=deployment.initiator,
        automated=deployment.automated,
        approvers=deployment.approvers,
        started_by=deployment.started_by,
        ranges=ranges,
        images=tuple(draft.images),
        running=tuple(runs[one] for one in draft.running),
        changes=tuple(changes),
        unmapped=tuple(unmapped),
        problems=tuple(sorted(draft.problems)),
        links=_links(draft),
        origins=(*operation.origins, *(one.deployment.source for one in draft.witnesses)),
        entries=_entries(draft),
        flags=tuple(sorted(draft.flags)),
    )


def _range(
    one: RangeDraft, books: Mapping[str, ChangeBook], graphs: Mapping[str, CommitGraph]
) -> RevisionRange:
    book = books[one.repository]
    standing, change_id = standing_of(book, one.revision)
    last = [owner for _, owner in book.owners(one.revision, one.commits[-1:])]
    return replace(
        one.write(graphs[one.repository]),
        standing=standing,
        landed_by=change_id,
        last_by=last[0] if last else "",
    )


def _flag_baseline(draft: Draft, ranges: Iterable[RevisionRange]) -> None:
    """A first deployment without a baseline brings nothing new; so does an image's first."""
    for one in ranges:
        if one.kind == DeploymentKind.FIRST and not one.previous:
            draft.flags.add("image_baseline" if one.through else "baseline")
    if "baseline" in draft.flags:
        draft.flags.discard("image_baseline")


def _links(draft: Draft) -> tuple[Link, ...]:
    """What its row is linked to: sources, an attempt before it, deliveries, witnesses."""
    told = (*delivery_links(draft.operation), *witness_links(draft))
    return (*draft.links, *_retry_link(draft), *told)


def _entries(draft: Draft) -> tuple[int, ...]:
    """Ledger entries of an operation and of its witnesses, ascending."""
    more = {seq for one in draft.witnesses for seq in one.entries}
    return tuple(sorted({*draft.operation.all_entries, *more}))


def _retry_link(draft: Draft) -> tuple[Link, ...]:
    if not draft.retries:
        return ()
    return (
        Link(
            kind=LinkKind.DEPLOYMENT,
            source=f"deployment:{draft.operation.id}",
            target=f"deployment:{draft.retries}",
            basis="retry_of",
            strength=Strength.PROVED,
            detail="the operation before it was on the same revisions and did not succeed",
            entries=draft.operation.entries,
        ),
    )
