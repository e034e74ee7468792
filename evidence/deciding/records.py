"""What a forge recorded, for a few changes: only what can have brought them is read.

A branch from which nothing was ever taken away received each of its commits once, when it landed;
there the records of those days, those that end in the change's own commits, and the refused pushes
are all there can be. Elsewhere everything is read.
"""

from __future__ import annotations

from collections.abc import Iterable
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
DAY = 86_400_000_000
"""Microseconds. Records of the day before and of the day after are read, too: the forge's clocks
need not agree to the second."""
_BELOW = 300
"""Commits below a direct push among which one is looked for that says when it landed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """What was recorded of a production branch in a span of time."""

    suites: tuple[RuleSuite, ...]
    activity: tuple[RepositoryActivity, ...]
    holes: tuple[LostPush, ...] | None
    """None where only the whole record tells them."""


@dataclass(slots=True, kw_only=True)
class NearForge(Forge):
    """As `Forge`; records are read by what they brought and by when."""

    _lines: dict[str, Lines] = field(default_factory=dict, init=False)
    _plain: dict[str, bool] = field(default_factory=dict, init=False)
    _spans: dict[tuple[str, int, int], _Near] = field(default_factory=dict, init=False)
    _refused: dict[str, tuple[RuleSuite, ...]] = field(default_factory=dict, init=False)
    _topics: dict[tuple[str, str], tuple[LostPush, ...]] = field(default_factory=dict, init=False)

    def landing(self, change: Change) -> LandingRecords:
        """The records of production branches that brought what the change landed."""
        shas = dict.fromkeys([*change.commits, change.landing_sha])
        if not any(shas):
            return LandingRecords()
        begin = self._landed_after(change) if self._is_plain(change) else 0
        near = self._near(change, begin) if begin else None
        if near is None or near.holes is None:
            return Forge.landing(self, change)
        repository = change.repository
        suites = [*near.suites, *self._refused_in(repository)]
        suites += self._ending(RuleSuite, repository, shas)
        moves = [*near.activity, *self._ending(RepositoryActivity, repository, shas)]
        then = [one for one in near.holes if one.since < change.merged_at < one.until]
        hidden = [*self._brought(repository, near.holes, shas), *then]
        return LandingRecords(
            suites=self._brought(repository, sorted(suites, key=_judged), shas),
            activity=self._brought(repository, sorted(moves, key=_moved), shas),
            lost=tuple(dict.fromkeys(hidden)),
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

    def _brought(self, repository: str, records: Iterable[R], shas: Iterable[str]) -> tuple[R, ...]:
        lines = self._lines.setdefault(repository, Lines(self.store, repository))
        refs = self._refs(repository)
        own = [one for one in dict.fromkeys(records) if one.ref in refs]
        lines.expect(own)
        by_sha = brought_by(own, refs, lines.parent_of)
        return tuple(dict.fromkeys(one for sha in shas for one in by_sha.get(sha, ())))

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
        below = since.first_parent_line(self.store, key, change.landing_sha, _BELOW)
        ids = since.changes_by_sha(self.store, [(key, sha) for sha, _ in below])
        line = {sha for sha, _ in below}
        return max(
            (
                one.merged_at
                for one in stored_changes(self.store, ids)
                if one.landing_sha in line and one.branch == change.branch
            ),
            default=0,
        )

    def _near(self, change: Change, begin: int) -> _Near:
        """What was recorded when it landed; of a push without a time all since `begin`."""
        first = begin // DAY
        span = ((first - 1) * DAY, (first + 2) * DAY if change.merged_at else movements.EVER)
        key = (change.repository, *span)
        if key not in self._spans:
            self._spans[key] = self._between(change.repository, f"refs/heads/{change.branch}", span)
        return self._spans[key]

    def _between(self, repository: str, ref: str, span: tuple[int, int]) -> _Near:
        looks = [one for one in self.settings(repository).of(Subject.ACTIVITY) if one.until]
        return _Near(
            suites=tuple(movements.suites_between(self.store, repository, *span)),
            activity=tuple(movements.moves_between(self.store, repository, ref, *span)),
            holes=holes_about(self.store, repository, ref, looks, *span),
        )

    def _refused_in(self, repository: str) -> tuple[RuleSuite, ...]:
        if repository not in self._refused:
            self._refused[repository] = tuple(movements.refused(self.store, repository))
        return self._refused[repository]


def _judged(one: RuleSuite) -> tuple[int, str]:
    return one.pushed_at, one.suite_id


def _moved(one: RepositoryActivity) -> tuple[int, str]:
    return one.at, one.activity_id
