"""What is asked of deliveries: which are known already, and what they name that is still unread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from evidence.canonical import from_text, to_text
from evidence.model.delivery import Delivery
from evidence.store import bulk
from evidence.store.facts import fact_table
from evidence.store.session import Store

LOOKED_AT = 20_000
"""Deliveries that `unread` looks at, the newest ones."""


def known(
    store: Store, source: str, ids: Collection[str], contents: Collection[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Delivery id -> entry, and content -> entry, of those that a source has delivered before."""
    table = fact_table(Delivery).table
    found: list[dict[str, int]] = []
    with store.read() as connection:
        for column, values in ((table.c.delivery_id, ids), (table.c.content, contents)):
            rows: dict[str, int] = {}
            for some in bulk.batches(sorted({to_text(value) for value in values}), 500):
                query = select(column, table.c.entry_seq).where(
                    table.c.source == to_text(source), column.in_(some)
                )
                rows |= {from_text(value): seq for value, seq in connection.execute(query)}
            found.append(rows)
    return found[0], found[1]


@dataclass(slots=True, kw_only=True)
class Unread:
    """What one source delivered since it was last read whole."""

    deliveries: int = 0
    newest: int = 0
    """Microseconds UTC; 0 where there is none."""
    named: dict[str, int] = field(default_factory=dict)
    """What the deliveries are about -> when it was last named; the newest first."""


def unread(store: Store, since: Mapping[str, int]) -> dict[str, Unread]:
    """Source -> what it delivered at or after a moment (microseconds UTC) of its own.

    A source without a moment counts from the beginning. Of more than `LOOKED_AT` deliveries the
    newest are counted.
    """
    found: dict[str, Unread] = {}
    for source, about, received_at in _newest_first(store):
        one = found.setdefault(source, Unread())
        one.newest = max(one.newest, received_at)
        if received_at < since.get(source, 0):
            continue
        one.deliveries += 1
        if about:
            one.named.setdefault(about, received_at)
    return found


def _newest_first(store: Store) -> Iterator[tuple[str, str, int]]:
    table = fact_table(Delivery).table
    columns = (table.c.source, table.c.about, table.c.received_at)
    query = select(*columns).order_by(table.c.entry_seq.desc()).limit(LOOKED_AT)
    with store.read() as connection:
        for source, about, received_at in connection.execute(query):
            yield from_text(source), from_text(about), received_at
