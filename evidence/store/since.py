"""What is new since some entry, and the stored rows next to it: small reads by an index each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from sqlalchemy import and_, func, literal, or_, select

from evidence.model.capture import Gap
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.fact import Fact
from evidence.model.git import Commit
from evidence.store import bulk, tables
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import FACTS, commits, fact_table
from evidence.store.gap_rows import to_gap
from evidence.store.generations import current_generation
from evidence.store.load import builder
from evidence.store.session import Store

F = TypeVar("F", bound=Fact)
JUDGED = "judged"
"""Kind of the words by which deployments are found that are judged by a change or a commit that
they did not carry."""
URGENT = "urgent change"
"""The word by which emergencies are found."""
DOUBTFUL = "doubtful change"
"""The word by which changes are found that may be emergencies."""


def kinds_since(store: Store, since: int) -> frozenset[type[Fact]]:
    """Classes of facts that entries from `since` on brought; commits are not among them."""
    found: set[type[Fact]] = set()
    with store.read() as connection:
        for cls, spec in FACTS.items():
            if cls is Commit:
                continue
            column = spec.table.c.entry_seq
            if connection.execute(select(column).where(column >= since).limit(1)).first():
                found.add(cls)
    return frozenset(found)


def has_any(store: Store, cls: type[Fact], **equals: str) -> bool:
    """Whether one fact of a class with these values was ever stored."""
    table = fact_table(cls).table
    query = select(table.c.entry_seq).limit(1)
    for name, value in equals.items():
        query = query.where(table.c[name] == to_text(value))
    with store.read() as connection:
        return connection.execute(query).first() is not None


def facts_since(store: Store, cls: type[F], since: int) -> list[F]:
    """Facts of entries from `since` on, in order."""
    table = fact_table(cls).table
    query = select(table).where(table.c.entry_seq >= since).order_by(*table.primary_key.columns)
    with store.read() as connection:
        build = builder(cls)
        return [build(row) for row in connection.execute(query)]


def gaps_since(store: Store, since: int) -> list[Gap]:
    """Gaps that entries from `since` on opened or closed, as entries of their own or by content."""
    table, closed = tables.gap, tables.gap_closed
    same = and_(table.c.entry_seq == closed.c.entry_seq, table.c.ordinal == closed.c.ordinal)
    query = select(table).select_from(table.outerjoin(closed, same))
    rule = or_(table.c.entry_seq >= since, closed.c.closed_by >= since)
    order = (table.c.entry_seq, table.c.ordinal)
    with store.read() as connection:
        return [to_gap(row) for row in connection.execute(query.where(rule).order_by(*order))]


def operations_from(store: Store, source: str, uid: str, begin: int) -> list[Deployment]:
    """Every version of the operations of one object of a deployer that started from then on."""
    table = fact_table(Deployment).table
    query = select(table).where(
        table.c.source == to_text(source),
        table.c.application_uid == to_text(uid),
        table.c.started_at >= begin,
    )
    with store.read() as connection:
        build = builder(Deployment)
        rows = connection.execute(query.order_by(*table.primary_key.columns))
        return [build(row) for row in rows]


def states_from(store: Store, source: str, uid: str, begin: int) -> list[ApplicationState]:
    """Versions of an application's state from the first one on that was seen from then on."""
    table = fact_table(ApplicationState).table
    own = (table.c.source == to_text(source), table.c.application_uid == to_text(uid))
    first = select(func.min(table.c.entry_seq)).where(*own, table.c.observed_at >= begin)
    query = select(table).where(*own, table.c.entry_seq >= first.scalar_subquery())
    with store.read() as connection:
        build = builder(ApplicationState)
        rows = connection.execute(query.order_by(*table.primary_key.columns))
        return [build(row) for row in rows]


def newest_states(store: Store) -> dict[tuple[str, str], int]:
    """(source, application uid) -> entry of the newest version of its state."""
    table = fact_table(ApplicationState).table
    columns = (table.c.source, table.c.application_uid)
    query = select(*columns, func.max(table.c.entry_seq)).group_by(*columns)
    with store.read() as connection:
        return {
            (from_text(source), from_text(uid)): int(seq)
            for source, uid, seq in connection.execute(query)
        }


def first_parent_line(
    store: Store, repository: str, tip: str, limit: int
) -> list[tuple[str, tuple[str, ...]]]:
    """(sha, parents) from a tip down by first parents, newest first, at most `limit` commits."""
    own = commits.c.repository == to_text(repository)
    start = select(
        commits.c.sha.label("sha"), commits.c.parents.label("parents"), literal(1).label("place")
    ).where(own, commits.c.sha == tip)
    line = start.cte("line", recursive=True)
    # The first of the parents: they stand side by side, each of 40 or 64 digits.
    length = func.length(line.c.sha)
    below = func.substr(line.c.parents, 1, length)
    step = select(commits.c.sha, commits.c.parents, line.c.place + 1).where(
        own, commits.c.sha == below, line.c.place < limit
    )
    query = select(line.union_all(step)).order_by("place")
    with store.read() as connection:
        return [(row.sha, tuple(row.parents.split())) for row in connection.execute(query)]


def parents_of(store: Store, repository: str, shas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Parents of those of the commits that are stored."""
    found: dict[str, tuple[str, ...]] = {}
    with store.read() as connection:
        for some in bulk.batches(sorted(set(shas)), 500):
            query = select(commits.c.sha, commits.c.parents).where(
                commits.c.repository == to_text(repository), commits.c.sha.in_(some)
            )
            for sha, parents in connection.execute(query):
                found[sha] = tuple(parents.split())
    return found


def deployments_after(store: Store, application: str, begin: int) -> set[str]:
    """Ids of the stored deployments of an application that started after a moment."""
    table = tables.deployment_row
    with store.read() as connection:
        query = select(table.c.deployment_id).where(
            table.c.started_at > begin,
            table.c.application == to_text(application),
            table.c.generation <= current_generation(connection),
        )
        return {from_text(one) for one in connection.execute(query).scalars()}


def judged_by(store: Store, terms: Iterable[str]) -> set[str]:
    """Ids of the deployments that are judged by something beside the changes they carried."""
    index = tables.chain_index
    found: set[str] = set()
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        words = sorted({to_text(f"{JUDGED} {one}") for one in terms})
        for some in bulk.batches(words, 500):
            query = select(index.c.change_id).where(
                index.c.kind == JUDGED, index.c.term.in_(some), shown
            )
            found.update(map(from_text, connection.execute(query).scalars()))
    return found


def stored_commits(store: Store, places: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (repository, sha) that the mirror had by now."""
    by_repository: dict[str, list[str]] = {}
    for repository, sha in places:
        by_repository.setdefault(repository, []).append(sha)
    found: set[tuple[str, str]] = set()
    with store.read() as connection:
        for repository, shas in by_repository.items():
            for some in bulk.batches(sorted(set(shas))):
                query = select(commits.c.sha).where(
                    commits.c.repository == to_text(repository), commits.c.sha.in_(some)
                )
                found.update((repository, sha) for sha in connection.execute(query).scalars())
    return found


def changes_by_sha(store: Store, places: Iterable[tuple[str, str]]) -> set[str]:
    """Ids of the changes that are found by these (repository, sha)."""
    wanted = set(places)
    index = tables.chain_index
    found: set[str] = set()
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        columns = select(index.c.term, index.c.repository, index.c.change_id)
        for some in bulk.batches(sorted({to_text(term) for _, term in wanted}), 500):
            query = columns.where(index.c.kind == "sha", index.c.term.in_(some), shown)
            for term, repository, change_id in connection.execute(query):
                if (from_text(repository), from_text(term)) in wanted:
                    found.add(from_text(change_id))
    return found


def found_by(store: Store, word: str) -> set[str]:
    """Ids of the changes that are found by a word which is its own kind."""
    index = tables.chain_index
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        query = select(index.c.change_id).where(index.c.term == word, index.c.kind == word, shown)
        return set(map(from_text, connection.execute(query).scalars()))


def flagged(store: Store, subjects: Iterable[str], control: str, flag: str) -> set[str]:
    """Those of the subjects whose newest determination of a control carries a flag."""
    table = tables.determination
    found: set[str] = set()
    with store.read() as connection:
        shown = table.c.generation <= current_generation(connection)
        for some in bulk.batches(sorted(map(to_text, subjects)), 500):
            own = and_(table.c.subject.in_(some), table.c.control == to_text(control), shown)
            rows = select(table.c.subject, table.c.body).where(own)
            newest: dict[str, str] = {}
            for subject, body in connection.execute(rows.order_by(table.c.generation)):
                newest[from_text(subject)] = from_text(body)
            found |= {one for one, body in newest.items() if flag in json.loads(body)["flags"]}
    return found


def superseded(store: Store, change_ids: Iterable[str]) -> set[str]:
    """Those of the ids under which a change was known earlier: their rows are not counted."""
    index = tables.chain_index
    found: set[str] = set()
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        for some in bulk.batches(sorted(map(to_text, change_ids)), 500):
            query = select(index.c.term).where(
                index.c.term.in_(some),
                index.c.kind == "change",
                index.c.change_id != index.c.term,
                shown,
            )
            found.update(map(from_text, connection.execute(query).scalars()))
    return found


def changes_merged(
    store: Store, spans: Mapping[str, Iterable[tuple[int, int]]], limit: int
) -> list[str] | None:
    """Ids of changes that were merged in spans of time, by repository; None where too many.

    Spans are half-open; one from 0 on holds those without such a time, too.
    """
    table = tables.change
    found: set[str] = set()
    with store.read() as connection:
        shown = current_generation(connection)
        for repository, begin, end in _united(spans):
            rule = and_(
                table.c.merged_at >= begin, table.c.merged_at < end, table.c.generation <= shown
            )
            query = select(table.c.change_id).where(rule, table.c.repository == to_text(repository))
            rows: list[Any] = list(connection.execute(query.limit(limit)).scalars())
            if len(rows) >= limit:
                return None
            found.update(map(from_text, rows))
    return sorted(found)


def _united(spans: Mapping[str, Iterable[tuple[int, int]]]) -> Iterator[tuple[str, int, int]]:
    """(repository, begin, end) of spans that do not overlap."""
    for repository, own in sorted(spans.items()):
        last: tuple[int, int] | None = None
        for begin, end in sorted(own):
            if last is not None and begin > last[1]:
                yield repository, *last
                last = None
            last = (begin, end) if last is None else (last[0], max(last[1], end))
        if last is not None:
            yield repository, *last
