"""What is new since the last decision, decided without the rest, where that comes to the same.

The population of new commits, pull requests and operations is built by the same pure code from the
ends of what they belong to: of each application from a settled operation on that contains all
before it, of each repository from a commit on that everything older is reached through. `Whole` is
raised wherever older things could look different; the caller then reads everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from evidence.chain.carried import Carried
from evidence.chain.changes import PullRequestHead
from evidence.chain.handover import Handover
from evidence.chain.records import PopulationInputs
from evidence.deciding.case import Case, in_order
from evidence.deciding.ends import Told, check_parents, ends_of, told_of
from evidence.deciding.fresh import Fresh, check_states, started_at
from evidence.deciding.kinds import KNOWN
from evidence.deciding.leaving import MANY, MOST
from evidence.deciding.nearby import nearby
from evidence.deciding.precedents import rests_on_others
from evidence.deciding.retelling import retold, structure
from evidence.deciding.returned import returned_to
from evidence.deciding.sights import StoredSights, StoredStatements, ran_words, sight_words
from evidence.deciding.tags import StoredTags
from evidence.deciding.touching import Stored, touched_deployments, touched_ids
from evidence.deciding.window import Whole, Window, heads_of, listings_of, window_of
from evidence.model.change import Change, ChangeKind
from evidence.model.check import CheckRun
from evidence.model.git import RefTip
from evidence.model.production import ProductionDeployment
from evidence.model.pull_request import (
    CommitPullRequests,
    PullRequest,
)
from evidence.model.rollout import RolloutStep
from evidence.store import queries, since
from evidence.store.runs import complete_runs
from evidence.store.writer import IndexRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """What to look at again, and where the population stands afterwards."""

    case: Case
    """Holds what the chains of these changes need."""
    changes: tuple[Change, ...]
    deployments: tuple[ProductionDeployment, ...]
    handover: Handover
    words: tuple[IndexRow, ...]
    """Digests that were seen for tags, and what ran from which deployment on."""


def increment(case: Case, known: Handover, begin: int) -> Increment:
    """What entries from `begin` on, the size of the ledger last decided on, have to be decided.

    Raises:
        Whole: older changes or deployments may look different, too.
    """
    _check_plain(case, known, begin)
    try:
        return _Increment(case, known, begin, far=False).found()
    except Whole:
        return _Increment(case, known, begin, far=True).found()


def _check_plain(case: Case, known: Handover, begin: int) -> None:
    store = case.store
    if known.whole:
        raise Whole(known.whole)
    if rests_on_others(case.policy):
        raise Whole("the policy has changes rest on earlier ones")
    if since.kinds_since(store, begin) - KNOWN:
        raise Whole("facts of other kinds came")
    if since.has_any(store, RolloutStep):
        raise Whole("rollouts tell of deployments")
    if since.stored_commits(store, [(one.repository, one.sha) for one in known.missing]):
        raise Whole("a commit that was missing came")
    if case.asked_again(known.passing) != known.passing:
        raise Whole("Git answers otherwise than before")


class _Increment:
    """One attempt, from the newest anchors that will do or from the oldest there are."""

    def __init__(self, case: Case, known: Handover, begin: int, *, far: bool) -> None:
        self._case, self._known, self._begin = case, known, begin
        self._store, self._stored = case.store, Stored(case.store)
        self._tips = since.facts_since(self._store, RefTip, begin)
        self._pulls = since.facts_since(self._store, PullRequest, begin)
        self._listings = since.facts_since(self._store, CommitPullRequests, begin)
        self._told: Told = told_of(self._store, case.policy, begin)
        gaps = [row.gap for row in queries.gaps(self._store)]
        self._sights = StoredSights(self._store, begin)
        ran = self._sights.starts(known)
        self._ends = ends_of(self._store, case.policy, known, self._told, gaps, ran, far=far)
        self._windows = self._open_windows()
        check_states(self._ends, self._windows)
        check_parents(self._store, case.policy, known, self._told, self._ends)

    def found(self) -> Increment:
        case, stored = self._case, self._stored
        heads: list[PullRequestHead] = []
        relabelled: list[Change] = []
        for window in self._windows.values():
            some, changed = self._heads(window)
            heads += some
            relabelled += changed
        part = case.narrowed(self._inputs(heads))
        passing = in_order({*self._known.passing, *part.passing})
        if len(passing) > MOST:
            raise Whole(MANY)
        fresh = Fresh(self._store, self._ends, self._windows, stored, part.population)
        self._sights.check_pins(part.population, {row.deployment_id for row in fresh.rows})
        self._check_listings(fresh)
        told = {(one.repository, one.number) for one in self._pulls}
        changes, rows = fresh.changes(told), fresh.rows
        listed = {one.change_id: one for one in (*relabelled, *changes)}
        back = {one for row in rows for one in returned_to(row)}
        more = (touched_ids(case, self._begin) | back) - listed.keys()
        listed |= stored.changes(more)
        every = (*rows, *stored.deployments(self._beside(listed.values(), rows)).values())
        return Increment(
            case=nearby(case, listed.values(), every, part.population, stored),
            changes=tuple(listed.values()),
            deployments=every,
            handover=replace(
                fresh.handover(case.policy, case.as_of, self._known, changes), passing=passing
            ),
            words=(
                *sight_words(self._sights.fresh, part.population.pinned),
                *ran_words(part.population.deployments, first=False),
            ),
        )

    def _beside(self, changes: Iterable[Change], rows: Iterable[ProductionDeployment]) -> set[str]:
        """Deployments of before that are judged by what is looked at again."""
        listed = list(changes)
        found = {one for each in listed for one in each.deployments}
        shas = [f"{one.repository} {one.sha}" for one in self._checks()]
        found |= since.judged_by(self._store, [*(one.change_id for one in listed), *shas])
        found |= touched_deployments(self._store, self._begin)
        return found - {one.deployment_id for one in rows}

    def _checks(self) -> list[CheckRun]:
        return since.facts_since(self._store, CheckRun, self._begin)

    def _open_windows(self) -> dict[str, Window]:
        """The end of each repository that something new concerns."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for end in self._ends:
            for lane in end.anchor.lanes:
                wanted[lane.repository].add(lane.sha)
        branches = {one.repository: one for one in self._known.branches}
        own = {one.id: one.production_branches for one in self._case.policy.repositories}
        tips: dict[str, list[str]] = defaultdict(list)
        for tip in self._tips:
            if tip.name.removeprefix("refs/heads/") in own.get(tip.repository, ()):
                tips[tip.repository].append(tip.peeled or tip.sha)
        told = {one.repository for one in self._pulls}
        told |= {one.repository for one in self._listings}
        told &= own.keys()
        found: dict[str, Window] = {}
        for repository in sorted(tips.keys() | told | wanted.keys()):
            branch = branches.get(repository)
            if branch is None or branch.reverts:
                raise Whole("a branch without a plain history, or with reverts that wait")
            seen = tips[repository]
            newest = seen[-1] if seen else branch.tip
            needed = {*seen, *wanted[repository]}
            found[repository] = window_of(self._store, branch, newest, needed)
        return found

    def _heads(self, window: Window) -> tuple[list[PullRequestHead], list[Change]]:
        """Pull requests for the window, and decided changes that are told of in other words."""
        branch = next(one for one in self._known.branches if one.repository == window.repository)
        told = {one.number for one in self._pulls if one.repository == window.repository}
        self._stored.read_window(window, {*told, *branch.waiting})
        own = self._stored.of(window.repository)
        heads: list[PullRequestHead] = []
        relabelled: list[Change] = []
        for number, some in heads_of(self._store, window, branch, told, own).items():
            change = own.get(f"{window.repository}:pr:{number}")
            landed = change is not None and bool(change.landing_sha)
            if number in told and change is not None and landed:
                relabelled.append(self._relabelled(change, some))
            inside = change.landing_sha if change is not None and landed else ""
            if inside in window.graph.index if landed else self._may_land(window, some[-1], told):
                heads.append(some[-1])
        return heads, relabelled

    def _may_land(self, window: Window, head: PullRequestHead, told: Iterable[int]) -> bool:
        """Whether a pull request that did not land may explain what is new, or is to be told."""
        if head.merge_sha in window.graph.index or head.head_sha in window.graph.index:
            return True
        places = [(window.repository, sha) for sha in (head.merge_sha, head.head_sha) if sha]
        if head.number not in set(told):
            return False
        if head.state == "MERGED" and since.stored_commits(self._store, places):
            raise Whole("a pull request may explain older commits")
        return True

    def _relabelled(self, change: Change, versions: list[PullRequestHead]) -> Change:
        before = [one for one in versions if one.entry_seq < self._begin]
        if not before or structure(before[-1]) != structure(versions[-1]):
            raise Whole("a decided pull request differs")
        return retold(self._case.policy, change, versions[-1])

    def _inputs(self, heads: Iterable[PullRequestHead]) -> PopulationInputs:
        windows, states = self._windows, [one for end in self._ends for one in end.states]
        first = min((one.entry_seq for one in states), default=-1)
        return PopulationInputs(
            deployments=tuple(one for end in self._ends for one in end.operations),
            states=tuple(states),
            runs=complete_runs(self._store, since=first) if states else {},
            graphs={key: one.graph for key, one in windows.items()},
            tips={key: {one.branch: (one.tip,)} for key, one in windows.items()},
            heads=tuple(heads),
            associations={key: listings_of(self._store, one) for key, one in windows.items()},
            previous_ids=tuple(
                change_id
                for key in windows
                for change_id, one in self._stored.of(key).items()
                if one.kind is ChangeKind.DIRECT
            ),
            carried=self._carried(),
            stated=StoredStatements(self._store),
            sighted=self._sights,
            tags=StoredTags(self._store),
        )

    def _carried(self) -> dict[str, Carried]:
        """What carried the window's changes before the anchors, or for other applications."""
        keys = {one.id: one.values_keys for one in self._case.policy.applications}
        roles = {one.id: one.role for one in self._case.policy.repositories}
        found: dict[str, Carried] = {}
        for repository in self._windows:
            own = self._stored.counted(repository)
            kept = {
                change_id: [one for one in change.deployments if not self._is_again(one)]
                for change_id, change in own.items()
            }
            every = {one for some in kept.values() for one in some}
            moved = roles.get(repository) == "configuration"
            rows = self._stored.deployments(every) if moved else {}
            for change_id, some in kept.items():
                carried = Carried(tuple(some), min(map(started_at, some), default=0))
                for row in (rows[one] for one in some if one in rows):
                    carried.learn(row.images, keys.get(row.application, ()))
                if some:
                    found[change_id] = carried
        return found

    def _is_again(self, deployment_id: str) -> bool:
        """Whether it is one of those after the anchors, which are built again."""
        return any(
            deployment_id.startswith(f"{end.known.source}:{end.known.uid}:")
            and started_at(deployment_id) > end.anchor.started_at
            for end in self._ends
        )

    def _check_listings(self, fresh: Fresh) -> None:
        for one in self._listings:
            if one.repository not in self._windows or fresh.is_built(one.repository, one.sha):
                continue
            versions = queries.load_versions(
                self._store, CommitPullRequests, repository=one.repository, sha=one.sha
            )
            if (
                len(versions) < 2
                or len({(each.branch, each.merged_numbers) for each in versions}) > 1
            ):
                raise Whole("the forge lists other pull requests of an older commit")
