"""What an organisation's own log adds to the looks at a setting: what was done between two of them.

Two equal looks say nothing of the time between. Where the log was read whole over that time, its
silence does; and where it tells of changes, what held between the first and the last of them is not
known, whatever the looks saw. A log that was not read adds nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from evidence.chain.intervals import SEEN, Look, same
from evidence.model.audit import OVERRIDE, AuditEvent
from evidence.model.protection import SettingsHistory
from evidence.model.settings import Subject

T = TypeVar("T")
SKEW = 60_000_000
"""Microseconds by which the log's clock may differ from that of a look."""
_RECORDS = frozenset({OVERRIDE, "protected_branch.rejected_ref_update"})
"""Entries that tell of a push, and change no setting."""
_MEMBERS = ("org", "team")


class AuditTrail:
    """The log as it concerns one repository. Times are microseconds UTC."""

    def __init__(self, settings: SettingsHistory) -> None:
        here = {one.event_id for one in settings.audit}
        self._events = sorted(settings.audit, key=lambda one: (one.at, one.event_id))
        self._looks = [one for one in settings.observations if one.subject == Subject.AUDIT_LOG]
        self._lacking = [one for one in self._looks if not here.issuperset(one.listed)]
        moved = [one.at for one in self._events if one.action.startswith("repo.transfer")]
        self._windows = _merged(
            (one.since, min([one.until, *moved]))
            for one in self._looks
            if one.outcome in SEEN and one not in self._lacking
        )
        self._overrides: dict[str, list[AuditEvent]] = {}
        for one in self._events:
            if one.action == OVERRIDE and one.after_sha:
                self._overrides.setdefault(one.after_sha, []).append(one)
        self._times: dict[tuple[str, str], list[int]] = {}

    def overrides(self, sha: str) -> Sequence[AuditEvent]:
        """Entries that a push which ended in a commit went past the rules of its branch."""
        return self._overrides.get(sha, ())

    def lacks(self, moment: int) -> bool:
        """Whether an entry that the log named about a moment is not here."""
        return any(one.since <= moment <= max(one.until, one.at) for one in self._lacking)

    def whole(self, begin: int, end: int) -> bool:
        """Whether the log was read without a hole from one moment to another."""
        return any(since <= begin and end <= until for since, until in self._windows)

    def events(self, subject: Subject, key: str, begin: int, end: int) -> list[AuditEvent]:
        """Entries of a span, ends included, that may have changed a setting, by time."""
        return [
            one for one in self._events if begin <= one.at <= end and _touches(one, subject, key)
        ]

    def silent(self, subject: Subject, key: str, begin: int, end: int) -> bool:
        """Whether it was read whole over a span and tells of nothing that changed a setting."""
        times = self._touching(subject, key)
        first = bisect_left(times, begin - SKEW)
        return self.whole(begin, end) and first >= bisect_right(times, end + SKEW)

    def edges(self, subjects: Mapping[Subject, str]) -> Iterator[int]:
        """Every moment at which what it tells of these settings (subject -> key) changes."""
        for window in self._windows:
            yield from window
        for subject, key in subjects.items():
            yield from self._touching(subject, key)

    def entries(self, begin: int, end: int) -> tuple[int, ...]:
        """Ledger entries of the looks at the log that cover any of a span."""
        found = {one.entry_seq for one in self._looks if one.since <= end and begin <= one.until}
        return tuple(sorted(found - {0}))

    def doubted(self, seen: Sequence[Look[T]], subject: Subject, key: str) -> list[Look[T]]:
        """The looks at a setting, and one that saw nothing where the log says it was changed.

        Before the first change and after the last one it was what the looks saw, as far as the log
        is whole there.
        """
        times = self._touching(subject, key)
        if not times:
            return list(seen)
        found = list(seen[:1])
        for first, second in pairwise(seen):
            if first.seen and second.seen and same(first.value, second.value):
                found += self._between(first, second, times)
            found.append(second)
        return found

    def _between(self, first: Look[T], second: Look[T], times: Sequence[int]) -> list[Look[T]]:
        begin, end = first.at, second.at
        low, high = bisect_left(times, begin - SKEW), bisect_right(times, end + SKEW)
        inside = [min(max(one, begin), end) for one in times[low:high]]
        if not inside:
            return []
        until = inside[0] if self.whole(begin, inside[0]) else begin
        since = inside[-1] if self.whole(inside[-1], end) else end
        if since - until < 2:
            return []
        found: list[Look[T]] = [
            Look(at=until, value=first.value),
            Look(at=(until + since) // 2, value=None, seen=False),
            Look(at=since, value=second.value),
        ]
        return [one for one in found if begin < one.at < end]

    def _touching(self, subject: Subject, key: str) -> list[int]:
        name = (subject.value, key)
        if name not in self._times:
            own = (one.at for one in self._events if _touches(one, subject, key))
            self._times[name] = sorted(own)
        return self._times[name]


def _touches(one: AuditEvent, subject: Subject, key: str) -> bool:
    """Whether an entry may have changed a setting; one that says too little may have."""
    category, _, what = one.action.partition(".")
    if subject == Subject.BRANCH_PROTECTION:
        return category == "protected_branch" and one.action not in _RECORDS
    if subject == Subject.RULESET:
        return category == "repository_ruleset" and one.target in ("", key)
    if subject == Subject.ACCESS and key == "deploy_keys":
        return category == "public_key"
    if subject == Subject.ACCESS and key == "apps":
        return category == "integration_installation"
    if subject == Subject.ACCESS:
        return category in _MEMBERS or (category == "repo" and "member" in what)
    return False


def _merged(windows: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for since, until in sorted(one for one in windows if one[0] < one[1]):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return found
