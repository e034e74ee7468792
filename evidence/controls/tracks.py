"""The looks at every setting of one repository, indexed once: what held at a moment, and when.

A year of looks every few hours is thousands of rows, and each change asks for one moment of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from evidence.chain.intervals import SEEN, Interval, intervals, looks
from evidence.controls.audited import AuditTrail
from evidence.model.audit import AuditEvent
from evidence.model.fact import Fact
from evidence.model.protection import SettingsHistory
from evidence.model.settings import (
    AccessSnapshot,
    BranchProtection,
    CodeownersErrors,
    Observation,
    Ruleset,
    RulesetListing,
    RulesetVersion,
    Subject,
)

F = TypeVar("F", bound=Fact)


class Track(Generic[F]):
    """One snapshot over time. Times are microseconds UTC."""

    def __init__(
        self,
        versions: Sequence[F],
        observations: Iterable[Observation],
        subject: Subject,
        key: str,
        trail: AuditTrail,
    ) -> None:
        self._subject, self._key, self._trail = subject, key, trail
        self._looks = trail.doubted(looks(versions, observations), subject, key)
        self._times = [one.at for one in self._looks]
        self._spans = intervals(self._looks)
        self._begins = [one.begin for one in self._spans]

    @property
    def looked_at(self) -> bool:
        """Whether anybody ever looked."""
        return bool(self._looks)

    def at(self, moment: int) -> Interval[F]:
        """What is known to have held, as `evidence.chain.intervals.held_at` defines it."""
        place = bisect_left(self._times, moment)
        if place < len(self._times) and self._times[place] == moment and self._looks[place].seen:
            value = self._looks[place].value
            return Interval(begin=moment, end=moment, value=value, known=True)
        place = bisect_right(self._begins, moment) - 1
        if place >= 0 and self._spans[place].known and moment <= self._spans[place].end:
            return self._spans[place]
        return Interval(begin=moment, end=moment, value=None, known=False)

    def told(self, moment: int) -> list[AuditEvent]:
        """What the audit log says was done between the looks about a moment that saw something."""
        before = [one.at for one in self._looks if one.seen and one.at <= moment]
        after = [one.at for one in self._looks if one.seen and one.at >= moment]
        if not before or not after:
            return []
        return self._trail.events(self._subject, self._key, before[-1], after[0])

    def logged(self, moment: int) -> bool:
        """Whether the audit log shows that it held since a look at it, or until the next one."""
        place = bisect_right(self._times, moment)
        spans = []
        if place and self._looks[place - 1].seen:
            spans.append((self._times[place - 1], moment))
        if place < len(self._looks) and self._looks[place].seen:
            spans.append((moment, self._times[place]))
        return self.at(moment).known and any(
            self._trail.silent(self._subject, self._key, *span) for span in spans
        )

    def edges(self) -> list[int]:
        """Every moment at which what is known changes."""
        return [edge for one in self._spans for edge in (one.begin, one.end)]


class Tracks:
    """All tracks of one repository, each built when it is first asked for."""

    def __init__(self, settings: SettingsHistory) -> None:
        self.settings = settings
        self._observations: dict[tuple[str, str], list[Observation]] = defaultdict(list)
        for one in settings.observations:
            self._observations[one.subject, one.key].append(one)
        self._versions: dict[str, list[RulesetVersion]] = defaultdict(list)
        for version in settings.ruleset_versions:
            self._versions[version.ruleset_id].append(version)
        for rows in self._versions.values():
            rows.sort(key=lambda one: (one.updated_at, one.version_id, one.entry_seq))
        self._built: dict[tuple[str, str], Track[Fact]] = {}
        self._whole: dict[str, bool] = {}
        self._windows: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.trail = AuditTrail(settings)
        """What the organisation's audit log says of the repository."""

    def observations(self, subject: Subject, key: str = "") -> Sequence[Observation]:
        """The looks at one subject."""
        return self._observations.get((subject, key), ())

    def windows(self, subject: Subject, key: str = "") -> Sequence[tuple[int, int]]:
        """The spans of which every event was read, adjoining ones as one; half-open, by time."""
        name = (subject.value, key)
        if name not in self._windows:
            self._windows[name] = _merged(
                (one.since, one.until)
                for one in self.observations(subject, key)
                if one.outcome in SEEN and one.since < one.until
            )
        return self._windows[name]

    def versions(self, ruleset_id: str) -> Sequence[RulesetVersion]:
        """A ruleset's own history, oldest first."""
        return self._versions.get(ruleset_id, ())

    def history_whole(self, ruleset_id: str) -> bool:
        """Whether every version that a look at the history named is here with its state."""
        if ruleset_id not in self._whole:
            named = {
                version
                for one in self.observations(Subject.RULESET_HISTORY, ruleset_id)
                for version in one.listed
            }
            here = {one.version_id for one in self.versions(ruleset_id) if one.state_read}
            self._whole[ruleset_id] = named <= here
        return self._whole[ruleset_id]

    def protection(self, branch: str) -> Track[BranchProtection]:
        """Classic protection of a branch."""
        rows = [one for one in self.settings.protections if one.branch == branch]
        return self._track(Subject.BRANCH_PROTECTION, branch, rows)

    def listing(self) -> Track[RulesetListing]:
        """Which rulesets there are."""
        return self._track(Subject.RULESETS, "", self.settings.listings)

    def ruleset(self, ruleset_id: str) -> Track[Ruleset]:
        """One ruleset as it was observed, without what an administrator supplied."""
        rows = [
            one
            for one in self.settings.rulesets
            if one.ruleset_id == ruleset_id and one.origin != "administrator"
        ]
        return self._track(Subject.RULESET, ruleset_id, rows)

    def codeowners(self, branch: str) -> Track[CodeownersErrors]:
        """What the source finds wrong in CODEOWNERS of a branch."""
        rows = [one for one in self.settings.codeowners if one.branch == branch]
        return self._track(Subject.CODEOWNERS, branch, rows)

    def access(self, scope: str) -> Track[AccessSnapshot]:
        """One list of holders."""
        rows = [one for one in self.settings.access if one.scope == scope]
        return self._track(Subject.ACCESS, scope, rows)

    def _track(self, subject: Subject, key: str, rows: Sequence[F]) -> Track[F]:
        name = (subject.value, key)
        if name not in self._built:
            self._built[name] = Track(
                rows, self.observations(subject, key), subject, key, self.trail
            )
        return self._built[name]  # type: ignore[return-value]


def _merged(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for since, until in sorted(windows):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return found


_LAST: list[Tracks] = []


def tracks_of(settings: SettingsHistory) -> Tracks:
    """The index of a repository's settings; a few are kept, as its changes come together."""
    for known in _LAST:
        if known.settings is settings:
            return known
    found = Tracks(settings)
    _LAST[:] = [found, *_LAST[:7]]
    return found
