"""Facts out of the store, as records or as plain tuples: current ones, or every version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from evidence.errors import StoreError
from evidence.model import codec
from evidence.model.fact import Fact
from evidence.model.git import Commit
from evidence.store import bulk
from evidence.store.columns import from_column, to_column
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import Current, FactTable, commits, fact_table, readers_of
from evidence.store.session import Store
from evidence.store.tables import entry_index

F = TypeVar("F", bound=Fact)
_CHUNK = 500
_STREAM = 5_000


def load(store: Store, cls: type[F], *, at: int | None = None, **equals: Any) -> list[F]:
    """The current facts of a class whose fields equal the values given, by natural key.

    Current is decided by the class (`facts.Current`), as of the ledger of `at` entries
    (default: now).

    Raises:
        StoreError: no such class or field.
    """
    return _records(store, cls, _where(_current(fact_table(cls), at), cls, equals))


def current(store: Store, cls: type[F], *rules: ColumnElement[bool], **equals: Any) -> list[F]:
    """As `load`, of those that some rules on columns of the table hold for besides."""
    query = _where(_current(fact_table(cls), None), cls, equals).where(*rules).order_by(None)
    return _records(store, cls, query, _sorting(fact_table(cls), versions=False))


def load_versions(store: Store, cls: type[F], *, at: int | None = None, **equals: Any) -> list[F]:
    """Every observed version, oldest observation first, among the first `at` entries."""
    return _records(store, cls, _where(_every(fact_table(cls), at), cls, equals))


def load_in(
    store: Store,
    cls: type[F],
    column: str,
    values: Iterable[Any],
    *,
    at: int | None = None,
    versions: bool = False,
    **equals: Any,
) -> list[F]:
    """As `load` (or `load_versions`), for any of many values of one field.

    Tickets are read tracker by tracker, for that is how they are indexed.
    """
    values = set(values)
    spec = fact_table(cls)
    if spec.natural_key[0] == "tracker" and "tracker" not in equals:
        return [
            row
            for tracker in _trackers(store, spec)
            for row in load_in(
                store, cls, column, values, at=at, versions=versions, tracker=tracker, **equals
            )
        ]
    base = _where(_every(spec, at) if versions else _current(spec, at), cls, equals)
    convert = to_column(codec.field_types(cls)[column])
    found: list[F] = []
    for some in bulk.batches(sorted({convert(value) for value in values}), _CHUNK):
        # Sorted here: an ORDER BY would have SQLite walk the whole index that has this order.
        query = base.where(spec.table.c[column].in_(some)).order_by(None)
        found += _records(store, cls, query, _sorting(spec, versions=versions))
    return found


def stream(
    store: Store,
    cls: type[Fact],
    columns: Sequence[str],
    *,
    at: int | None = None,
    versions: bool = False,
    **equals: Any,
) -> Iterator[tuple[Any, ...]]:
    """Values of some fields as tuples, without building records: for work in bulk.

    Read it to its end or close it: a snapshot of the store is held meanwhile.
    """
    spec = fact_table(cls)
    query = _where(_every(spec, at) if versions else _current(spec, at), cls, equals)
    query = query.with_only_columns(*[spec.table.c[name] for name in columns])
    readers = readers_of(spec.table.name)
    places = [(i, readers[name]) for i, name in enumerate(columns) if name in readers]
    with store.read() as connection:
        for row in connection.execution_options(yield_per=_STREAM).execute(query):
            values = list(row)
            for i, read in places:
                values[i] = read(values[i])
            yield tuple(values)


def graph(
    store: Store, repository: str, *, at: int | None = None
) -> tuple[list[str], list[list[int]]]:
    """The commit graph: shas in byte order, and per sha the places of its parents in that list.

    A parent that is not stored has no place and is left out. With `at`, only commits that one of
    the first `at` entries led to.
    """
    query = (
        select(commits.c.sha, commits.c.parents)
        .where(commits.c.repository == to_text(repository))
        .order_by(commits.c.sha)
    )
    if at is not None:
        query = query.where(commits.c.entry_seq < at)
    with store.read() as connection:
        rows = connection.execute(query).all()
    shas = [sha for sha, _ in rows]
    places = {sha: place for place, sha in enumerate(shas)}
    return shas, [
        [places[parent] for parent in parents.split() if parent in places] for _, parents in rows
    ]


def commit(store: Store, repository: str, sha: str) -> Commit | None:
    """One commit by its full sha, or None."""
    found = load(store, Commit, repository=repository, sha=sha)
    return found[0] if found else None


def commits_in(store: Store, repository: str, shas: Iterable[str]) -> list[Commit]:
    """The stored ones among many commits, by sha."""
    return load_in(store, Commit, "sha", shas, repository=repository)


def paths_of(
    store: Store, repository: str, shas: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(sha, paths that it changed against its first parent); a commit not read is left out."""
    read = from_column(tuple[str, ...]) or tuple
    for some in bulk.batches(sorted(set(shas)), _CHUNK):
        query = select(commits.c.sha, commits.c.paths).where(
            commits.c.repository == to_text(repository),
            commits.c.sha.in_(some),
            commits.c.paths.is_not(None),
        )
        with store.read() as connection:
            rows = connection.execute(query).all()
        yield from ((sha, read(paths)) for sha, paths in rows)


def _trackers(store: Store, spec: FactTable) -> list[str]:
    """The sources that tickets were read from, ascending, by one probe of the index each."""
    column = spec.table.c.tracker
    found: list[str] = []
    query = select(func.min(column))
    with store.read() as connection:
        while (tracker := connection.execute(query).scalar()) is not None:
            found.append(from_text(tracker))
            query = select(func.min(column)).where(column > tracker)
    return found


@lru_cache(maxsize=256)
def _every(spec: FactTable, at: int | None) -> Select[Any]:
    table = spec.table
    query = select(table) if at is None else select(table).where(table.c.entry_seq < at)
    return query.order_by(*table.primary_key.columns)


@lru_cache(maxsize=256)
def _current(spec: FactTable, at: int | None) -> Select[Any]:
    table = spec.table
    query = select(table) if at is None else select(table).where(table.c.entry_seq < at)
    order = [table.c[name] for name in spec.natural_key]
    if spec.cls is Commit:
        return query.order_by(*order)
    rule = _is_head(spec, at) if spec.current is Current.HEAD else _is_newest(spec, at)
    return query.where(rule).order_by(*order, *table.primary_key.columns)


def _is_head(spec: FactTable, at: int | None) -> ColumnElement[bool]:
    ends = entry_index.c.superseded
    alive = ends.is_(None) if at is None else or_(ends.is_(None), ends >= at)
    same = entry_index.c.seq == spec.table.c.entry_seq
    return select(entry_index.c.seq).where(same, alive).exists()


def _is_newest(spec: FactTable, at: int | None) -> ColumnElement[bool]:
    # A scalar subquery is one index probe per row, whatever a planner without statistics thinks.
    table, other = spec.table, spec.table.alias("other")
    same = [other.c[name] == table.c[name] for name in spec.natural_key]
    newest = select(func.max(other.c.entry_seq)).where(*same)
    if at is not None:
        newest = newest.where(other.c.entry_seq < at)
    return table.c.entry_seq == newest.scalar_subquery()


def _where(query: Select[Any], cls: type[Fact], equals: Mapping[str, Any]) -> Select[Any]:
    table, types = fact_table(cls).table, codec.field_types(cls)
    for name, value in equals.items():
        if name not in types:
            raise StoreError(f"{cls.__name__} has no field {name}")
        query = query.where(table.c[name] == to_column(types[name])(value))
    return query


def _sorting(spec: FactTable, *, versions: bool) -> Callable[[Row[Any]], Any]:
    """What orders rows as `_every` (versions) or `_current` does; none of it is ever null."""
    unique = [column.name for column in spec.table.primary_key.columns]
    names = [column.name for column in spec.table.columns]
    order = unique if versions else [*spec.natural_key, *unique]
    return itemgetter(*[names.index(name) for name in order])


def _records(
    store: Store, cls: type[F], query: Select[Any], order: Callable[[Row[Any]], Any] | None = None
) -> list[F]:
    with store.read() as connection:
        rows: Sequence[Row[Any]] = connection.execute(query).all()
    if order is not None:
        rows = sorted(rows, key=order)
    build = builder(cls)
    return [build(row) for row in rows]


def builder(cls: type[F]) -> Callable[[Row[Any]], F]:
    """Row of the class's table -> record."""
    spec = fact_table(cls)
    names = [column.name for column in spec.table.columns]
    known = codec.field_types(cls)
    fields = [(name, at) for at, name in enumerate(names) if name in known]
    readers = readers_of(spec.table.name)
    plain = [(name, at) for name, at in fields if name not in readers]
    read = [(name, at, readers[name]) for name, at in fields if name in readers]

    def build(row: Row[Any]) -> F:
        values = {name: row[at] for name, at in plain}
        for name, at, convert in read:
            values[name] = convert(row[at])
        return cls(**values)

    return build
