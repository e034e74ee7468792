"""What the forge recorded about how each change came to its branch, repository by repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evidence.chain.graph import CommitGraph
from evidence.chain.pushes import NONE, brought_by
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.capture import Gap
from evidence.model.change import Change
from evidence.model.git import RefTip
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.pushes import LostPush, lost_pushes
from evidence.model.settings import Subject
from evidence.policy import Policy
from evidence.store import queries
from evidence.store.session import Store
from evidence.store.settings import records, settings_history


def production_refs(policy: Policy) -> dict[str, frozenset[str]]:
    """Repository -> full names of its production branches."""
    return {
        one.id: frozenset(f"refs/heads/{branch}" for branch in one.production_branches)
        for one in policy.repositories
    }


@dataclass(slots=True, kw_only=True)
class Forge:
    """The settings and records of each repository, read once in a decision."""

    store: Store
    policy: Policy
    at: int | None
    graphs: Mapping[str, CommitGraph]
    gaps: Mapping[str, tuple[Gap, ...]]
    _settings: dict[str, SettingsHistory] = field(default_factory=dict, init=False)
    _suites: dict[str, Mapping[str, Iterable[RuleSuite]]] = field(default_factory=dict, init=False)
    _moves: dict[str, Mapping[str, Iterable[RepositoryActivity]]] = field(
        default_factory=dict, init=False
    )
    _heads: dict[str, Mapping[str, list[RepositoryActivity]]] = field(
        default_factory=dict, init=False
    )
    _holes: dict[str, Mapping[str, tuple[LostPush, ...]]] = field(default_factory=dict, init=False)
    _lost: dict[str, Mapping[str, Iterable[LostPush]]] = field(default_factory=dict, init=False)

    def settings(self, repository: str) -> SettingsHistory:
        """Every observed version of the repository's settings."""
        if repository not in self._settings:
            own = self.gaps.get(repository, ())
            branches = [
                branch
                for one in self.policy.repositories
                if one.id == repository
                for branch in one.production_branches
            ]
            self._settings[repository] = settings_history(
                self.store, repository, own, branches=branches, at=self.at
            )
        return self._settings[repository]

    def landing(self, change: Change) -> LandingRecords:
        """The records of production branches that brought what the change landed."""
        if change.repository not in self._suites:
            self._read(change.repository)
        suites, moves = self._suites[change.repository], self._moves[change.repository]
        shas = dict.fromkeys([*change.commits, change.landing_sha])
        return LandingRecords(
            suites=tuple(dict.fromkeys(one for sha in shas for one in suites.get(sha, ()))),
            activity=tuple(dict.fromkeys(one for sha in shas for one in moves.get(sha, ()))),
            lost=self._hidden(change, shas),
        )

    def _hidden(self, change: Change, shas: Iterable[str]) -> tuple[LostPush, ...]:
        """Holes of its production branch that it may have landed in: by commit, and by time."""
        ref, brought = f"refs/heads/{change.branch}", self._lost[change.repository]
        then = [
            one
            for one in self._holes[change.repository].get(ref, ())
            if one.since < change.merged_at < one.until
        ]
        by_commit = [one for sha in shas for one in brought.get(sha, ()) if one.ref == ref]
        return tuple(dict.fromkeys([*by_commit, *then]))

    def pushes(
        self, repository: str, ref: str, shas: Iterable[str]
    ) -> tuple[RepositoryActivity, ...]:
        """Movements of a pull request's branch to any of its commits, oldest first."""
        if repository not in self._heads:
            self._read(repository)
        to = self._heads[repository]
        found = [one for sha in shas for one in to.get(sha, ()) if one.ref == ref]
        return tuple(sorted(found, key=lambda one: (one.at, one.activity_id)))

    def lost(self, repository: str, ref: str) -> tuple[LostPush, ...]:
        """The holes in the record of one branch, by time."""
        if repository not in self._holes:
            self._read(repository)
        return self._holes[repository].get(ref, ())

    def _refs(self, repository: str) -> frozenset[str]:
        return production_refs(self.policy).get(repository, frozenset())

    def _read(self, repository: str) -> None:
        suites, moves = records(self.store, repository, at=self.at)

        def parent_of(sha: str) -> str | None:
            graph = self.graphs.get(repository)
            if graph is None or sha not in graph.index:
                return None
            parents = graph.parents[graph.index[sha]]
            return graph.shas[parents[0]] if parents else None

        refs = self._refs(repository)
        self._suites[repository] = brought_by(suites, refs, parent_of)
        self._moves[repository] = brought_by(moves, refs, parent_of)
        holes = self._holes_of(repository, refs, moves)
        self._holes[repository] = holes
        lost = [one for ref in sorted(refs) for one in holes.get(ref, ())]
        self._lost[repository] = brought_by(lost, refs, parent_of)
        heads: dict[str, list[RepositoryActivity]] = defaultdict(list)
        for one in moves:
            if one.ref not in refs and one.after_sha not in ("", NONE):
                heads[one.after_sha].append(one)
        self._heads[repository] = heads

    def _holes_of(
        self, repository: str, refs: frozenset[str], moves: Iterable[RepositoryActivity]
    ) -> Mapping[str, tuple[LostPush, ...]]:
        """Ref -> what is missing in its record; production branches are held against Git, too."""
        by_ref: dict[str, list[RepositoryActivity]] = defaultdict(list)
        for one in moves:
            by_ref[one.ref].append(one)
        looks = [one for one in self.settings(repository).of(Subject.ACTIVITY) if one.until]
        found = {}
        for ref, own in by_ref.items():
            tips: list[RefTip] = []
            if ref in refs:
                tips = queries.load_versions(
                    self.store, RefTip, at=self.at, repository=repository, name=ref
                )
            found[ref] = lost_pushes(own, tips, looks)
        return found
