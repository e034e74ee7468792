"""Rows that come from the Git mirrors and not from captures: commits and answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select

from evidence.errors import MalformedError
from evidence.model.git import GitAnswer
from evidence.store import bulk
from evidence.store.escaped import to_text
from evidence.store.facts import commits, fact_table, row_of
from evidence.store.session import Store
from evidence.store.tables import entry_index

PathedRow = tuple[str, str, str, str, str, str, int, str, str, int, str, str, str | None]
"""The fields of `Commit` from `repository` on, in their order: repository, sha, tree, parents
joined by blanks, author name, e-mail, time, committer name, e-mail, time, message, signature;
then the JSON list of the paths that it changed against its first parent, None if not read."""

_COMMIT = tuple(column.name for column in commits.columns)[2:]
_COMPLETED = (
    "(repository, sha) DO UPDATE SET paths = excluded.paths "
    "WHERE commits.paths IS NULL AND excluded.paths IS NOT NULL"
)
_ROWS = 10_000
_WEIGHT = 6_000_000
"""Rows of one transaction, and characters of their long columns: well under 250 ms."""
_NAMES = itemgetter(4, 5, 7, 8, 11)
_MESSAGE = itemgetter(10)
"""The columns that may hold NUL or lone surrogates: names, signature, message."""


def write_commits(store: Store, rows: Iterable[Sequence[Any]], entry_seq: int) -> int:
    """Inserts commits given as `PathedRow`s; those already stored stay as they are.

    Only paths that were not read then are added to them. `entry_seq` is the ledger entry of the
    observation of the refs that led here. Batches of 10,000 rows or 6 MB, a transaction each;
    returns how many rows were new or completed.
    """
    with store.read() as connection:
        observed_at = _observed_at(connection, entry_seq)
    written = 0
    for batch in map(_escaped, _weighed(iter(rows))):
        with store.write() as connection:
            written += bulk.insert(
                connection,
                commits,
                _COMMIT,
                batch,
                constants=(("entry_seq", entry_seq), ("observed_at", observed_at)),
                conflict=_COMPLETED,
            )
    return written


def write_answers(store: Store, answers: Iterable[GitAnswer]) -> int:
    """Stores what Git answered; returns how many answers were new or other than before.

    An answer keyed by object ids never changes; one about names (RESOLVE) may, and then stands
    beside the older one under its own `entry_seq`. An answer to a question too long to be indexed
    is left out: it stays unanswered.
    """
    spec = fact_table(GitAnswer)
    columns = ("entry_seq", "observed_at", *spec.fields)
    written = 0
    for batch in bulk.batches(iter(answers), 1_000):
        shaped = list(_shaped(batch))
        with store.write() as connection:
            known = _known_answers(connection, shaped)
            fresh = {row[:1] + row[2:5]: row for row in shaped if known.get(row[2:5]) != row[5:]}
            bulk.insert(
                connection,
                spec.table,
                columns,
                list(fresh.values()),
                conflict="(repository, kind, args, entry_seq) DO UPDATE SET value = "
                "excluded.value, problem = excluded.problem, observed_at = excluded.observed_at",
            )
        written += len(fresh)
    return written


def _shaped(batch: Sequence[GitAnswer]) -> Iterator[tuple[Any, ...]]:
    for each in batch:
        try:
            yield (each.entry_seq, each.observed_at, *row_of(each))
        except MalformedError:
            continue


def _known_answers(
    connection: Connection, shaped: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(repository, kind, args) -> (value, problem) of the newest stored answer."""
    table = fact_table(GitAnswer).table
    wanted: dict[tuple[str, str], list[str]] = {}
    for row in shaped:
        wanted.setdefault((row[2], row[3]), []).append(row[4])
    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for (repository, kind), args in wanted.items():
        query = (
            select(table)
            .where(table.c.repository == repository, table.c.kind == kind, table.c.args.in_(args))
            .order_by(table.c.entry_seq)
        )
        for row in connection.execute(query):
            known[repository, kind, row.args] = (row.value, row.problem)
    return known


def _observed_at(connection: Connection, entry_seq: int) -> int:
    query = select(entry_index.c.observed_at).where(entry_index.c.seq == entry_seq)
    return connection.execute(query).scalar() or 0


def _weighed(rows: Iterator[Sequence[Any]]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    weight = 0
    for row in rows:
        batch.append(row)
        weight += len(row[10]) + len(row[12] or "")
        if len(batch) == _ROWS or weight > _WEIGHT:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _escaped(batch: list[Sequence[Any]]) -> list[Any]:
    """The batch itself where no text needs an escape, which a few searches tell for all rows."""
    names = "".join(chain.from_iterable(map(_NAMES, batch)))
    if _plain(names) and all(map(_plain, map(_MESSAGE, batch))):
        return batch
    return [
        tuple([to_text(value) if isinstance(value, str) else value for value in row])
        if not _plain("".join((*_NAMES(row), _MESSAGE(row))))
        else row
        for row in batch
    ]


def _plain(text: str) -> bool:
    """Whether `to_text` leaves a text as it is."""
    if "\x00" in text or "\x1a" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
