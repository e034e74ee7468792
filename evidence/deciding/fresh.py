"""What of a window's population is new or differs, checked against what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from evidence.chain.graph import contains
from evidence.chain.handing import KEPT, open_since
from evidence.chain.handover import Anchor, ApplicationEnd, BranchEnd, Handover, Lane
from evidence.chain.population import Population
from evidence.chain.weaker import TOLD
from evidence.deciding.ends import End
from evidence.deciding.touching import Stored
from evidence.deciding.window import Whole, Window
from evidence.model.change import Change
from evidence.model.production import DeploymentKind, ProductionDeployment
from evidence.policy import Policy
from evidence.store import since
from evidence.store.session import Store

_TELLING = frozenset(
    {"off_branch", "recreated", "path_changed", "baseline", "image_baseline", "contradiction"}
)
_ODD = frozenset({DeploymentKind.UNRESOLVED, DeploymentKind.NO_COMMIT, DeploymentKind.FIRST})


def check_states(ends: Iterable[End], windows: Mapping[str, Window]) -> None:
    """Refuses states that may speak of operations before an anchor.

    Raises:
        Whole: there is one.
    """
    for end in ends:
        brought = {source.revision for one in end.operations for source in one.sources}
        for state in end.states:
            number = max(state.history_ids, default=end.anchor.history_id)
            if number < end.anchor.history_id:
                raise Whole("a state tells of an older history")
            synced = state.sync_status.casefold() == "synced"
            for sha in {*state.revisions} - brought - {""} if synced else ():
                if not _is_after(sha, end.anchor, windows):
                    raise Whole("something else runs than what was deployed last")


def _is_after(sha: str, anchor: Anchor, windows: Mapping[str, Window]) -> bool:
    """Whether it is a commit of a window that the anchor does not contain."""
    found = [one for one in anchor.lanes if sha in windows[one.repository].graph.index]
    return bool(found) and not any(
        _contains(windows[one.repository], one.sha, sha) for one in found
    )


def _contains(window: Window, revision: str, sha: str) -> bool:
    return contains(window.graph, window.graph.index[revision], window.graph.index[sha])


def started_at(deployment_id: str) -> int:
    """When a deployment started, microseconds UTC, as its id says."""
    return int(deployment_id.rpartition(":")[2])


class Fresh:
    """The rows after the anchors, and the changes that landed, were carried or told of."""

    def __init__(
        self,
        store: Store,
        ends: Sequence[End],
        windows: Mapping[str, Window],
        stored: Stored,
        population: Population,
    ) -> None:
        """Raises Whole where what was decided before would come out otherwise."""
        self._store, self._ends, self._windows = store, ends, windows
        self._stored, self._population = stored, population
        if windows and population.handover.whole:
            raise Whole(population.handover.whole)
        self.rows = tuple(row for end in ends for row in self._rows_of(end))
        self._taken = {row.deployment_id for row in self.rows}
        self._carried = {change for row in self.rows for change in row.changes}
        self._changes = {one.change_id: one for one in population.changes}
        for window in windows.values():
            self._check_window(window)

    def _rows_of(self, end: End) -> list[ProductionDeployment]:
        own = [one for one in self._population.deployments if one.application == end.application.id]
        if not own or own[0].deployment_id != end.anchor.deployment_id:
            raise Whole("the operation to go on from is not the first one")
        first, *rest = own
        before = self._stored.deployments([first.deployment_id]).get(first.deployment_id)
        if before is None or before.running != first.running or first.problems:
            raise Whole("the operation to go on from comes out otherwise")
        for row in rest:
            self._check_row(row, end.anchor)
        stored = since.deployments_after(self._store, end.application.id, end.anchor.started_at)
        if stored - {row.deployment_id for row in rest}:
            raise Whole("a deployment is none any more")
        return rest

    def _check_row(self, row: ProductionDeployment, anchor: Anchor) -> None:
        if row.problems or _TELLING & set(row.flags) or row.kind in _ODD:
            raise Whole("a deployment out of the ordinary")
        lanes = {(one.repository, one.path, one.through): one for one in anchor.lanes}
        ranges = {(one.repository, one.path, one.through): one for one in row.ranges}
        plain = {key for key in lanes if not key[2]}
        images = {one.image for one in row.running}
        known = ranges.keys() <= lanes.keys() and plain <= ranges.keys()
        if not known or not images <= set(anchor.images):
            raise Whole("a deployment with other sources or images")
        for key, one in ranges.items():
            if not one.previous or not self._goes_on(lanes[key], one.revision):
                raise Whole("a deployment goes back beyond the one to go on from")
        if not all(one.commit for one in row.running):
            raise Whole("an image without a commit")
        if any(one.basis in TOLD for one in row.running):
            raise Whole("an image that only texts tie to a commit")

    def _goes_on(self, lane: Lane, revision: str) -> bool:
        return _contains(self._windows[lane.repository], revision, lane.sha)

    def _check_window(self, window: Window) -> None:
        """Decided commits belong to the changes that they were decided to belong to."""
        if not any(one.repository == window.repository for one in self._branches()):
            raise Whole("the branch has no plain history any more")
        owners = self._owners(window)
        known = self._stored.owners(window.repository)
        for sha in window.graph.shas:
            decided, own = known.get(sha), owners.get(sha)
            if sha not in window.known:
                if decided is not None:
                    raise Whole("a new commit was known before")
            elif decided is None or own is None or own.change_id != decided.change_id:
                raise Whole("a decided commit belongs to another change")
            elif sha != window.bottom and own.landing_sha not in window.known:
                raise Whole("a decided commit landed again")
        if owners[window.bottom].commits != (window.bottom,):
            raise Whole("the commit to go on from is part of a new change")

    def _owners(self, window: Window) -> dict[str, Change]:
        own = (one for one in self._changes.values() if one.repository == window.repository)
        return {sha: one for one in own for sha in one.commits}

    def _branches(self) -> tuple[BranchEnd, ...]:
        return self._population.handover.branches

    def is_built(self, repository: str, sha: str) -> bool:
        """Whether the change of a commit is among those that are built again."""
        window = self._windows[repository]
        owner = self._owners(window).get(sha)
        if owner is None or sha not in window.graph.index:
            return False
        return sha not in window.known or owner.change_id in self._carried

    def changes(self, told: Collection[tuple[str, int]]) -> tuple[Change, ...]:
        """Those that landed or were carried, and of those told those that did not land."""
        found: list[Change] = []
        for one in self._changes.values():
            window = self._windows[one.repository]
            landed = bool(one.landing_sha) and one.landing_sha not in window.known
            waits = not one.landing_sha and (one.repository, one.number) in told
            if landed or waits or one.change_id in self._carried:
                self._check_change(one)
                found.append(one)
        for repository in self._windows:
            for change_id, before in self._stored.counted(repository).items():
                again = not self._taken.isdisjoint(before.deployments)
                if again and change_id not in self._carried:
                    raise Whole("a change is no longer deployed by what deployed it")
        return tuple(found)

    def _check_change(self, one: Change) -> None:
        before = self._stored.change(one.change_id)
        flags = {*one.flags, *(before.flags if before else ())}
        if one.change_type == "revert" or flags & {"superseded"}:
            raise Whole("a revert: what it undoes may be any of those before it")
        if before is not None and one.landing_sha != before.landing_sha and before.landing_sha:
            raise Whole("a change landed elsewhere")

    # --- where it stands afterwards

    def handover(
        self,
        policy: Policy,
        as_of: int,
        known: Handover,
        changes: Iterable[Change],
    ) -> Handover:
        """Where the population stands with what is new. `as_of` in microseconds UTC."""
        changes, part = list(changes), self._population.handover
        missing = {one for one in part.missing if one not in known.missing}
        places = [(one.repository, one.sha) for one in missing]
        there = since.stored_commits(self._store, places)
        missing = {one for one in missing if (one.repository, one.sha) not in there}
        opened = open_since(
            self.rows, self._population.aftermaths, self._newest(), policy.health_limit, as_of
        )
        return replace(
            known,
            applications=tuple(self._application(one, opened) for one in known.applications),
            branches=tuple(self._branch(one, changes) for one in known.branches),
            missing=(*known.missing, *sorted(missing, key=lambda one: (one.repository, one.sha))),
            changes=known.changes
            + sum(self._stored.change(one.change_id) is None for one in changes),
            deployments=known.deployments
            + len(self._taken - self._stored.deployments(self._taken).keys()),
        )

    def _newest(self) -> dict[str, int]:
        return {
            end.application.id: max((one.entry_seq for one in end.states), default=-1)
            for end in self._ends
        }

    def _application(self, known: ApplicationEnd, opened: Mapping[str, int]) -> ApplicationEnd:
        """The anchors before the window's, then the window's own."""
        end = next((one for one in self._ends if one.known is known), None)
        if end is None:
            return known
        of = (one for one in self._population.handover.applications)
        part = next((one for one in of if one.application == known.application), None)
        found = part.anchors if part else ()
        keys = [(one.repository, one.path, one.through) for one in end.anchor.lanes]
        after = [
            one
            for one in found
            if one.started_at > end.anchor.started_at
            and one.images == end.anchor.images
            and [(lane.repository, lane.path, lane.through) for lane in one.lanes] == keys
        ]
        before = [one for one in known.anchors if one.started_at <= end.anchor.started_at]
        return replace(
            known,
            open_since=opened.get(known.application, 0),
            anchors=tuple([*before, *after][-KEPT:]),
        )

    def _branch(self, known: BranchEnd, changes: Iterable[Change]) -> BranchEnd:
        window = self._windows.get(known.repository)
        if window is None:
            return known
        own = [one for one in changes if one.repository == known.repository]
        landed = {one.number for one in own if one.landing_sha}
        left = {one.number for one in own if one.number and not one.landing_sha}
        waiting = tuple(sorted({*known.waiting, *left} - landed))
        return replace(known, tip=window.tip, waiting=waiting)
