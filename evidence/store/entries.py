"""Ledger entries as they are: envelope, salt, payload, and the captures and receipts in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from evidence.errors import StoreError
from evidence.model import codec
from evidence.model.capture import Capture, Receipt
from evidence.store import bulk, tables
from evidence.store.envelope import CAPTURE, inflate, open_capture, open_envelope
from evidence.store.session import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One ledger entry with all that a verifier needs of it."""

    seq: int
    envelope: Mapping[str, Any]
    """The envelope as values, escapes undone; entries other than captures keep theirs in `body`."""
    text: str
    """The exact envelope: its UTF-8 bytes are the leaf."""
    leaf_hash: bytes
    salt: bytes
    payload: bytes | None
    """None where the entry never had one or it was purged."""


def count(connection: Connection) -> int:
    """Number of entries in the ledger."""
    last = connection.exec_driver_sql("SELECT max(seq) FROM entry").scalar()
    return 0 if last is None else int(last) + 1


def entry(store: Store, seq: int) -> StoredEntry:
    """One ledger entry.

    Raises:
        StoreError: there is no such entry.
    """
    with store.read() as connection:
        found = _entries(connection, _entry_query().where(tables.entry.c.seq == seq))
    if not found:
        raise StoreError(f"The ledger has no entry {seq}")
    return found[0]


def entries(store: Store, kind: str, *, at: int | None = None) -> list[StoredEntry]:
    """All entries of a type (`receipt`, `policy`, `export`...), oldest first."""
    index = tables.entry_index
    query = _entry_query().join(index, index.c.seq == tables.entry.c.seq)
    with store.read() as connection:
        chosen = query.where(index.c.type == kind)
        return _entries(connection, chosen if at is None else chosen.where(index.c.seq < at))


def entries_in(store: Store, seqs: Iterable[int]) -> Iterator[StoredEntry]:
    """Those of many entries that exist, ascending, a few hundred in memory at a time."""
    with store.read() as connection:
        for some in bulk.batches(sorted(set(seqs)), 200):
            yield from _entries(connection, _entry_query().where(tables.entry.c.seq.in_(some)))


def receipts(store: Store, *, at: int | None = None) -> list[tuple[int, Receipt]]:
    """(seq, receipt) of every sync run, oldest first."""
    found = entries(store, "receipt", at=at)
    return [(each.seq, codec.decode(Receipt, each.envelope["body"])) for each in found]


def policies(store: Store, *, at: int | None = None) -> list[StoredEntry]:
    """The entries that hold our own yardstick, oldest first."""
    return entries(store, "policy", at=at)


def captures(store: Store, seqs: Iterable[int]) -> list[tuple[int, Capture]]:
    """(seq, capture) of those of the entries that are captures, ascending; a purged payload is
    empty."""  # noqa: D205, D209
    return [
        (each.seq, open_capture(each.envelope, each.payload or b""))
        for each in entries_in(store, seqs)
        if each.envelope["type"] == CAPTURE
    ]


def _entry_query() -> Select[Any]:
    joined = tables.entry.outerjoin(tables.payload, tables.payload.c.seq == tables.entry.c.seq)
    columns = (*tables.entry.columns, tables.payload.c.salt, tables.payload.c.data)
    return select(*columns).select_from(joined).order_by(tables.entry.c.seq)


def _entries(connection: Connection, query: Select[Any]) -> list[StoredEntry]:
    return [
        StoredEntry(
            seq=row.seq,
            envelope=open_envelope(row.envelope),
            text=row.envelope,
            leaf_hash=bytes(row.leaf_hash),
            salt=bytes(row.salt or b""),
            payload=None if row.data is None else inflate(bytes(row.data), row.seq),
        )
        for row in connection.execute(query)
    ]
