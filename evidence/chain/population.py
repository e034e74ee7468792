"""The complete list of production changes and deployments, and the numbers that reconcile them.

`build_population` is a pure function: call it, have `Population.questions` answered, call it again
with the answers until no question is new. It builds everything anew from slim inputs; only the
chains of changes that differ need to be built again.

An operation that may have altered production is a row whatever its phase (dry runs are not). A
change's first deployment is the first such operation that may have carried it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from evidence.chain.after import after
from evidence.chain.book import ChangeBook
from evidence.chain.changes import PullRequestHead
from evidence.chain.deployments import Operation, select_application, unite
from evidence.chain.graph import CommitGraph
from evidence.chain.handing import application_end, handover
from evidence.chain.handover import ApplicationEnd
from evidence.chain.hop import Hop
from evidence.chain.inquiry import Inquiry
from evidence.chain.parents import Parents
from evidence.chain.promotions import Promotions
from evidence.chain.reconcile import reconcile
from evidence.chain.records import Counts, Population, PopulationInputs, Reconciliation
from evidence.chain.rows import Draft, draft_ranges, draft_rows, only_seen
from evidence.chain.scope import Scope
from evidence.chain.sources import Locator
from evidence.chain.submodules import Submodules
from evidence.chain.watching import watch_targets
from evidence.chain.witnesses import attach, with_witnesses, witness_of
from evidence.chain.writing import write_changes
from evidence.chain.writing_rows import write_rows
from evidence.in_scope import Application
from evidence.model.git import GitQuestion
from evidence.model.production import DeploymentKind
from evidence.policy import Policy

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
    unexplained = attach(drafts, operations, policy, inputs.graphs, hop.digests)
    books = _books(policy, inputs, drafts)
    told = after(policy, inputs, drafts, operations, locator, hop)
    rows_out, carried = write_rows(drafts, books, inputs, hop.digests)
    promotions = Promotions(inquiry, scope)
    changes = write_changes(policy, inputs.previous_ids, books, carried, promotions, inquiry)
    return Population(
        aftermaths=told.of(rows_out),
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
    promotions = Promotions(inquiry, scope)
    for application, own in by_application:
        rows = _drafted(application, own, locator, inputs, hop)[0]
        submodules.follow(rows)
        scope.limit(rows)
        promotions.expect(rows, inputs.graphs)
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
    watch_targets(rows, inputs.tags)
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
