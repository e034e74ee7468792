"""What is asked of deliveries: which are known already, and what they name that is still unread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from evidence.model.delivery import Delivery
from evidence.store import bulk
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import fact_table
from evidence.store.session import Store
from evidence.store.tables import entry_index

LOOKED_AT = 20_000
"""Deliveries that `unread` looks at, the newest ones."""


def known(
    store: Store, source: str, kind: str, ids: Collection[str], contents: Collection[str]
) -> dict[str, int]:
    """Delivery id or content -> entry, of what a source has delivered before as captures of a kind.

    An id is looked for among the entries: one whose bytes were purged is known all the same, so
    that what was taken out does not come back when it is delivered again.
    """
    index, table = entry_index, fact_table(Delivery).table
    same = (index.c.source == to_text(source), index.c.kind == to_text(kind))
    looks = (
        (contents, table.c.content, table.c.entry_seq, (table.c.source == to_text(source),)),
        (ids, index.c.key, index.c.seq, same),
    )
    found: dict[str, int] = {}
    with store.read() as connection:
        for values, column, seq, where in looks:
            for some in bulk.batches(sorted({to_text(value) for value in values}), 500):
                query = select(column, seq).where(*where, column.in_(some)).order_by(seq.desc())
                found |= {from_text(value): entry for value, entry in connection.execute(query)}
    return found


@dataclass(slots=True, kw_only=True)
class Unread:
    """What one source delivered since it was last read whole."""

    deliveries: int = 0
    newest: int = 0
    """Microseconds UTC; 0 where there is none."""
    named: dict[str, int] = field(default_factory=dict)
    """What the deliveries are about -> when it was last named; the newest first."""
    events: set[str] = field(default_factory=set)
    """What happened, in the sender's words."""


def unread(store: Store, since: Mapping[str, int]) -> dict[str, Unread]:
    """Source -> what it delivered at or after a moment (microseconds UTC) of its own.

    A source without a moment counts from the beginning. Of more than `LOOKED_AT` deliveries the
    newest are counted.
    """
    found: dict[str, Unread] = {}
    for source, event, about, received_at in _newest_first(store):
        one = found.setdefault(source, Unread())
        one.newest = max(one.newest, received_at)
        if received_at < since.get(source, 0):
            continue
        one.deliveries += 1
        one.events.add(event)
        if about:
            one.named.setdefault(about, received_at)
    return found


def _newest_first(store: Store) -> Iterator[tuple[str, str, str, int]]:
    table = fact_table(Delivery).table
    columns = (table.c.source, table.c.event, table.c.about, table.c.received_at)
    query = select(*columns).order_by(table.c.entry_seq.desc()).limit(LOOKED_AT)
    with store.read() as connection:
        for source, event, about, received_at in connection.execute(query):
            yield from_text(source), from_text(event), from_text(about), received_at
