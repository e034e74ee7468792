"""When each source was read whole, from the receipts of its complete runs."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from evidence.store import tables
from evidence.store.envelope import open_envelope
from evidence.store.session import Store

LIMIT = 5_000
"""Receipts that are looked at, the newest: what stood unchanged for longer is not told by them."""


def complete_runs(
    store: Store, *, at: int | None = None, since: int = 0
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Source -> (ledger entry of the receipt, start in microseconds UTC), ascending.

    `since`: of receipts from that entry on.
    """
    index = tables.entry_index
    query = (
        select(index.c.seq, tables.entry.c.envelope)
        .join(tables.entry, tables.entry.c.seq == index.c.seq)
        .where(index.c.type == "receipt", index.c.seq >= since)
        .order_by(index.c.seq.desc())
        .limit(LIMIT)
    )
    if at is not None:
        query = query.where(index.c.seq < at)
    with store.read() as connection:
        rows = connection.execute(query).all()
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in reversed(rows):
        body = open_envelope(row.envelope)["body"]
        if body.get("complete"):
            found[str(body["source"])].append((row.seq, int(body["started_at"])))
    return {source: tuple(own) for source, own in found.items()}
