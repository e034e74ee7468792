"""What can be asked of the store. Everything may be asked as of a ledger size (`at`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import and_, func, select

from evidence.errors import ConfigError
from evidence.model import codec
from evidence.model.determination import Determination
from evidence.store import bulk, tables
from evidence.store.entries import (
    StoredEntry,
    captures,
    count,
    entries,
    entries_in,
    entry,
    policies,
    receipts,
)
from evidence.store.escaped import from_text, to_text
from evidence.store.gap_rows import to_gap
from evidence.store.generations import current_generation, visible
from evidence.store.load import (
    commit,
    commits_in,
    graph,
    load,
    load_in,
    load_versions,
    paths_of,
    stream,
)
from evidence.store.session import Store
from evidence.store.stored import CursorRow, StoredDetermination, StoredGap

__all__ = [
    "CursorRow",
    "StoredDetermination",
    "StoredEntry",
    "StoredGap",
    "captures",
    "change_bodies",
    "change_body",
    "changed_bodies",
    "commit",
    "commits_in",
    "cursor",
    "cursors",
    "deployment_bodies",
    "determinations",
    "entries",
    "entries_in",
    "entry",
    "find",
    "gaps",
    "generation",
    "graph",
    "load",
    "load_in",
    "load_versions",
    "paths_of",
    "policies",
    "receipts",
    "size",
    "stream",
    "superseded_ids",
]

SHORTEST_SHA = 4


def size(store: Store) -> int:
    """Number of ledger entries."""
    with store.read() as connection:
        return count(connection)


def cursor(store: Store, source: str, stream_name: str) -> str:
    """The last stored cursor of a stream; empty where there is none."""
    table = tables.cursor
    query = select(table.c.value).where(table.c.source == source, table.c.stream == stream_name)
    with store.read() as connection:
        return from_text(connection.execute(query).scalar() or "")


def cursors(store: Store) -> list[CursorRow]:
    """Every stream with its cursor, by source and stream."""
    table = tables.cursor
    with store.read() as connection:
        rows = connection.execute(select(table).order_by(table.c.source, table.c.stream)).all()
    return [
        CursorRow(
            source=row.source,
            stream=row.stream,
            value=from_text(row.value),
            complete=row.complete,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def gaps(store: Store, *, open_only: bool = True, at: int | None = None) -> list[StoredGap]:
    """Gaps by entry; `open_only` leaves out those that were closed (as of `at`)."""
    table, closed = tables.gap, tables.gap_closed
    same = and_(table.c.entry_seq == closed.c.entry_seq, table.c.ordinal == closed.c.ordinal)
    if at is not None:
        same = and_(same, closed.c.closed_by < at)
    query = select(table, closed.c.closed_at).select_from(table.outerjoin(closed, same))
    query = query.order_by(table.c.entry_seq, table.c.ordinal)
    if at is not None:
        query = query.where(table.c.entry_seq < at)
    if open_only:
        query = query.where(closed.c.closed_by.is_(None))
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [
        StoredGap(
            gap=to_gap(row),
            entry_seq=row.entry_seq,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in rows
    ]


def generation(store: Store, *, at: int | None = None) -> int:
    """The generation that readers see (of a ledger of at most `at` entries); 0 for none."""
    with store.read() as connection:
        return current_generation(connection, at)


def find(store: Store, term: str) -> list[tuple[str, str]]:
    """(kind, change id) of every change that a term names: a sha, a number, a ticket...

    A beginning of a sha (4 digits or more) is enough where only one sha begins with it.

    Raises:
        ConfigError: several shas begin with the term.
    """
    index = tables.chain_index
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        query = select(index.c.kind, index.c.change_id).where(shown).order_by(*index.primary_key)
        exact = connection.execute(query.where(index.c.term == to_text(term))).all()
        low = term.lower()
        if exact or len(low) < SHORTEST_SHA or set(low) - set("0123456789abcdef"):
            return [(kind, change_id) for kind, change_id in exact]
        span = and_(index.c.kind == "sha", index.c.term >= low, index.c.term < low + "g")
        shas = connection.execute(
            select(index.c.term).where(shown, span).distinct().limit(11)
        ).scalars()
        found = sorted(shas)
        if len(found) > 1:
            raise ConfigError(
                f"{term} is the beginning of {len(found) if len(found) < 11 else 'many'} commits",
                next_step="Give more digits of the SHA.",
            )
        rows = connection.execute(query.where(span)).all()
    return [(kind, change_id) for kind, change_id in rows]


def superseded_ids(store: Store) -> frozenset[str]:
    """Ids under which changes were known earlier: their rows stay and are no longer counted."""
    index = tables.chain_index
    query = select(index.c.term).where(index.c.kind == "change", index.c.term != index.c.change_id)
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        rows = connection.execute(query.where(shown).distinct()).scalars()
        return frozenset(from_text(term) for term in rows)


def change_body(store: Store, change_id: str, *, at: int | None = None) -> str | None:
    """The stored body of a change (JSON text), or None."""
    return next(change_bodies(store, [change_id], at=at), None)


def change_bodies(
    store: Store, change_ids: Iterable[str] | None = None, *, at: int | None = None
) -> Iterator[str]:
    """Bodies of changes by change id: of some, or of all."""
    wanted = None if change_ids is None else sorted({to_text(each) for each in change_ids})
    yield from _bodies(store, tables.change, "change_id", wanted, at)


def deployment_bodies(
    store: Store, deployment_ids: Iterable[str] | None = None, *, at: int | None = None
) -> Iterator[str]:
    """Bodies of the population's deployments by deployment id: of some, or of all."""
    wanted = None if deployment_ids is None else sorted({to_text(each) for each in deployment_ids})
    yield from _bodies(store, tables.deployment_row, "deployment_id", wanted, at)


def newest_deployments(store: Store) -> Iterator[str]:
    """Bodies of the newest deployment of each application, by application."""
    table = tables.deployment_row
    with store.read() as connection:
        shown = current_generation(connection)
        newest = (
            select(table.c.application, func.max(table.c.started_at))
            .where(table.c.generation <= shown)
            .group_by(table.c.application)
        )
        for application, started_at in connection.execute(newest.order_by(table.c.application)):
            query = visible(table, ("deployment_id",), shown).with_only_columns(table.c.body)
            query = query.where(
                table.c.application == application, table.c.started_at == started_at
            )
            for body in connection.execute(query.order_by(table.c.deployment_id)).scalars():
                yield from_text(body)


def determinations(
    store: Store,
    subject: str | None = None,
    *,
    outcome: str | None = None,
    at: int | None = None,
) -> list[StoredDetermination]:
    """The determinations in force, by subject and control: of one subject or outcome, or all."""
    table = tables.determination
    with store.read() as connection:
        query = visible(table, ("subject", "control"), current_generation(connection, at))
        if subject is not None:
            query = query.where(table.c.subject == to_text(subject))
        if outcome is not None:
            query = query.where(table.c.outcome == outcome)
        rows = connection.execute(query.order_by(table.c.subject, table.c.control)).all()
    return [_determination(row) for row in rows]


def changed_bodies(store: Store, number: int) -> Iterator[str]:
    """The determinations that a generation brought as the codec wrote them (JSON text), by subject
    and control, streamed."""  # noqa: D205, D209
    table = tables.determination
    query = select(table.c.body).where(table.c.generation == number)
    query = query.order_by(table.c.subject, table.c.control)
    with store.read() as connection:
        for body in connection.execution_options(yield_per=1000).execute(query).scalars():
            yield from_text(body)


def _determination(row: Any) -> StoredDetermination:
    return StoredDetermination(
        determination=codec.decode(Determination, json.loads(from_text(row.body))),
        generation=row.generation,
        ledger_size=row.ledger_size,
        policy_version=from_text(row.policy_version),
        as_of=row.as_of,
    )


def _bodies(
    store: Store, table: Any, key: str, wanted: list[str] | None, at: int | None
) -> Iterator[str]:
    with store.read() as connection:
        query = visible(table, (key,), current_generation(connection, at)).with_only_columns(
            table.c.body
        )
        parts: Iterable[list[str] | None] = [None] if wanted is None else bulk.batches(wanted, 500)
        for some in parts:
            chosen = query if some is None else query.where(table.c[key].in_(some))
            streamed = connection.execution_options(yield_per=1000)
            for body in streamed.execute(chosen.order_by(table.c[key])).scalars():
                yield from_text(body)
