"""Where a population ends: drawn while it is built, for the decision after it to go on from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.chain.aftermath import wavers
from evidence.chain.book import BASELINE, ChangeBook
from evidence.chain.deployments import Operation
from evidence.chain.graph import CommitGraph, contains, first_parent_line
from evidence.chain.handover import Anchor, ApplicationEnd, BranchEnd, Handover, Lane, Place
from evidence.chain.live import LIVE
from evidence.chain.rows import Draft
from evidence.model.aftermath import Aftermath
from evidence.model.change import Change
from evidence.model.production import SUBMODULE, DeploymentKind, ProductionDeployment
from evidence.policy import Policy

KEPT = 40
"""Anchors kept of each application: deployers tell their last ten operations or so again."""
MOST = 1_000
"""Missing commits and waiting pull requests that are handed over one by one."""
NOT_COLLECTED = "not_collected"

Ends = dict[str, ApplicationEnd]
_LaneKey = tuple[str, str, str]


@dataclass(slots=True)
class _Lane:
    """Revisions that no other one of the lane contains, and the one that settled last."""

    tops: list[int] = field(default_factory=list)
    settled: int = -1

    def step(self, graph: CommitGraph, revision: int, *, settles: bool) -> None:
        if not any(contains(graph, top, revision) for top in self.tops):
            kept = [top for top in self.tops if not contains(graph, revision, top)]
            self.tops = [*kept, revision]
        if settles:
            self.settled = revision

    @property
    def is_clean(self) -> bool:
        return self.tops == [self.settled]


@dataclass(slots=True)
class _History:
    """One application, walked through from its first operation on."""

    lanes: dict[_LaneKey, _Lane] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    revisions: set[tuple[str, ...]] = field(default_factory=set)
    number: int = -1

    def is_after_all(self, operation: Operation) -> bool:
        """Whether its number and its revisions are none that were there before; takes note."""
        number = operation.deployment.history_id
        numbered = number > self.number or number == self.number == -1
        fresh = numbered and operation.revisions not in self.revisions
        self.number = max(self.number, number)
        self.revisions.add(operation.revisions)
        return fresh

    def step(self, draft: Draft, graphs: Mapping[str, CommitGraph]) -> None:
        for one in draft.ranges:
            lane = self.lanes.setdefault((*one.key, one.through), _Lane())
            lane.step(graphs[one.repository], one.revision, settles=draft.operation.settles)
        self.images.update(one.image for one in draft.running)

    def is_anchor(self, draft: Draft) -> bool:
        operation = draft.operation
        told = draft.problems or draft.plain or draft.without_commit or operation.deliveries
        if told or not operation.settles or operation.deployment.self_heal:
            return False
        own = {one.key for one in draft.ranges if not one.through}
        every = {key[:2] for key in self.lanes if not key[2]}
        moved = any(one.key[1] != one.path for one in draft.ranges)
        whole = all(one.commit for one in draft.running)
        runs = {one.image for one in draft.running} == self.images
        clean = all(lane.is_clean for lane in self.lanes.values())
        return bool(own) and own == every and not moved and whole and runs and clean

    def anchor(self, draft: Draft, graphs: Mapping[str, CommitGraph]) -> Anchor:
        return Anchor(
            deployment_id=draft.operation.id,
            started_at=draft.operation.deployment.started_at,
            history_id=draft.operation.deployment.history_id,
            lanes=tuple(
                Lane(
                    repository=repository,
                    path=path,
                    through=through,
                    sha=graphs[repository].shas[lane.settled],
                )
                for (repository, path, through), lane in sorted(self.lanes.items())
            ),
            images=tuple(sorted(self.images)),
        )


def application_end(
    operations: Sequence[Operation],
    drafts: Iterable[Draft],
    graphs: Mapping[str, CommitGraph],
    parent: str = "",
) -> ApplicationEnd | None:
    """What can be gone on from; None where several objects of a deployer are the application.

    `operations`: all of the application in order of start; `drafts`: those that may be rows of it,
    with their ranges; `parent`: the application that made it.
    """
    identities = {one.key[:2] for one in operations}
    by_operation = {id(one.operation): one for one in drafts}
    if len(identities) != 1 or not by_operation:
        return None
    if not operations[0].deployment.application_uid:
        return None
    anchors: deque[Anchor] = deque(maxlen=KEPT)
    history, name = _History(), ""
    for operation in operations:
        fresh = history.is_after_all(operation)
        draft = by_operation.get(id(operation))
        if draft is None:
            continue
        name = draft.application.id
        history.step(draft, graphs)
        if fresh and LIVE not in operation.origins and history.is_anchor(draft):
            anchors.append(history.anchor(draft, graphs))
    ((source, uid),) = identities
    return ApplicationEnd(
        application=name,
        source=source,
        uid=uid,
        open_since=0,
        anchors=tuple(anchors),
        parent=parent,
    )


def handover(
    policy: Policy,
    ends: Iterable[ApplicationEnd | None],
    books: Mapping[str, ChangeBook],
    tips: Mapping[str, Mapping[str, tuple[str, ...]]],
    changes: Sequence[Change],
    deployments: Sequence[ProductionDeployment],
) -> Handover:
    """Where a population stands."""
    branches = tuple(_branches(books, tips, changes))
    missing = tuple(_missing(books, changes, deployments))
    waiting = max((len(one.waiting) for one in branches), default=0)
    lost = any(one.problem == NOT_COLLECTED for row in deployments for one in row.running)
    reasons = [
        ("an earlier environment is required", bool(policy.required_environment)),
        ("what waits too long is told", bool(policy.pending_limit)),
        ("others tell of deployments", any(one.witnesses for one in policy.applications)),
        ("an image was built from a commit that is not there", lost),
        ("a submodule came with a deployment", _submodules(deployments)),
        ("too much waits", max(len(missing), waiting) > MOST),
        ("no branch has a plain history", not branches),
    ]
    return Handover(
        whole=next((told for told, holds in reasons if holds), ""),
        applications=tuple(one for one in ends if one),
        branches=branches,
        missing=missing,
        changes=len(changes),
        deployments=len(deployments),
    )


def _submodules(deployments: Iterable[ProductionDeployment]) -> bool:
    return any(
        any(one.basis == SUBMODULE for one in row.ranges)
        or any(one.startswith("submodule") for one in row.problems)
        for row in deployments
    )


def _branches(
    books: Mapping[str, ChangeBook],
    tips: Mapping[str, Mapping[str, tuple[str, ...]]],
    changes: Iterable[Change],
) -> Iterator[BranchEnd]:
    waiting: dict[str, list[int]] = {one: [] for one in books}
    reverts: set[str] = set()
    for change in changes:
        if not change.landing_sha and change.number:
            waiting[change.repository].append(change.number)
        waits = not change.deployments and BASELINE not in change.flags
        if change.landing_sha and change.change_type == "revert" and waits:
            reverts.add(change.repository)
    for key, book in books.items():
        branch, tip = _tip(book, tips.get(key, {}))
        if tip:
            yield BranchEnd(
                repository=key,
                branch=branch,
                tip=tip,
                reverts=key in reverts,
                waiting=tuple(waiting[key]),
            )


def _tip(book: ChangeBook, tips: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """The only branch and its decided tip; empty where the history is not so plain."""
    if len(book.repository.production_branches) != 1 or len(book.maps) != 1:
        return "", ""
    (part,) = book.maps
    sha = tips.get(part.branch, ("",))[0]
    if not part.branch or sha not in book.graph.index:
        return "", ""
    line = set(first_parent_line(book.graph, book.graph.index[sha]))
    plain = part.first_parent == len(line) and line.issuperset(one.landing for one in part.groups)
    return (part.branch, sha) if plain else ("", "")


def _missing(
    books: Mapping[str, ChangeBook],
    changes: Iterable[Change],
    deployments: Iterable[ProductionDeployment],
) -> Iterator[Place]:
    """Commits that would tell something of what was decided, once they come."""
    found: set[tuple[str, str]] = set()
    for change in changes:
        if change.number and not change.landing_sha:
            head = books[change.repository].heads[change.number]
            found |= {(change.repository, head.merge_sha), (change.repository, head.head_sha)}
    for row in deployments:
        for one in row.ranges:
            if one.kind == DeploymentKind.UNRESOLVED:
                found.add((one.repository, one.revision.lower()))
        for image in row.images:
            if image.problem == NOT_COLLECTED:
                found.update((image.repository, sha) for sha in image.candidates)
    for key, sha in sorted(found):
        if key in books and sha and sha not in books[key].graph.index:
            yield Place(repository=key, sha=sha)


def open_since(
    rows: Iterable[ProductionDeployment],
    aftermaths: Mapping[str, Aftermath],
    newest: Mapping[str, int],
    limit: int,
    as_of: int,
) -> dict[str, int]:
    """Application -> start of the first of its deployments of which a look may tell more.

    `newest`: application -> entry of the newest version of its state. `limit`: microseconds.
    """
    found: dict[str, int] = {}
    for row in rows:
        after = aftermaths.get(row.deployment_id)
        if after is None or row.application in found:
            continue
        ended = row.finished_at or row.started_at
        extends = wavers(after) and after.health[-1].entry == newest.get(row.application, -1)
        if as_of < ended + limit or extends:
            found[row.application] = row.started_at
    return found
