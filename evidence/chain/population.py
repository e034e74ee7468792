"""The complete list of production changes and deployments, and the numbers that reconcile them.

`build_population` is a pure function: call it, have `Population.questions` answered, call it again
with the answers until no question is new. It builds everything anew from slim inputs; only the
chains of changes that differ need to be built again.

An operation that may have altered production is a row whatever its phase (dry runs are not). A
change's first deployment is the first such operation that may have carried it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evidence.chain.after import after
from evidence.chain.book import ChangeBook
from evidence.chain.carried import Carried
from evidence.chain.changes import PullRequestHead
from evidence.chain.deliveries import delivery_links
from evidence.chain.deployments import Operation, select_application, unite
from evidence.chain.digests import Digests
from evidence.chain.graph import CommitGraph
from evidence.chain.handing import application_end, handover
from evidence.chain.handover import ApplicationEnd
from evidence.chain.hop import Hop
from evidence.chain.inquiry import Inquiry
from evidence.chain.parents import Parents
from evidence.chain.promotions import Promotions
from evidence.chain.reconcile import reconcile
from evidence.chain.records import Counts, Population, PopulationInputs, Reconciliation
from evidence.chain.rows import Draft, RangeDraft, draft_ranges, draft_rows, only_seen, row_kind
from evidence.chain.running import settled, standing_of
from evidence.chain.scope import Scope
from evidence.chain.sources import Locator
from evidence.chain.submodules import Submodules
from evidence.chain.witnesses import attach, with_witnesses, witness_links, witness_of
from evidence.chain.writing import write_changes
from evidence.model.change import Link, LinkKind, Strength
from evidence.model.git import GitQuestion
from evidence.model.production import (
    DeploymentKind,
    ProductionDeployment,
    RevisionRange,
    RunningImage,
)
from evidence.policy import Application, Policy

__all__ = ["Population", "PopulationInputs", "Reconciliation", "build_population"]


def build_population(policy: Policy, inputs: PopulationInputs) -> Population:
    """Deployments, changes, open questions and reconciliation numbers. Deterministic.

    The order of the inputs does not matter. Raises ValueError only for a graph with a cycle.
    """
    inquiry = Inquiry(inputs.answers)
    locator = Locator(policy, inputs.graphs, inquiry)
    operations = unite(inputs.deployments, inputs.rollouts, inputs.states)
    by_application, counts = _by_application(policy, operations)
    hop = Hop(policy, inputs, inquiry)
    ends: list[ApplicationEnd | None] = []
    scope = Scope(policy, inputs, inquiry, hop)
    submodules = Submodules(policy, inputs, inquiry, scope)
    drafts: list[Draft] = []
    parents = Parents(policy, inputs, inquiry)
    for application, own in by_application:
        rows, healed = _drafted(application, own, locator, inputs, hop)
        submodules.follow(rows)
        above = parents.parent_of(application)
        ends.append(application_end(own, rows, inputs.graphs, above))
        scope.limit(rows)
        counts.self_heals += healed
        drafts.extend(row for row in rows if not only_seen(row))
    for draft, one in parents.hand_on(drafts):
        scope.limit_one(draft, one)
    unexplained = attach(drafts, operations, policy, inputs.graphs)
    books = _books(policy, inputs, drafts)
    rows_out, carried = _write_rows(drafts, books, inputs, hop.digests)
    promotions = Promotions(inquiry, scope)
    changes = write_changes(policy, inputs.previous_ids, books, carried, promotions, inquiry)
    return Population(
        # It asks Git, so it comes before the questions are counted.
        aftermaths=after(policy, inputs, rows_out, drafts, operations, locator, hop),
        deployments=rows_out,
        changes=changes,
        questions=frozenset(inquiry.questions),
        reconciliation=reconcile(
            operations, rows_out, changes, books.values(), counts=counts, told=unexplained
        ),
        handover=handover(policy, ends, books, inputs.tips, changes, rows_out),
        listed=hop.digests.listed,
        pinned=hop.digests.pinned,
        others={key: links for book in books.values() for key, links in book.candidates().items()},
    )


def open_questions(policy: Policy, inputs: PopulationInputs) -> frozenset[GitQuestion]:
    """What Git must be asked to tell what operations were read from and brought.

    The population asks for more once these are answered; they are cheaper to find.
    """
    inquiry = Inquiry(inputs.answers)
    locator = Locator(policy, inputs.graphs, inquiry)
    hop = Hop(policy, inputs, inquiry)
    scope = Scope(policy, inputs, inquiry, hop)
    by_application, _ = _by_application(
        policy, unite(inputs.deployments, inputs.rollouts, inputs.states)
    )
    submodules = Submodules(policy, inputs, inquiry, scope)
    for application, own in by_application:
        rows = _drafted(application, own, locator, inputs, hop)[0]
        submodules.follow(rows)
        scope.limit(rows)
    return frozenset(inquiry.questions)


def _drafted(
    application: Application,
    operations: Sequence[Operation],
    locator: Locator,
    inputs: PopulationInputs,
    hop: Hop,
) -> tuple[list[Draft], int]:
    """The rows of one application with all that they may have brought, and its self-heals."""
    rows, healed = draft_rows(application, operations, locator, inputs)
    draft_ranges(application, rows, inputs)
    hop.follow(application, rows)
    return rows, healed


def _by_application(
    policy: Policy, operations: Sequence[Operation]
) -> tuple[list[tuple[Application, list[Operation]]], Counts]:
    """Operations of each production application, in order of start."""
    counts = Counts()
    chosen: dict[tuple[str, str, str], Application | None] = {}
    found: dict[int, list[Operation]] = defaultdict(list)
    witnessed = with_witnesses(policy)
    places = {id(application): place for place, application in enumerate(policy.applications)}
    for operation in operations:
        deployment = operation.deployment
        key = (deployment.source, deployment.application_uid, deployment.application)
        if key not in chosen:
            chosen[key] = select_application(deployment, policy.applications)
        application = chosen[key]
        if application is None or not application.production:
            counts.other_applications += witness_of(operation, witnessed) is None
        elif deployment.dry_run:
            counts.dry_runs += 1
        else:
            found[places[id(application)]].append(operation)
    return [(policy.applications[place], found[place]) for place in sorted(found)], counts


def _books(
    policy: Policy, inputs: PopulationInputs, drafts: Iterable[Draft]
) -> dict[str, ChangeBook]:
    deployed: dict[str, set[int]] = defaultdict(set)
    before: dict[str, set[int]] = defaultdict(set)
    for draft in drafts:
        for one in draft.ranges:
            deployed[one.repository].add(one.revision)
            if one.lane.kind == DeploymentKind.FIRST and one.lane.previous < 0:
                before[one.repository].add(one.revision)
    heads: dict[str, list[PullRequestHead]] = defaultdict(list)
    for head in inputs.heads:
        heads[head.repository].append(head)
    empty = CommitGraph([], [])
    return {
        repository.id: ChangeBook(
            repository,
            inputs.graphs.get(repository.id, empty),
            tips=inputs.tips.get(repository.id, {}),
            heads=sorted(heads[repository.id], key=lambda head: head.number),
            associations=inputs.associations.get(repository.id, {}),
            deployed=deployed[repository.id],
            baselines=before[repository.id],
        )
        for repository in policy.repositories
    }


def _write_rows(
    drafts: Iterable[Draft],
    books: Mapping[str, ChangeBook],
    inputs: PopulationInputs,
    digests: Digests,
) -> tuple[tuple[ProductionDeployment, ...], dict[str, Carried]]:
    carried: dict[str, Carried] = defaultdict(Carried)
    carried |= {change_id: one.copy() for change_id, one in inputs.carried.items()}
    graphs = inputs.graphs
    rows: list[ProductionDeployment] = []
    runs: dict[RunningImage, RunningImage] = {}
    ordered = sorted(
        drafts, key=lambda one: (one.operation.deployment.started_at, one.operation.id)
    )
    for draft in ordered:
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
