"""How far each tracker was read, from the receipts of its complete runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import select

from evidence.model import codec
from evidence.model.capture import Receipt
from evidence.model.ticket import TrackerRead
from evidence.store import tables
from evidence.store.envelope import open_envelope
from evidence.store.escaped import from_text
from evidence.store.session import Store

LISTING = frozenset({"jira"})
"""Collectors whose complete run lists every ticket that changed."""
VISIBLE = "jira.project"
"""Kind of the totals of a receipt that name a project of which every issue was visible."""
_BATCH = 100


def tracker_reads(store: Store, *, at: int | None = None) -> tuple[TrackerRead, ...]:
    """One per tracker that lists what changed and was read whole, in the first `at` entries."""
    wanted = _sources(store)
    found: dict[str, TrackerRead] = {}
    for receipt in newest_receipts(store, at) if wanted else ():
        if receipt.source in wanted - found.keys() and receipt.complete and receipt.read_to:
            found[receipt.source] = TrackerRead(
                tracker=receipt.source,
                read_to=receipt.read_to,
                projects=tuple(one.scope for one in receipt.totals if one.kind == VISIBLE),
            )
        if found.keys() == wanted:
            break
    return tuple(found[source] for source in sorted(found))


def forge_reads(store: Store, forges: Collection[str], *, at: int | None = None) -> dict[str, int]:
    """Forge -> start of its last complete run in the first `at` entries, microseconds UTC.

    Such a run reads everything that changed before it began.
    """
    wanted = set(forges)
    found: dict[str, int] = {}
    for receipt in newest_receipts(store, at) if wanted else ():
        if receipt.source in wanted - found.keys() and receipt.complete:
            found[receipt.source] = receipt.started_at
        if found.keys() == wanted:
            break
    return found


def _sources(store: Store) -> set[str]:
    table = tables.cursor
    query = select(table.c.source).where(table.c.stream.in_(sorted(LISTING)))
    with store.read() as connection:
        return {from_text(row) for row in connection.execute(query).scalars()}


def newest_receipts(store: Store, at: int | None) -> Iterator[Receipt]:
    """Newest first, a few in memory at a time."""
    index, below = tables.entry_index, at
    while True:
        query = (
            select(index.c.seq, tables.entry.c.envelope)
            .join(tables.entry, tables.entry.c.seq == index.c.seq)
            .where(index.c.type == "receipt")
            .order_by(index.c.seq.desc())
            .limit(_BATCH)
        )
        with store.read() as connection:
            chosen = query if below is None else query.where(index.c.seq < below)
            rows = connection.execute(chosen).all()
        for row in rows:
            yield codec.decode(Receipt, open_envelope(row.envelope)["body"])
        if len(rows) < _BATCH:
            return
        below = rows[-1].seq
