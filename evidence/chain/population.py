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
from dataclasses import dataclass, field

from evidence.chain.book import ChangeBook, change_type, write_change, write_not_landed
from evidence.chain.changes import PullRequestHead
from evidence.chain.deployments import Operation, select_application, unite
from evidence.chain.graph import CommitGraph
from evidence.chain.inquiry import Inquiry
from evidence.chain.reconcile import reconcile
from evidence.chain.records import Population, PopulationInputs, Reconciliation
from evidence.chain.rows import Draft, draft_ranges, draft_rows, row_kind
from evidence.chain.sources import Locator
from evidence.model.change import Change, Link, LinkKind, ProductionDeployment, Strength
from evidence.policy import Application, Policy

__all__ = ["Population", "PopulationInputs", "Reconciliation", "build_population"]


def build_population(policy: Policy, inputs: PopulationInputs) -> Population:
    """Deployments, changes, open questions and reconciliation numbers. Deterministic.

    The order of the inputs does not matter. Raises ValueError only for a graph with a cycle.
    """
    inquiry = Inquiry(inputs.answers)
    locator = Locator(policy, inputs.graphs, inquiry)
    operations = unite(inputs.deployments)
    by_application, counts = _by_application(policy, operations)
    drafts: list[Draft] = []
    for application, own in by_application:
        rows, healed = draft_rows(application, own, locator, inputs)
        counts.self_heals += healed
        draft_ranges(application, rows, inputs)
        drafts.extend(rows)
    books = _books(policy, inputs, drafts)
    rows_out, carried = _write_rows(drafts, books, inputs.graphs)
    changes = _write_changes(policy, inputs, books, carried)
    return Population(
        deployments=rows_out,
        changes=changes,
        questions=frozenset(inquiry.questions),
        reconciliation=reconcile(
            inputs, operations, rows_out, changes, books.values(), counts=counts
        ),
        others={key: links for book in books.values() for key, links in book.candidates().items()},
    )


@dataclass(slots=True)
class Counts:
    """Operations that are no row of the deployment file."""

    dry_runs: int = 0
    self_heals: int = 0
    other_applications: int = 0


def _by_application(
    policy: Policy, operations: Sequence[Operation]
) -> tuple[list[tuple[Application, list[Operation]]], Counts]:
    """Operations of each production application, in order of start."""
    counts = Counts()
    chosen: dict[tuple[str, str, str], Application | None] = {}
    found: dict[int, list[Operation]] = defaultdict(list)
    places = {id(application): place for place, application in enumerate(policy.applications)}
    for operation in operations:
        deployment = operation.deployment
        key = (deployment.source, deployment.application_uid, deployment.application)
        if key not in chosen:
            chosen[key] = select_application(deployment, policy.applications)
        application = chosen[key]
        if application is None or not application.production:
            counts.other_applications += 1
        elif deployment.dry_run:
            counts.dry_runs += 1
        else:
            found[places[id(application)]].append(operation)
    return [(policy.applications[place], found[place]) for place in sorted(found)], counts


def _books(
    policy: Policy, inputs: PopulationInputs, drafts: Iterable[Draft]
) -> dict[str, ChangeBook]:
    deployed: dict[str, set[int]] = defaultdict(set)
    for draft in drafts:
        for one in draft.ranges:
            deployed[one.repository].add(one.revision)
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
        )
        for repository in policy.repositories
    }


@dataclass(slots=True)
class Carried:
    """The deployments that first carried one change."""

    ids: list[str] = field(default_factory=list)
    first_at: int = 0


def _write_rows(
    drafts: Iterable[Draft], books: Mapping[str, ChangeBook], graphs: Mapping[str, CommitGraph]
) -> tuple[tuple[ProductionDeployment, ...], dict[str, Carried]]:
    carried: dict[str, Carried] = defaultdict(Carried)
    rows: list[ProductionDeployment] = []
    ordered = sorted(
        drafts, key=lambda one: (one.operation.deployment.started_at, one.operation.id)
    )
    for draft in ordered:
        row = _write_row(draft, books, graphs)
        rows.append(row)
        for change_id in row.changes:
            known = carried[change_id]
            known.ids.append(row.deployment_id)
            known.first_at = known.first_at or row.started_at
    return tuple(rows), carried


def _write_row(
    draft: Draft, books: Mapping[str, ChangeBook], graphs: Mapping[str, CommitGraph]
) -> ProductionDeployment:
    operation, deployment = draft.operation, draft.operation.deployment
    changes: dict[str, None] = {}
    unmapped: list[str] = []
    for one in draft.ranges:
        shas = graphs[one.repository].shas
        for commit, change_id in books[one.repository].owners(one.revision, one.commits):
            if change_id:
                changes[change_id] = None
            else:
                unmapped.append(f"{one.repository}:{shas[commit]}")
    ranges = (*(one.write(graphs[one.repository]) for one in draft.ranges), *draft.plain)
    if any(one.kind == "first" and not one.previous for one in ranges):
        draft.flags.add("baseline")
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
        ranges=ranges,
        images=tuple(draft.images),
        changes=tuple(changes),
        unmapped=tuple(unmapped),
        problems=tuple(sorted(draft.problems)),
        links=(*draft.links, *_retry_link(draft)),
        origins=operation.origins,
        entries=operation.entries,
        flags=tuple(sorted(draft.flags)),
    )


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


def _write_changes(
    policy: Policy,
    inputs: PopulationInputs,
    books: Mapping[str, ChangeBook],
    carried: Mapping[str, Carried],
) -> tuple[Change, ...]:
    accounts = frozenset(one for automation in policy.automations for one in automation.accounts)
    aliases = _aliases(books, inputs.previous_ids)
    nothing = Carried()
    changes: list[Change] = []
    for book in books.values():
        primary = book.primary()
        for change_id, (part, group) in primary.items():
            head = book.heads.get(group.number)
            own = carried.get(change_id, nothing)
            changes.append(
                write_change(
                    book,
                    change_id,
                    part,
                    group,
                    change_type=change_type(policy, head, accounts, False),
                    aliases=aliases.get(change_id, ()),
                    deployments=tuple(own.ids),
                    first_deployed_at=own.first_at,
                )
            )
        changes.extend(_not_landed(policy, book, primary, accounts))
    return tuple(sorted(changes, key=lambda change: change.change_id))


def _not_landed(
    policy: Policy, book: ChangeBook, primary: Mapping[str, object], accounts: frozenset[str]
) -> list[Change]:
    """Pull requests into production branches that the mirror does not show on them."""
    found: list[Change] = []
    for head in book.heads.values():
        change_id = f"{book.repository.id}:pr:{head.number}"
        if change_id in primary or head.base_ref not in book.repository.production_branches:
            continue
        if head.state != "MERGED":
            flag = "not_merged"
        elif not head.merge_sha or head.merge_sha not in book.graph.index:
            flag = "merge_commit_not_found"
        else:
            flag = "not_landed"
        kind = change_type(policy, head, accounts, False)
        found.append(write_not_landed(book.repository.id, head, flag, change_type=kind))
    return found


def _aliases(
    books: Mapping[str, ChangeBook], previous_ids: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Earlier ids of commits that meanwhile belong to another change."""
    found: dict[str, set[str]] = defaultdict(set)
    for previous in previous_ids:
        repository, kind, sha = ["", "", *previous.rsplit(":", 2)][-3:]
        book = books.get(repository)
        if book is None or kind != "commit" or sha not in book.graph.index:
            continue
        commit = book.graph.index[sha]
        for _commit, change_id in book.owners(commit, [commit]):
            if change_id and change_id != previous:
                found[change_id].add(previous)
    return {change_id: tuple(sorted(ids)) for change_id, ids in found.items()}
