"""When each revision was applied, from looks at a status that Flux rewrites. Pure.

Flux merges history rows that rendered alike (same digest and status): the row keeps its first time,
takes the newest revision and moves to the front (`fluxcd/pkg apis/meta/history.go`). So the first
time of a row may be older than its revision, and A, B, A leaves two rows. What an earlier look
fixed is therefore carried from look to look: the same application of a revision keeps its start,
and another one of the same revision gets a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text

HISTORY_LIMIT = 5
"""Rows that Flux keeps."""
SUCCEEDED, FAILED = "Succeeded", "Failed"
_DONE = "ReconciliationSucceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One revision that a Kustomization tells of, applied or tried."""

    revision: str
    origin: str
    phase: str
    first: int
    last: int
    """Microseconds UTC of the first and last time Flux says this; 0 where it does not say."""
    message: str = ""

    @property
    def key(self) -> str:
        """What identifies it within one look."""
        return f"{self.phase} {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What earlier looks fixed about one Kustomization."""

    current: str = ""
    """Key of the applied revision."""
    starts: Mapping[str, int] = field(default_factory=dict)
    """Key -> start, microseconds UTC."""
    seen: int = 0
    """Microseconds UTC of the last look; 0 before the first."""


def observations(body: Mapping[str, Any]) -> dict[str, Applied]:
    """Key -> what is told, history rows first. Rows of one key are taken together."""
    found: dict[str, Applied] = {}
    for row in map(_row, items(at(body, "status", "history"))):
        if row.revision:
            same = found.get(row.key)
            found[row.key] = _together(same, row) if same else row
    for one in (_current(body), _attempted(body)):
        if one is not None:
            found.setdefault(one.key, one)
    return found


def current_key(body: Mapping[str, Any]) -> str:
    """Key of the revision that is applied now; empty where none is."""
    one = _current(body)
    return one.key if one else ""


def _row(value: object) -> Applied:
    row = mapping(value)
    status = text(row.get("lastReconciledStatus"))
    return Applied(
        revision=text(at(row, "metadata", "revision")),
        origin=text(at(row, "metadata", "originRevision")),
        phase=SUCCEEDED if status == _DONE else FAILED,
        first=iso_micros(row.get("firstReconciled")),
        last=iso_micros(row.get("lastReconciled")),
        message=status,
    )


def _together(one: Applied, other: Applied) -> Applied:
    """The same revision rendered differently twice (a substituted variable): one span of time."""
    return Applied(
        revision=one.revision,
        origin=one.origin or other.origin,
        phase=one.phase,
        first=min(one.first or other.first, other.first or one.first),
        last=max(one.last, other.last),
        message=one.message,
    )


def _current(body: Mapping[str, Any]) -> Applied | None:
    revision = text(at(body, "status", "lastAppliedRevision"))
    origin = text(at(body, "status", "lastAppliedOriginRevision"))
    if not revision:
        return None
    return Applied(revision=revision, origin=origin, phase=SUCCEEDED, first=0, last=0)


def _attempted(body: Mapping[str, Any]) -> Applied | None:
    """The last attempt, where it failed; one that is still going on is told when it ends."""
    revision = text(at(body, "status", "lastAttemptedRevision"))
    ready = condition(body, "Ready")
    if not revision or ready.get("status") != "False":
        return None
    if revision == text(at(body, "status", "lastAppliedRevision")):
        return None
    return Applied(
        revision=revision,
        origin="",
        phase=FAILED,
        first=iso_micros(ready.get("lastTransitionTime")),
        last=0,
        message=f"{text(ready.get('reason'))}: {text(ready.get('message'))}",
    )


def condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of a type; an empty one where there is none."""
    found = (mapping(each) for each in items(at(body, "status", "conditions")))
    return next((each for each in found if each.get("type") == kind), {})


def look(body: Mapping[str, Any], known: Known, fetched: int, observed: int) -> Known:
    """What is fixed after one more look.

    `fetched` is when the source had the applied revision (0 where that is not known): it cannot
    have been applied before. `observed` is the time of the look. Microseconds UTC.
    """
    told = observations(body)
    current = current_key(body)
    starts: dict[str, int] = {}
    for key, one in sorted(told.items(), key=lambda pair: (pair[1].first, pair[0])):
        if key in known.starts:
            starts[key] = known.starts[key]
            continue
        earliest = fetched if key == current else 0
        start = _first_start(one, known.seen, earliest, observed)
        starts[key] = _free(start, {*starts.values(), *known.starts.values()})
    if current:
        starts[current] = _again(
            told[current], starts, known, (fetched, told[current].last, observed)
        )
    return Known(current=current, starts=starts, seen=observed)


def _first_start(one: Applied, seen: int, earliest: int, observed: int) -> int:
    """A row that is older than our last look, which did not tell of this revision, was taken over
    by it since then: what is known is that it lies between `earliest` and the row's last time."""  # noqa: D205, D209
    if 0 < one.first <= seen:
        return earliest if earliest > seen else one.last or observed
    return max(one.first, earliest) or observed


def _again(one: Applied, starts: Mapping[str, int], known: Known, times: tuple[int, ...]) -> int:
    """The start of the applied revision: after everything else that was applied before it.

    `times` are those at which it may have been applied again, the earliest first.
    """
    others = [at for key, at in starts.items() if key != one.key and key.startswith(SUCCEEDED)]
    if known.current != one.key:
        others.append(known.starts.get(known.current, 0))
    latest = max(others, default=0)
    if starts[one.key] > latest:
        return starts[one.key]
    return next((at for at in times if at > latest), latest + 1)


def _free(start: int, taken: set[int]) -> int:
    """The next microsecond that no other application of this object has."""
    while start in taken:
        start += 1
    return start


def rows_lost(body: Mapping[str, Any], known: Known) -> bool:
    """Whether rows may have come and gone since the last look: all that are kept are new."""
    rows = items(at(body, "status", "history"))
    kept = {_row(row).key for row in rows}
    return bool(known.seen) and len(rows) >= HISTORY_LIMIT and not kept & set(known.starts)
