"""Opening and closing gaps. A gap stays open until a later complete read shows it is gone.

Two sorts: what a run met while fetching is an entry of its own (type `gap`, closed by an entry
`gap_closed`), for nothing else in the ledger would show it; what the content of a capture reveals
belongs to that capture's entry and ends with the version that supersedes it. Lost history, passed
retention and sync gaps never close by themselves: reading on does not bring them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from evidence.model import codec
from evidence.model.capture import Gap, GapReason, Page, Window
from evidence.store import bulk
from evidence.store.envelope import Sealed, open_envelope, seal_body
from evidence.store.escaped import from_text, to_text
from evidence.store.gap_rows import GAP_FIELDS, open_rows, to_gap
from evidence.store.tables import gap, gap_closed

GAP = "gap"
GAP_CLOSED = "gap_closed"
WHOLE = "*"
FETCHED = -1
"""The ordinal of a gap that is an entry of its own."""
PERMANENT = frozenset({GapReason.HISTORY_LOST, GapReason.RETENTION, GapReason.SYNC_GAP})

_COLUMNS = ("entry_seq", "ordinal", "run_id", "stream", "opened_at", *GAP_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one page read, as far as gaps depend on it."""

    source: str
    stream: str
    run_id: str
    page: Page
    window: Window | None
    """What the run asked for; None where unknown: then no gap with a window closes as a whole."""
    now: int
    """Microseconds UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a page does to the gaps of its source."""

    opened: tuple[Gap, ...]
    met_again: tuple[int, ...]
    """Entries of open gaps that this run reports again."""
    closed: tuple[int, ...]
    """Entries of open gaps that this page shows to be gone."""


def plan(connection: Connection, reading: Reading) -> Plan:
    """Compares the gaps of a page with those that are open for what it read."""
    page = reading.page
    reported = {identity(each): each for each in reversed(page.gaps)}
    keys = {WHOLE, *(each.key for each in page.captures), *(each.key for each in page.gaps)}
    keys |= {key for _, key in page.lists}
    sources = {to_text(each) for each in (reading.source, *(each.source for each in page.gaps))}
    query = open_rows().where(
        gap.c.source.in_(sorted(sources)),
        gap.c.ordinal == FETCHED,
        gap.c.key.in_(sorted(to_text(key) for key in keys)),
    )
    known = {identity(to_gap(row)): row for row in connection.execute(query)}
    return Plan(
        opened=tuple(each for same, each in reversed(reported.items()) if same not in known),
        met_again=tuple(known[same].entry_seq for same in reported if same in known),
        closed=tuple(
            sorted(
                row.entry_seq
                for same, row in known.items()
                if same not in reported and _gone(same, row, reading)
            )
        ),
    )


def identity(each: Gap) -> Gap:
    """What two reports of one gap share. The wording may move (a count, a time), but where history
    is lost it says what is lost, and another loss is another gap."""  # noqa: D205, D209
    return each if each.reason in PERMANENT else replace(each, detail="")


def entries(planned: Plan, reading: Reading) -> list[Sealed]:
    """The ledger entries of a plan: one per opened gap, then one for all that closed."""
    seen = {"run_id": reading.run_id, "stream": reading.stream, "observed_at": reading.now}
    made = [seal_body(GAP, {**codec.encode(each), **seen}) for each in planned.opened]
    if planned.closed:
        body = {"gaps": list(planned.closed), "source": reading.source, **seen}
        made.append(seal_body(GAP_CLOSED, body))
    return made


def body_of(sealed: Sealed) -> Mapping[str, Any]:
    """The body in the envelope of an entry made by `entries`."""
    body: Mapping[str, Any] = open_envelope(sealed.envelope)["body"]
    return body


def record_fetched(connection: Connection, seq: int, kind: str, body: Mapping[str, Any]) -> None:
    """Writes the rows that an entry of type `gap` or `gap_closed` stands for."""
    if kind == GAP:
        each = codec.decode(Gap, body)
        run, stream = to_text(body["run_id"]), to_text(body["stream"])
        row = (seq, FETCHED, run, stream, body["observed_at"], *_values(each))
        bulk.insert(connection, gap, _COLUMNS, [row])
    if kind == GAP_CLOSED:
        rows = [(opened, FETCHED, seq, body["observed_at"]) for opened in body["gaps"]]
        bulk.insert(connection, gap_closed, _CLOSED, rows, conflict="DO NOTHING")


def mark_met(connection: Connection, seqs: Sequence[int], run_id: str) -> None:
    """Notes that a run met open gaps again, so that its end does not close them."""
    if seqs:
        connection.execute(
            gap.update()
            .where(gap.c.entry_seq.in_(seqs), gap.c.ordinal == FETCHED)
            .values(run_id=to_text(run_id))
        )


def record_revealed(
    connection: Connection,
    found: Sequence[tuple[int, int, Sequence[Gap]]],
    superseded: Mapping[int, tuple[int, int]],
) -> None:
    """Opens the gaps that captures reveal and closes those of the versions they supersede.

    `found` holds (entry, observed_at, gaps); `superseded` maps the entry of an old version to
    entry and observed_at of the new one.
    """
    lasting = {each for _, _, gaps in found for each in gaps if each.reason in PERMANENT}
    lasting_open = _open_among(connection, lasting)
    rows = []
    for seq, observed_at, gaps in found:
        for ordinal, each in enumerate(gaps):
            if each not in lasting_open:
                rows.append((seq, ordinal, "", "", observed_at, *_values(each)))
            if each.reason in PERMANENT:
                lasting_open.add(each)
    bulk.insert(connection, gap, _COLUMNS, rows)
    if superseded:  # after the insert: a version may end on the page that brought it
        _close_superseded(connection, superseded)


_CLOSED = ("entry_seq", "ordinal", "closed_by", "closed_at")


def _close_superseded(connection: Connection, superseded: Mapping[int, tuple[int, int]]) -> None:
    lasting = [str(reason) for reason in sorted(PERMANENT)]
    rows = connection.execute(
        open_rows().where(
            gap.c.entry_seq.in_(sorted(superseded)),
            gap.c.ordinal != FETCHED,
            gap.c.reason.not_in(lasting),
        )
    ).all()
    closed = [(row.entry_seq, row.ordinal, *superseded[row.entry_seq]) for row in rows]
    bulk.insert(connection, gap_closed, _CLOSED, closed)


def _open_among(connection: Connection, wanted: Iterable[Gap]) -> set[Gap]:
    keys = sorted({to_text(each.key) for each in wanted})
    if not keys:
        return set()
    found = map(to_gap, connection.execute(open_rows().where(gap.c.key.in_(keys))))
    return {each for each in found if each.reason in PERMANENT}


def _gone(each: Gap, row: Row[Any], reading: Reading) -> bool:
    """Whether what was read shows that an open gap, not reported again, is no more."""
    if each.reason in PERMANENT:
        return False
    if each.key != WHOLE:
        page = reading.page
        read = {*page.lists, *((at.kind, at.key) for at in page.captures)}
        return (each.kind, each.key) in read
    if not reading.page.complete or from_text(row.stream) != reading.stream:
        return False
    window = reading.window
    covered = each.window_to == 0 or (
        window is not None and window.since <= each.window_from and each.window_to <= window.until
    )
    return covered and from_text(row.run_id) != reading.run_id


def _values(each: Gap) -> tuple[Any, ...]:
    values = [getattr(each, name) for name in GAP_FIELDS]
    return tuple([to_text(value) if isinstance(value, str) else value for value in values])
