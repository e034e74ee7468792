"""Which observation of the refs first reached a commit: what a rebuild must find out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from evidence.model.git import RefTip
from evidence.store import bulk
from evidence.store.escaped import to_text
from evidence.store.facts import commits, fact_table
from evidence.store.load import graph
from evidence.store.session import Store


def place_commits(store: Store, repository: str, since: int = 0) -> int:
    """Sets `entry_seq` and `observed_at` of every commit to the first observation that reaches it.

    `since` leaves those alone that stand at an earlier entry.

    A sync derives commits observation by observation and gets this by itself. A rebuild derives
    them all at once and calls this afterwards. Returns how many rows it set right.
    """
    shas, parents = graph(store, repository)
    first = _first_reached(shas, parents, _tips(store, repository))
    table = commits
    query = select(table.c.sha, table.c.entry_seq).where(
        table.c.repository == to_text(repository), table.c.entry_seq >= since
    )
    with store.read() as connection:
        wrong = [
            {"b_sha": sha, "b_seq": first[sha][0], "b_at": first[sha][1]}
            for sha, seq in connection.execute(query)
            if sha in first and first[sha][0] != seq
        ]
    change = (
        table.update()
        .where(table.c.repository == to_text(repository), table.c.sha == bindparam("b_sha"))
        .values(entry_seq=bindparam("b_seq"), observed_at=bindparam("b_at"))
    )
    for some in bulk.batches(wrong):
        with store.write() as connection:
            connection.execute(change, some)
    return len(wrong)


def _tips(store: Store, repository: str) -> list[tuple[int, int, str]]:
    """(entry, observed_at, object) of every observed tip, oldest observation first."""
    table = fact_table(RefTip).table
    query = (
        select(table.c.entry_seq, table.c.observed_at, table.c.sha, table.c.peeled)
        .where(table.c.repository == to_text(repository))
        .order_by(table.c.entry_seq)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [(row[0], row[1], sha) for row in rows for sha in row[2:] if sha]


def _first_reached(
    shas: Sequence[str], parents: Sequence[Sequence[int]], tips: Iterable[tuple[int, int, str]]
) -> dict[str, tuple[int, int]]:
    """Sha -> (entry, observed_at) of the first tip that reaches it; each commit is walked once."""
    places = {sha: place for place, sha in enumerate(shas)}
    found: dict[str, tuple[int, int]] = {}
    for seq, observed_at, tip in tips:
        waiting = [places[tip]] if tip in places else []
        while waiting:
            place = waiting.pop()
            if shas[place] not in found:
                found[shas[place]] = (seq, observed_at)
                waiting += parents[place]
    return found
