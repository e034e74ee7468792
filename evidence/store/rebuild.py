"""Facts, heads and gaps made again from the ledger alone, and a digest to compare stores by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from evidence.canonical import comparison_digest
from evidence.errors import StoreError
from evidence.model.capture import Capture
from evidence.store import gaps, handover, ledger, rows
from evidence.store.entries import count
from evidence.store.envelope import (
    CAPTURE,
    Index,
    body_index,
    capture_index,
    inflate,
    open_capture,
    open_envelope,
)
from evidence.store.facts import FACTS
from evidence.store.session import Store
from evidence.store.tables import cursor, entry, entry_index, gap, gap_closed, payload

Parse = Callable[[Capture], rows.ParsedLike]
_BATCH = 200
_MARK = "rebuild"
"""Source and stream of the cursor that stands while a rebuild is not at its end: no collector has
this name."""


def rebuild(store: Store, parse: Parse) -> int:
    """Empties facts, heads and gaps and replays every entry in order; returns their number.

    Commits, their paths and Git's answers go too: they come from the mirrors, and the caller
    brings them back. One transaction, the only one that may be long: cut, nothing has changed.
    A purged capture keeps its entry and loses its facts. Until `finish` the store counts as cut:
    what the mirrors and a decision give is missing.
    """
    with store.write() as connection:
        tables = [each.table for each in FACTS.values()]
        for table in (*tables, gap, gap_closed, entry_index):
            connection.execute(delete(table))
        total = count(connection)
        replay = _Replay(connection, parse)
        for begin in range(0, total, _BATCH):
            replay.batch(begin)
        _mark(connection)
    return total


def is_cut(store: Store) -> bool:
    """Whether a rebuild emptied this store and did not come to its end."""
    query = select(cursor.c.value).where(cursor.c.source == _MARK, cursor.c.stream == _MARK)
    with store.read() as connection:
        return connection.execute(query).first() is not None


def check_whole(store: Store) -> None:
    """Refuses a store that a rebuild emptied: what it says would look like what is known.

    Raises:
        StoreError: the rebuild was cut.
    """
    if is_cut(store):
        raise StoreError(
            "A rebuild of this store was cut: commits and decisions are not all back.",
            next_step="Run `evidence db rebuild` again, or `evidence sync`, which ends it too.",
        )


def finish(store: Store) -> None:
    """Says that everything is back."""
    with store.write() as connection:
        connection.execute(delete(cursor).where(cursor.c.source == _MARK, cursor.c.stream == _MARK))


def _mark(connection: Connection) -> None:
    connection.execute(delete(cursor).where(cursor.c.source == _MARK, cursor.c.stream == _MARK))
    row = {"source": _MARK, "stream": _MARK, "value": "", "complete": False, "updated_at": 0}
    connection.execute(cursor.insert().values(row))
    handover.drop(connection)  # what it says rests on what was emptied


def fingerprint(store: Store) -> dict[str, str]:
    """Table name -> digest of its rows, for every table that the ledger alone gives back."""
    made = [
        each.table for each in FACTS.values() if each.table.name not in ("commits", "git_answer")
    ]
    with store.read() as connection:
        return {
            table.name: _digest(connection, table)
            for table in (*made, gap, gap_closed, entry_index)
        }


def _digest(connection: Connection, table: Table) -> str:
    # What a run met last is an aid of the running sync, not part of what is known.
    columns = [column for column in table.columns if (table.name, column.name) != ("gap", "run_id")]
    query = select(*columns).order_by(*table.primary_key.columns)
    digest = hashlib.sha256()
    for row in connection.execution_options(yield_per=1000).execute(query):
        digest.update(json.dumps(list(row)).encode() + b"\n")
    return digest.hexdigest()


class _Replay:
    """One pass over the ledger: what is a head, and which heads have open gaps, so far."""

    def __init__(self, connection: Connection, parse: Parse) -> None:
        self.connection = connection
        self.parse = parse
        self.heads: dict[tuple[str, str, str], int] = {}
        self.revealing: set[int] = set()

    def batch(self, begin: int) -> None:
        """Replays the next entries."""
        query = (
            select(entry, payload.c.data)
            .select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))
            .where(entry.c.seq >= begin, entry.c.seq < begin + _BATCH)
            .order_by(entry.c.seq)
        )
        index: list[tuple[int, Index]] = []
        facts: list[tuple[int, int, rows.FactRows]] = []
        for row in self.connection.execute(query).all():
            envelope = open_envelope(row.envelope)
            if envelope["type"] == CAPTURE:
                said, at = self._capture(row, envelope)
                facts.append((row.seq, at.observed_at, said))
            else:
                body, kind = envelope["body"], envelope["type"]
                at = body_index(kind, body)
                gaps.record_fetched(self.connection, row.seq, kind, body)
            index.append((row.seq, at))
        ledger.index(self.connection, index)
        rows.insert(self.connection, facts)

    def _capture(self, row: Any, envelope: dict[str, Any]) -> tuple[rows.FactRows, Index]:
        data = None if row.data is None else inflate(bytes(row.data), row.seq)
        capture = open_capture(envelope, data or b"")
        digest = "" if data is None else comparison_digest(data, capture.volatile)
        at = capture_index(capture, digest)
        facts, found = ({}, ()) if data is None else rows.fact_rows(capture, self.parse(capture))
        before = self.heads.get((at.source, at.kind, at.key))
        self.heads[at.source, at.kind, at.key] = row.seq
        ended = {before: (row.seq, at.observed_at)} if before in self.revealing else {}
        if found or ended:
            revealed = [(row.seq, at.observed_at, found)]
            gaps.record_revealed(self.connection, revealed, ended)
        if found:
            self.revealing.add(row.seq)
        return facts, at
