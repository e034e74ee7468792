"""What a forge recorded, for a few changes: only what can have brought them is read.

A branch from which nothing was ever taken away received each of its commits once, when it landed;
there the records of those hours, those that end in the change's own commits, and the refused pushes
are all there can be. Elsewhere everything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from evidence.chain.pushes import brought_by
from evidence.deciding.brought import stored_changes
from evidence.deciding.holes import holes_about
from evidence.deciding.landings import Forge
from evidence.deciding.lines import Lines
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.change import Change
from evidence.model.protection import LandingRecords
from evidence.model.pushes import LostPush, lost_pushes
from evidence.model.settings import Subject
from evidence.store import movements, queries, since

R = TypeVar("R", RuleSuite, RepositoryActivity, LostPush)
M = TypeVar("M", RuleSuite, RepositoryActivity)
SPAN = 21_600_000_000
"""Microseconds: a quarter of a day. Records of the one before and of the one after are read, too:
the forge's clocks need not agree to the second."""
_BELOW = (20, 300)
"""Commits below a direct push among which one is looked for that says when it landed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """What was recorded of a production branch in a span of time, by the commits it brought."""

    suites: Mapping[str, Sequence[RuleSuite]]
    activity: Mapping[str, Sequence[RepositoryActivity]]
    lost: Mapping[str, Sequence[LostPush]]
    holes: tuple[LostPush, ...]


@dataclass(slots=True, kw_only=True)
class NearForge(Forge):
    """As `Forge`; records are read by what they brought and by when."""

    _lines: dict[str, Lines] = field(default_factory=dict, init=False)
    _plain: dict[str, bool] = field(default_factory=dict, init=False)
    _spans: dict[tuple[str, int, int], _Near | None] = field(default_factory=dict, init=False)
    _refused: dict[str, Mapping[str, Sequence[RuleSuite]]] = field(default_factory=dict, init=False)
    _topics: dict[tuple[str, str], tuple[LostPush, ...]] = field(default_factory=dict, init=False)

    def landing(self, change: Change) -> LandingRecords:
        """The records of production branches that brought what the change landed."""
        shas = dict.fromkeys([*change.commits, change.landing_sha])
        if not any(shas):
            return LandingRecords()
        begin = self._landed_after(change) if self._is_plain(change) else 0
        near = self._near(change, begin) if begin else None
        if near is None:
            return Forge.landing(self, change)
        key = change.repository
        refused = self._refused_in(key)
        suites = [near.suites, refused, self._brought(key, self._ending(RuleSuite, key, shas))]
        moves = self._brought(key, self._ending(RepositoryActivity, key, shas))
        then = [one for one in near.holes if one.since < change.merged_at < one.until]
        return LandingRecords(
            suites=_of(shas, suites, _judged),
            activity=_of(shas, [near.activity, moves], _moved),
            lost=tuple(dict.fromkeys([*_of(shas, [near.lost], None), *then])),
        )

    def pushes(
        self, repository: str, ref: str, shas: Iterable[str]
    ) -> tuple[RepositoryActivity, ...]:
        """Movements of a pull request's branch to any of its commits, oldest first."""
        if ref in self._refs(repository):
            return ()
        found = self._ending(RepositoryActivity, repository, shas)
        return tuple(sorted((one for one in found if one.ref == ref), key=_moved))

    def lost(self, repository: str, ref: str) -> tuple[LostPush, ...]:
        """The holes in the record of one branch, by time."""
        if ref in self._refs(repository):
            return Forge.lost(self, repository, ref)
        key = (repository, ref)
        if key not in self._topics:
            own = movements.moves_between(self.store, repository, ref, 0)
            self._topics[key] = lost_pushes(own)
        return self._topics[key]

    def _ending(self, cls: type[M], repository: str, shas: Iterable[str]) -> list[M]:
        own = set(shas) - {""}
        return queries.load_in(self.store, cls, "after_sha", own, repository=repository)

    def _brought(self, repository: str, records: Iterable[R]) -> Mapping[str, Sequence[R]]:
        lines = self._lines.setdefault(repository, Lines(self.store, repository))
        refs = self._refs(repository)
        own = [one for one in records if one.ref in refs]
        lines.expect(own)
        return brought_by(own, refs, lines.parent_of)

    def _is_plain(self, change: Change) -> bool:
        """Whether it landed on the only production branch, which kept all that it received."""
        key, refs = change.repository, self._refs(change.repository)
        if len(refs) != 1 or f"refs/heads/{change.branch}" not in refs:
            return False
        if key not in self._plain:
            self._plain[key] = movements.holds_on(self.store, key, refs)
        return self._plain[key]

    def _landed_after(self, change: Change) -> int:
        """A moment before which it had not landed, microseconds UTC; 0 where none is known."""
        if change.merged_at:
            return change.merged_at
        key = change.repository
        for length in _BELOW:
            below = since.first_parent_line(self.store, key, change.landing_sha, length)
            ids = since.changes_by_sha(self.store, [(key, sha) for sha, _ in below])
            line = {sha for sha, _ in below}
            found = [
                one.merged_at
                for one in stored_changes(self.store, ids)
                if one.landing_sha in line and one.branch == change.branch
            ]
            if any(found):
                return max(found)
        return 0

    def _near(self, change: Change, begin: int) -> _Near | None:
        """What was recorded when it landed; of a push without a time all since `begin`."""
        first = begin // SPAN
        span = ((first - 1) * SPAN, (first + 2) * SPAN if change.merged_at else movements.EVER)
        key = (change.repository, *span)
        if key not in self._spans:
            self._spans[key] = self._between(change.repository, f"refs/heads/{change.branch}", span)
        return self._spans[key]

    def _between(self, repository: str, ref: str, span: tuple[int, int]) -> _Near | None:
        """None where only the whole record tells the holes in it."""
        looks = [one for one in self.settings(repository).of(Subject.ACTIVITY) if one.until]
        holes = holes_about(self.store, repository, ref, looks, *span)
        if holes is None:
            return None
        suites = movements.suites_between(self.store, repository, *span)
        moves = movements.moves_between(self.store, repository, ref, *span)
        return _Near(
            suites=self._brought(repository, suites),
            activity=self._brought(repository, moves),
            lost=self._brought(repository, holes),
            holes=holes,
        )

    def _refused_in(self, repository: str) -> Mapping[str, Sequence[RuleSuite]]:
        if repository not in self._refused:
            refused = movements.refused(self.store, repository)
            self._refused[repository] = self._brought(repository, refused)
        return self._refused[repository]


def _of(
    shas: Iterable[str],
    maps: Sequence[Mapping[str, Sequence[R]]],
    order: Callable[[R], tuple[int, str]] | None,
) -> tuple[R, ...]:
    """Each record of the commits once, commit by commit; those of one in order."""
    found: list[R] = []
    for sha in shas:
        own = [one for each in maps for one in each.get(sha, ())]
        found += sorted(own, key=order) if order else own
    return tuple(dict.fromkeys(found))


def _judged(one: RuleSuite) -> tuple[int, str]:
    return one.pushed_at, one.suite_id


def _moved(one: RepositoryActivity) -> tuple[int, str]:
    return one.at, one.activity_id
