"""The append-only log: entries, complete Merkle nodes, proofs and signed checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from evidence import merkle
from evidence.canonical import sha256_hex
from evidence.errors import IntegrityError, StoreError
from evidence.notes import Sign, note_text, parse_checkpoint, sign_note
from evidence.store import bulk
from evidence.store.entries import count
from evidence.store.envelope import CAPTURE, CHECKPOINT, Index, Sealed, seal_body
from evidence.store.session import Store
from evidence.store.tables import checkpoint, entry, entry_index, node, payload

_INDEX = ("seq", "type", "source", "kind", "key", "series", "observed_at", "digest")


def append(connection: Connection, entries: Sequence[Sealed]) -> int:
    """Appends entries inside a write transaction; returns the seq of the first.

    Entry, payload, the nodes they complete and their index rows come or go together.
    """
    begin = count(connection)
    numbered = list(enumerate(entries, start=begin))
    leaves = [(seq, each.leaf, each.envelope) for seq, each in numbered]
    bulk.insert(connection, entry, ("seq", "leaf_hash", "envelope"), leaves)
    kept = [(seq, each.salt, each.data) for seq, each in numbered if each.data is not None]
    bulk.insert(connection, payload, ("seq", "salt", "data"), kept)
    hashes = [each.leaf for each in entries]
    nodes = merkle.append_nodes(begin, hashes, _reader(connection, merkle.frontier(begin)))
    bulk.insert(connection, node, ("level", "position", "hash"), nodes)
    index(connection, [(seq, each.index) for seq, each in numbered])
    return begin


def index(connection: Connection, numbered: Sequence[tuple[int, Index]]) -> None:
    """Writes the searchable side of entries; a capture supersedes its object's version before."""
    rows = [(seq, *[getattr(each, name) for name in _INDEX[1:]]) for seq, each in numbered]
    bulk.insert(connection, entry_index, _INDEX, rows)
    supersede = (
        entry_index.update()
        .where(
            entry_index.c.source == _param("source"),
            entry_index.c.kind == _param("kind"),
            entry_index.c.key == _param("key"),
            entry_index.c.seq < _param("by"),
            entry_index.c.superseded.is_(None),
            entry_index.c.type == CAPTURE,
        )
        .values(superseded=_param("by"))
    )
    versions = [
        {"b_by": seq, "b_source": each.source, "b_kind": each.kind, "b_key": each.key}
        for seq, each in numbered
        if each.type == CAPTURE
    ]
    if versions:
        connection.execute(supersede, versions)


def root(store: Store, at: int | None = None) -> bytes:
    """Root hash of the first `at` entries (default: all), 32 bytes.

    Raises:
        StoreError: the ledger is shorter.
    """
    with store.read() as connection:
        return _root(connection, _bounded(connection, at))


def inclusion(store: Store, seq: int, at: int | None = None) -> list[bytes]:
    """RFC 6962 audit path of an entry in the ledger of that size (default: all).

    Raises:
        StoreError: there is no such entry or size.
    """
    with store.read() as connection:
        total = _bounded(connection, at)
        if not 0 <= seq < total:
            raise StoreError(f"The ledger of size {total} has no entry {seq}")
        return merkle.inclusion_proof(seq, total, _reader(connection, _path(seq, total)))


def inclusions(
    store: Store, seqs: Iterable[int], at: int | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """(seq, audit path) of many entries, ascending, in the ledger of that size (default: all).

    Raises:
        StoreError: there is no such entry or size.
    """
    with store.read() as connection:
        total = _bounded(connection, at)
        for some in bulk.batches(sorted(set(seqs)), 200):
            if not 0 <= some[0] <= some[-1] < total:
                raise StoreError(f"The ledger of size {total} has no entry {some[-1]}")
            wanted = [spot for seq in some for spot in _path(seq, total)]
            read = _reader(connection, wanted)
            for seq in some:
                yield seq, merkle.inclusion_proof(seq, total, read)


def consistency(store: Store, old: int, new: int | None = None) -> list[bytes]:
    """RFC 6962 proof that the ledger of size `new` (default: all) extends that of size `old`.

    Raises:
        StoreError: not 0 < old <= new <= size.
    """
    with store.read() as connection:
        total = _bounded(connection, new)
        if not 0 < old <= total:
            raise StoreError(f"There is no consistency proof from size {old} to {total}")
        wanted = _trace(lambda read: merkle.consistency_proof(old, total, read))
        return merkle.consistency_proof(old, total, _reader(connection, wanted))


def write_checkpoint(
    store: Store,
    sign: Sign,
    origin: str,
    *,
    name: str,
    public_key: bytes,
    actor: str = "",
    now: int | None = None,
) -> str:
    """Signs size and root of the ledger as it stands and keeps the note; returns it.

    An entry that follows names the note and who had it signed, so that a checkpoint taken out of
    its table is missed. A size that already has a checkpoint keeps the first one. `now` is in
    microseconds UTC.

    Raises:
        IntegrityError: the ledger does not extend the latest checkpoint.
    """
    with store.read() as connection:
        total = count(connection)
        present = _note_at(connection, total)
        if present is not None:
            return present
        _check_extends(connection)
        head = _root(connection, total)
    note = sign_note(note_text(origin, total, head), name, public_key, sign)
    made = time.time_ns() // 1000 if now is None else now
    said = {
        "actor": actor,
        "size": total,
        "root": head.hex(),
        "note": sha256_hex(note.encode()),
        "observed_at": made,
    }
    with store.write() as connection:
        if (_latest(connection) or (-1, ""))[0] < total:
            columns = ("size", "note", "made_at")
            bulk.insert(connection, checkpoint, columns, [(total, note, made)])
            append(connection, [seal_body(CHECKPOINT, said)])
    return note


def latest_checkpoint(store: Store, at: int | None = None) -> tuple[int, str] | None:
    """Size and note of the newest checkpoint (not larger than `at`), or None."""
    with store.read() as connection:
        return _latest(connection, at)


def checkpoints(store: Store) -> list[tuple[int, str, int]]:
    """(size, note, made_at) of every checkpoint, smallest first."""
    with store.read() as connection:
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.size)).all()
    return [(row.size, row.note, row.made_at) for row in rows]


def _latest(connection: Connection, at: int | None = None) -> tuple[int, str] | None:
    query = select(checkpoint.c.size, checkpoint.c.note).order_by(checkpoint.c.size.desc())
    if at is not None:
        query = query.where(checkpoint.c.size <= at)
    row = connection.execute(query.limit(1)).first()
    return None if row is None else (row[0], row[1])


def _note_at(connection: Connection, size: int) -> str | None:
    query = select(checkpoint.c.note).where(checkpoint.c.size == size)
    found: str | None = connection.execute(query).scalar()
    return found


def _check_extends(connection: Connection) -> None:
    found = _latest(connection)
    if found is None:
        return
    before, note = found
    stated = parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
    if before > count(connection) or _root(connection, before) != stated.root:
        raise IntegrityError(f"The ledger is not the one of the checkpoint at size {before}")


def _root(connection: Connection, total: int) -> bytes:
    return merkle.root(total, _reader(connection, merkle.frontier(total)))


def _bounded(connection: Connection, at: int | None) -> int:
    total = count(connection)
    if at is None:
        return total
    if not 0 <= at <= total:
        raise StoreError(f"The ledger has {total} entries, not {at}")
    return at


def _reader(connection: Connection, wanted: Iterable[tuple[int, int]]) -> merkle.ReadNode:
    """Reads the wanted nodes in one statement and answers from memory."""
    query = _nodes_query(set(wanted))
    rows = connection.exec_driver_sql(query).all() if query else ()
    found = {(level, position): bytes(value) for level, position, value in rows}

    def read(level: int, position: int) -> bytes:
        try:
            return found[level, position]
        except KeyError as error:
            raise IntegrityError(
                f"The ledger lacks the hash of level {level}, position {position}"
            ) from error

    return read


def _nodes_query(wanted: Collection[tuple[int, int]]) -> str:
    """The text of that statement, numbers written out: made anew each time, it must be cheap."""
    levels: dict[int, list[str]] = {}
    for level, position in wanted:
        levels.setdefault(level, []).append(str(int(position)))
    return " UNION ALL ".join(
        f"SELECT {level}, position, hash FROM node "  # noqa: S608 - whole numbers only
        f"WHERE level = {level} AND position IN ({', '.join(positions)})"
        if level
        else f"SELECT 0, seq, leaf_hash FROM entry WHERE seq IN ({', '.join(positions)})"  # noqa: S608
        for level, positions in levels.items()
    )


def _path(seq: int, total: int) -> list[tuple[int, int]]:
    return _trace(lambda read: merkle.inclusion_proof(seq, total, read))


def _trace(prove: Callable[[merkle.ReadNode], object]) -> list[tuple[int, int]]:
    """The nodes that a proof reads: known beforehand, for no proof depends on their values."""
    asked: list[tuple[int, int]] = []

    def read(level: int, position: int) -> bytes:
        asked.append((level, position))
        return b""

    prove(read)
    return asked


def _param(name: str) -> BindParameter[Any]:
    """Named apart from the columns, as SQLAlchemy asks of parameters in an UPDATE."""
    return bindparam(f"b_{name}")
