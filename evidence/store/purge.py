"""Deletes what a capture held, and keeps that it was there: the one way out of the ledger.

The entry with its hash stays, so does every proof; salt and payload go, without which the hash
tells nothing. An entry of type `purge` says who did it, when and why.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.exc import DBAPIError

from evidence.errors import ConfigError, StoreError
from evidence.store import handover, ledger
from evidence.store.audit import PURGE
from evidence.store.entries import count
from evidence.store.envelope import CAPTURE, seal_body
from evidence.store.facts import FACTS
from evidence.store.gaps import FETCHED
from evidence.store.session import Store
from evidence.store.tables import DERIVED, entry_index, gap, gap_closed, payload

_FROM_MIRRORS = ("commits", "git_answer")
"""Tables of facts whose rows come from Git and not from the payload."""


def purge(store: Store, seq: int, said: Mapping[str, Any]) -> int:
    """Deletes the payload of a capture and all that was read from it; returns the purge's entry.

    `said` (actor, reason, observed_at) stands in that entry. Its facts, the gaps that it revealed,
    its comparison digest and every derived row go in the same transaction; what other captures
    say is derived again by a rebuild.

    Raises:
        ConfigError: there is no such capture, or it was purged before.
    """
    with store.write() as connection:
        _check(connection, seq)
        if store.dialect == "sqlite":
            connection.execute(text("PRAGMA secure_delete = ON"))
        body = {**said, "entries": [seq]}
        done = ledger.append(connection, [seal_body(PURGE, body)])
        connection.execute(delete(payload).where(payload.c.seq == seq))
        _forget(connection, seq)
    return done


def other_versions(store: Store, seq: int) -> tuple[int, ...]:
    """Entries of further versions of the same object that have their payload, ascending."""
    other = entry_index.alias("other")
    same = [other.c[name] == entry_index.c[name] for name in ("source", "kind", "key", "type")]
    query = (
        select(other.c.seq)
        .join(payload, payload.c.seq == other.c.seq)
        .where(entry_index.c.seq == seq, *same)
        .order_by(other.c.seq)
    )
    with store.read() as connection:
        return tuple(connection.execute(query).scalars())


def reclaim(store: Store) -> None:
    """Has the database give up the space of deleted rows: until then their bytes lie in its files.

    Backups, replicas and archived logs are other files: they are not reached from here.
    """
    if store.dialect == "sqlite":
        _vacuum_sqlite(store)
        return
    autocommit = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with autocommit.connect() as connection:
            connection.exec_driver_sql("VACUUM")
    except DBAPIError as error:
        raise _not_reclaimed(error.orig) from error


def _vacuum_sqlite(store: Store) -> None:
    # On the driver's own connection: SQLAlchemy would begin a transaction around it.
    try:
        with closing(store.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise _not_reclaimed(error) from error


def _not_reclaimed(error: object) -> StoreError:
    return StoreError(
        f"The payload is deleted, but its bytes may still lie in the database's files: {error}",
        next_step="Run VACUUM on the database as its owner.",
    )


def _check(connection: Connection, seq: int) -> None:
    if not 0 <= seq < count(connection):
        raise ConfigError(
            f"The ledger has no entry {seq}.", next_step="`evidence trace` names entry numbers."
        )
    kind = connection.execute(select(entry_index.c.type).where(entry_index.c.seq == seq)).scalar()
    if kind != CAPTURE:
        raise ConfigError(
            f"Entry {seq} is a {kind}: only the payload of a capture can be purged.",
            next_step="Name the entry of the capture that holds what must go.",
        )
    if connection.execute(select(payload.c.seq).where(payload.c.seq == seq)).first() is None:
        raise ConfigError(
            f"The payload of entry {seq} was purged before.", next_step="Nothing is left to do."
        )


def _forget(connection: Connection, seq: int) -> None:
    for fact in FACTS.values():
        if fact.table.name not in _FROM_MIRRORS:
            connection.execute(delete(fact.table).where(fact.table.c.entry_seq == seq))
    for table in (gap, gap_closed):
        connection.execute(
            delete(table).where(table.c.entry_seq == seq, table.c.ordinal != FETCHED)
        )
    # An unsalted digest of the payload would let a short secret be guessed back.
    connection.execute(entry_index.update().where(entry_index.c.seq == seq).values(digest=""))
    # Titles and sentences stand in derived rows of every edition.
    for table in DERIVED:
        connection.execute(delete(table))
    handover.drop(connection)
