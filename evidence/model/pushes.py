"""Holes in a record of pushes: movements of a ref that must have been and are not recorded.

There is no total to hold such a record against, but each movement begins where the one before it
ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from evidence.model.activity import RepositoryActivity
from evidence.model.git import RefTip
from evidence.model.settings import Observation

_SECOND = 1_000_000
"""Microseconds: as exact as the forge's times are."""
SETTLED = 900_000_000
"""Microseconds that the record must have been read beyond a moment to be believed whole of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPush:
    """One movement of a ref, or several, that nothing recorded tells of: no fact but a hole.

    Each movement begins where the one before it ended; where it does not, something lies between.
    """

    repository: str
    ref: str
    """Full name."""
    before_sha: str
    """Where the ref stood when last recorded."""
    after_sha: str
    """Where it stood next, though nothing is recorded to have put it there."""
    since: int
    until: int
    """Microseconds UTC: between the two. By the forge's clock, but that a tip was seen in Git is
    told by ours."""


def lost_pushes(
    movements: Iterable[RepositoryActivity],
    tips: Iterable[RefTip] = (),
    looks: Iterable[Observation] = (),
) -> tuple[LostPush, ...]:
    """The holes in everything that is recorded of one ref, by time.

    A movement that begins elsewhere than the one before it ended, and a tip that Git was seen to
    have (`tips`) inside what was read of the record (`looks` at it) and that none ends in. That a
    ref went somewhere and came back is not seen where both are missing.
    """
    line = in_order(movements)
    between = [hole for pair in pairwise(line) for hole in _hole(*pair)]
    told = {one.before_sha for one in line[:1]}
    told |= {one.after_sha for one in line} | {one.after_sha for one in between}
    return (*between, *_unrecorded(line, told, tuple(tips), tuple(looks)))


def in_order(movements: Iterable[RepositoryActivity]) -> list[RepositoryActivity]:
    """By time; inside one second, which is as exact as times are, by where each begins."""
    line: list[RepositoryActivity] = []
    rows = sorted(movements, key=lambda one: (one.at, one.activity_id))
    for _, same in groupby(rows, key=lambda one: one.at // _SECOND):
        waiting = list(same)
        while waiting:
            at = line[-1].after_sha if line else ""
            ends = {one.after_sha for one in waiting}
            begins = [one for one in waiting if one.before_sha == at]
            roots = [one for one in waiting if one.before_sha not in ends]
            chosen = (begins or roots or waiting)[0]
            waiting.remove(chosen)
            line.append(chosen)
    return line


def _hole(one: RepositoryActivity, following: RepositoryActivity) -> Iterator[LostPush]:
    if not one.after_sha or not following.before_sha or one.after_sha == following.before_sha:
        return
    yield LostPush(
        repository=one.repository,
        ref=one.ref,
        before_sha=one.after_sha,
        after_sha=following.before_sha,
        since=one.at,
        until=following.at,
    )


def _unrecorded(
    line: Sequence[RepositoryActivity],
    known: set[str],
    tips: Sequence[RefTip],
    looks: Sequence[Observation],
) -> Iterator[LostPush]:
    """Tips inside a window that was read whole, which no movement of it put there."""
    seconds = [one.at // _SECOND for one in line]
    windows = sorted((look.since, look.until) for look in looks)
    begins = [begin for begin, _ in windows]
    ends = list(accumulate((end for _, end in windows), max))
    for tip in sorted(tips, key=lambda one: one.observed_at):
        sha, at = tip.peeled or tip.sha, tip.observed_at
        place = bisect_right(begins, at - SETTLED)
        read = place > 0 and at + SETTLED <= ends[place - 1]
        last = bisect_right(seconds, at // _SECOND)
        while last and line[last - 1].at > at:
            last -= 1
        if read and last and sha not in known:
            yield LostPush(
                repository=tip.repository,
                ref=tip.name,
                before_sha=line[last - 1].after_sha,
                after_sha=sha,
                since=line[last - 1].at,
                until=at,
            )
        known.add(sha)
