"""Which derived rows are seen: the generation pointer and the rows it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from evidence.store.tables import generation


def current_generation(connection: Connection, at: int | None = None) -> int:
    """The generation that readers use (of a ledger of at most `at` entries); 0 for none."""
    query = select(func.max(generation.c.number))
    if at is not None:
        query = query.where(generation.c.ledger_size <= at)
    return connection.execute(query).scalar() or 0


def visible(table: Table, key: Sequence[str], number: int) -> Select[Any]:
    """Per `key` the row of the greatest generation that is at most `number`."""
    other = table.alias("other")
    same = [other.c[name] == table.c[name] for name in key]
    newest = select(func.max(other.c.generation)).where(*same, other.c.generation <= number)
    # A scalar subquery is one index probe per row, whatever a planner without statistics thinks.
    return select(table).where(table.c.generation == newest.scalar_subquery())
