"""When a snapshot is known to have held: only between two equal observations (DESIGN section 4).

Pure and general: it takes what was seen and when it was looked at, whatever the setting is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, TypeVar

from evidence.model.fact import Fact
from evidence.model.settings import Observation, Subject

T = TypeVar("T")
SEEN = frozenset({"read", "unchanged", "absent"})
"""Outcomes of an observation that say what the setting was."""
TELLING = frozenset({Subject.BRANCH_PROTECTION, Subject.CODEOWNERS})
"""Subjects whose absence is a version of its own (`protected=False`): to see it again is to see
the same, not to see it gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Generic[T]):
    """A span of time, microseconds UTC, both ends included, and what is known of it."""

    begin: int
    end: int
    value: T | None
    """What held throughout; None where that is unknown (or where it held that nothing is set:
    `known` tells)."""
    known: bool
    """False: two looks that differ, or a look that saw nothing, lie at its ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Generic[T]):
    """What one look at a setting saw; `seen` is False where it was not visible."""

    at: int
    value: T | None
    seen: bool = True


F = TypeVar("F", bound=Fact)


def looks(versions: Sequence[F], observations: Iterable[Observation]) -> tuple[Look[F], ...]:
    """The looks at one subject in order of time: each observation with the version it found.

    `versions` are the observed versions of one snapshot, `observations` those of its subject and
    key. A version without an observation of its own is a look as well.
    """
    order = sorted(versions, key=lambda one: (one.observed_at, one.entry_seq))
    seen = tuple(observations)
    times = {one.at: one.outcome in SEEN for one in seen}
    gone = {one.at for one in seen if one.outcome == "absent" and one.subject not in TELLING}
    for one in order:
        times[one.observed_at] = True
    found: list[Look[F]] = []
    place, current = 0, None
    for at in sorted(times):
        while place < len(order) and order[place].observed_at <= at:
            current = order[place]
            place += 1
        value = None if at in gone else current
        found.append(Look(at=at, value=value if times[at] else None, seen=times[at]))
    return tuple(found)


def same(one: object, other: object) -> bool:
    """Whether two values say the same, wherever in the ledger they stand."""
    return _bare(one) == _bare(other)


def _bare(value: object) -> object:
    return replace(value, entry_seq=0, observed_at=0) if isinstance(value, Fact) else value


def intervals(seen: Sequence[Look[T]]) -> tuple[Interval[T], ...]:
    """The spans between neighbouring looks; adjoining spans of one value are one.

    A single look gives a span of no length: it is known to hold at that moment.
    """
    found: list[Interval[T]] = []
    if len(seen) == 1 and seen[0].seen:
        only = seen[0]
        return (Interval(begin=only.at, end=only.at, value=only.value, known=True),)
    for first, second in pairwise(seen):
        known = first.seen and second.seen and same(first.value, second.value)
        span = Interval(
            begin=first.at, end=second.at, value=first.value if known else None, known=known
        )
        if found and known and found[-1].known and same(found[-1].value, span.value):
            span = Interval(begin=found.pop().begin, end=span.end, value=span.value, known=True)
        found.append(span)
    return tuple(found)


def held_at(seen: Sequence[Look[T]], moment: int) -> Interval[T]:
    """What is known to have held at a moment (microseconds UTC).

    A moment outside all looks, or between two that differ, is an unknown span of no length.
    """
    for look in seen:
        if look.at == moment and look.seen:
            return Interval(begin=moment, end=moment, value=look.value, known=True)
    for span in intervals(seen):
        if span.known and span.begin <= moment <= span.end:
            return span
    return Interval(begin=moment, end=moment, value=None, known=False)


def covered(windows: Iterable[Observation], begin: int, end: int) -> bool:
    """Whether lists of events were read without a hole from `begin` to `end`, microseconds UTC."""
    reached = begin
    for one in sorted(windows, key=lambda each: (each.since, each.until)):
        if one.outcome not in SEEN or one.until <= reached:
            continue
        if one.since > reached:
            return False
        reached = one.until
        if reached >= end:
            return True
    return reached >= end and begin < end
