"""Spans of time with what was judged of them, neighbours that say the same made one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A span, microseconds UTC, and what was judged of it; begin and end are one for a look."""

    begin: int
    end: int
    reason: str
    sentence: str
    entries: tuple[int, ...] = ()


def joined(rows: Iterable[Judged]) -> list[Judged]:
    """Rows in order of time; adjoining ones of one reason and sentence as one."""
    found: list[Judged] = []
    for row in rows:
        last = found[-1] if found else None
        if last is not None and (last.reason, last.sentence) == (row.reason, row.sentence):
            found[-1] = Judged(
                begin=last.begin,
                end=max(last.end, row.end),
                reason=row.reason,
                sentence=row.sentence,
                entries=tuple(sorted({*last.entries, *row.entries})),
            )
        else:
            found.append(row)
    return found
