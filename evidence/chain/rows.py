"""Deployment rows in the making: each operation with its sources, lanes and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evidence.chain.deployments import Operation, after_a_gap
from evidence.chain.graph import CommitGraph
from evidence.chain.lanes import LaneRange, Step, lane_ranges
from evidence.chain.live import LIVE, PROBLEM
from evidence.chain.records import PopulationInputs
from evidence.chain.sources import Located, Locator
from evidence.chain.windows import outside
from evidence.in_scope import Application
from evidence.model.change import Link, Strength
from evidence.model.production import DeploymentKind, ImageChange, RevisionRange, RunningImage

LaneKey = tuple[str, str]
"""(repository id, path)."""
VERSION_CHANGED = "acquired_version_changed"
"""Problem of a deployment: a chart has another version, and no commit that was read says so."""


@dataclass(slots=True, kw_only=True)
class RangeDraft:
    """One range whose commits still stand as indexes of the repository's graph."""

    key: LaneKey
    """The lane it belongs to; its path is the one the lane began with."""
    repository: str
    path: str
    revision: int
    lane: LaneRange
    basis: str = "sha"
    strength: Strength = Strength.PROVED
    through: str = ""
    tag: str = ""
    commits: tuple[int, ...] = ()
    """Those of `lane.commits` that touch the lane's path."""

    def write(self, graph: CommitGraph) -> RevisionRange:
        """The range as a record."""
        shas = graph.shas
        return RevisionRange(
            repository=self.repository,
            path=self.path,
            previous=shas[self.lane.previous] if self.lane.previous >= 0 else "",
            revision=shas[self.revision],
            kind=self.lane.kind,
            commits=tuple([shas[commit] for commit in self.commits]),
            removed=tuple([shas[commit] for commit in self.lane.removed]),
            basis=self.basis,
            strength=self.strength,
            through=self.through,
            tag=self.tag,
        )


@dataclass(slots=True, kw_only=True)
class Draft:
    """One operation on its way to a row of the deployment file."""

    application: Application
    operation: Operation
    located: list[Located]
    ranges: list[RangeDraft] = field(default_factory=list)
    plain: list[RevisionRange] = field(default_factory=list)
    """Ranges without commits: charts, and revisions that could not be found."""
    images: list[ImageChange] = field(default_factory=list)
    running: list[RunningImage] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)
    links: list[Link] = field(default_factory=list)
    witnesses: list[Operation] = field(default_factory=list)
    """What other systems tell of it."""
    retries: str = ""
    """Id of an earlier operation on the same revisions that did not succeed."""

    @property
    def without_commit(self) -> bool:
        """Production was altered from outside Git, or the deployer names no revision at all."""
        return self.operation.deployment.local_manifests or not any(self.operation.revisions)


def draft_rows(
    application: Application,
    operations: Sequence[Operation],
    locator: Locator,
    inputs: PopulationInputs,
) -> tuple[list[Draft], int]:
    """Rows of one application in order of start, and how many self-heals are no deployment.

    A self-heal at the revision that was settled before restores what was deployed; one at another
    revision carried something new (an operation that history may have lost) and is a row.
    """
    drafts: list[Draft] = []
    healed = 0
    settled: tuple[tuple[str, str], ...] = ()
    lost = after_a_gap(operations, inputs.gaps)
    runs = {one.deployment.history_id for one in operations if one.deployment.sources}
    for operation in operations:
        if _only_state(operation) and operation.deployment.history_id in runs:
            continue  # the run that made that state is told of itself
        if operation.deployment.self_heal and settled and operation.given == settled:
            healed += 1
            continue
        drafts.append(_draft(application, operation, locator, drafts))
        if operation.key in lost:
            drafts[-1].problems.add("history_gap")
        if operation.settles and any(operation.revisions):
            settled = operation.given
    _restarts(drafts)
    return drafts, healed


def _only_state(operation: Operation) -> bool:
    """Nothing is told of it but the number of the state after it."""
    one = operation.deployment
    return one.local_manifests and one.history_id >= 0 and not (one.sources or one.url)


def _draft(
    application: Application, operation: Operation, locator: Locator, before: list[Draft]
) -> Draft:
    deployment = operation.deployment
    only = len(deployment.sources) == 1
    located = [locator.locate(source, application, only=only) for source in deployment.sources]
    draft = Draft(application=application, operation=operation, located=located)
    told = [
        ("local_manifests", deployment.local_manifests),
        ("selective", deployment.selective),
        ("self_heal", deployment.self_heal),
        ("running", operation.running),
        ("initiator_unknown", deployment.initiator is None and deployment.automated is None),
        ("contradiction", bool(operation.contradictions)),
        ("gate_unread", operation.gate_unread),
        ("out_of_window", outside(application.windows, deployment.started_at)),
        *((str(one.verdict), True) for one in operation.deliveries),
    ]
    draft.flags.update(name for name, holds in told if holds)
    draft.flags.update(flag for one in located for flag in one.flags)
    charts = [one for one in deployment.sources if one.chart or one.kind == "helm"]
    if charts and all(one.digest for one in charts):
        draft.flags.add("acquired_pinned")
    if operation.origins == (LIVE,):
        draft.problems.add(PROBLEM)
    draft.problems.update(f"contradictory_{name}" for name in operation.contradictions)
    last = before[-1] if before else None
    if last and last.operation.revisions == operation.revisions and not last.operation.succeeded:
        draft.retries = last.operation.id
        draft.flags.add("retry")
    return draft


def _restarts(drafts: Sequence[Draft]) -> None:
    """Flags the first operation of an application that was deleted and made again."""
    seen: set[tuple[str, str]] = set()
    for draft in drafts:
        identity = draft.operation.key[:2]
        if seen and identity not in seen:
            draft.flags.add("recreated")
        seen.add(identity)


def draft_ranges(
    application: Application, drafts: Sequence[Draft], inputs: PopulationInputs
) -> None:
    """Fills each draft's ranges, lane by lane."""
    for (repository, path), lane in _lanes(drafts).items():
        graph = inputs.graphs[repository]
        steps = [
            Step(revision=located.commit, settles=draft.operation.settles)
            for draft, located in lane
        ]
        baseline = graph.index.get(application.baseline, -1) if application.baseline else -1
        for (draft, located), step, found in zip(
            lane, steps, lane_ranges(graph, steps, baseline), strict=True
        ):
            draft.ranges.append(
                RangeDraft(
                    key=(repository, path),
                    repository=repository,
                    path=located.path,
                    revision=step.revision,
                    lane=found,
                    basis=located.basis,
                    strength=located.strength,
                    tag=located.tag,
                    commits=found.commits,
                )
            )
    _plain_ranges(drafts)


def _lanes(drafts: Iterable[Draft]) -> dict[LaneKey, list[tuple[Draft, Located]]]:
    """Operations by lane. A lane whose path changed goes on under its first path's history."""
    lanes: dict[LaneKey, list[tuple[Draft, Located]]] = {}
    moved: dict[LaneKey, LaneKey] = {}
    active: list[LaneKey] = []
    for draft in drafts:
        if draft.without_commit:
            continue
        present = [(one.repository, one.path) for one in draft.located if one.commit >= 0]
        for located in draft.located:
            key = (located.repository, located.path)
            if located.commit < 0:
                continue
            if key not in lanes and key not in moved:
                left = [old for old in active if old[0] == key[0] and old not in present]
                if len(left) == 1:
                    moved[key] = moved.get(left[0], left[0])
                    draft.flags.add("path_changed")
            lanes.setdefault(moved.get(key, key), []).append((draft, located))
        active = present or active
    return lanes


def _plain_ranges(drafts: Iterable[Draft]) -> None:
    """Ranges of sources that have no commit: charts, and revisions that were not found."""
    previous: dict[LaneKey, str] = {}
    unresolved: set[LaneKey] = set()
    for draft in drafts:
        if draft.without_commit:
            continue
        for located in draft.located:
            key = (located.repository, located.path)
            if located.commit >= 0:
                if key in unresolved:
                    draft.problems.add("previous_unresolved")
                unresolved.discard(key)
                continue
            if located.problem:
                draft.problems.add(located.problem)
                unresolved.add(key)
            draft.plain.append(_plain(located, previous.get(key, "")))
            if draft.plain[-1].kind == DeploymentKind.FORWARD:
                draft.problems.add(VERSION_CHANGED)
            if draft.operation.settles:
                previous[key] = located.revision


def _plain(located: Located, before: str) -> RevisionRange:
    kind = DeploymentKind.UNRESOLVED
    if not located.problem:
        kind = DeploymentKind.FORWARD if before else DeploymentKind.FIRST
        kind = DeploymentKind.REDEPLOY if before == located.revision else kind
    return RevisionRange(
        repository=located.repository,
        path=located.path,
        previous=before,
        revision=located.revision,
        kind=kind,
        basis=located.basis,
        strength=Strength.CANDIDATE if located.problem else located.strength,
        tag=located.tag,
    )


def only_seen(draft: Draft) -> bool:
    """It was seen live alone, and nothing that the application is read from differs."""
    if draft.operation.origins != (LIVE,) or not (draft.ranges or draft.plain):
        return False
    brings = draft.images or any(one.commits for one in draft.ranges)
    return not (brings or any(one.kind != DeploymentKind.REDEPLOY for one in draft.plain))


def _concerns(draft: Draft) -> bool:
    """Whether anything that the application is read from differs."""
    return bool(draft.plain or draft.images or any(one.commits for one in draft.ranges))


_PRECEDENCE = (
    DeploymentKind.UNRESOLVED,
    DeploymentKind.DIVERGED,
    DeploymentKind.ROLLBACK,
    DeploymentKind.FORWARD,
    DeploymentKind.FIRST,
    DeploymentKind.REDEPLOY,
)


def row_kind(draft: Draft) -> DeploymentKind:
    """The kind of the whole operation: what its most telling range says.

    An operation that ended without success is `failed` whatever its ranges say, one whose canary
    was stopped is `aborted`. A newer revision that changes nothing the application is read from is
    a redeploy.
    """
    if draft.without_commit:
        return DeploymentKind.NO_COMMIT
    if draft.operation.stopped:
        return DeploymentKind.ABORTED
    if not draft.operation.succeeded and not draft.operation.running:
        return DeploymentKind.FAILED
    kinds = {one.lane.kind for one in draft.ranges} | {one.kind for one in draft.plain}
    if kinds == {DeploymentKind.FORWARD} and draft.ranges and not _concerns(draft):
        return DeploymentKind.REDEPLOY
    return next((kind for kind in _PRECEDENCE if kind in kinds), DeploymentKind.NO_COMMIT)
