"""Information produced by the entity: how each listing was made, and every sync run behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evidence.model.capture import Receipt
from evidence.report.view import View

TITLE = "Information produced by the entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRuns:
    """The sync runs of one source together; times in microseconds UTC."""

    source: str
    collectors: tuple[str, ...]
    credentials: tuple[str, ...]
    runs: int
    incomplete: int
    first: int
    last: int
    longest_pause: int
    """Longest time from the end of a complete run to the start of the next complete one."""
    calls: int
    retries: int
    versions: int
    gaps: int
    skew: int | None
    """The farthest that our clock was ahead of the source's (negative: behind), beyond `SKEW`."""


SKEW = 120_000_000
"""Microseconds of difference between two clocks that nobody needs to be told of."""


def context(view: View) -> Mapping[str, Any]:
    """The header of `population.ipe.json` and the receipts of the sync runs, oldest first."""
    receipts = sorted(view.data.receipts, key=lambda row: (row.started_at, row.run_id, row.source))
    names = sorted({row.source for row in receipts})
    return {
        "header": view.ipe,
        "sources": [
            _together([row for row in receipts if row.source == name], view.data.simulated)
            for name in names
        ],
        "receipts": view.cut(receipts),
    }


def _together(runs: Sequence[Receipt], simulated: bool) -> SourceRuns:
    complete = [row for row in runs if row.complete]
    return SourceRuns(
        source=runs[0].source,
        collectors=_distinct(f"{row.collector} {row.collector_version}" for row in runs),
        credentials=_distinct(row.credential or "none" for row in runs),
        runs=len(runs),
        incomplete=len(runs) - len(complete),
        first=runs[0].started_at,
        last=runs[-1].finished_at,
        longest_pause=max(
            (later.started_at - row.finished_at for row, later in pairwise(complete)), default=0
        ),
        calls=sum(row.calls for row in runs),
        retries=sum(row.retries for row in runs),
        versions=sum(row.versions_new for row in runs),
        gaps=sum(row.gaps for row in runs),
        # A simulated organisation has a clock of its own.
        skew=None if simulated else _skew(runs),
    )


def _skew(runs: Sequence[Receipt]) -> int | None:
    told = [row.skew for row in runs if row.skew is not None and abs(row.skew) > SKEW]
    return max(told, key=abs, default=None)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
