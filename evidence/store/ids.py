"""Which changes and deployments are stored, and which of them new entries touch: ids only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from evidence.model.activity import RepositoryActivity
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.deployment import Deployment
from evidence.model.fact import Fact
from evidence.model.pull_request import (
    CommitPullRequests,
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.ticket import Ticket, TicketEvent
from evidence.store import bulk, tables
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import fact_table
from evidence.store.generations import current_generation
from evidence.store.session import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What entries from some point on say something about."""

    numbers: frozenset[tuple[str, int]]
    """(repository, pull request number)."""
    shas: frozenset[tuple[str, str]]
    """(repository, commit) with new checks, whose pull requests the forge newly told, or that a
    pull request of `numbers` lists."""
    tickets: frozenset[str]
    """Ticket keys, former ones too."""
    linked: frozenset[str] = frozenset()
    """Ids of stored changes that name one of these tickets; whether it was stored is no matter."""
    operations: frozenset[tuple[str, str, int]] = field(default_factory=frozenset)
    """(source, application uid, started_at) of deployments."""
    gaps: bool = False
    """Gaps were opened or closed."""


def direct_change_ids(store: Store) -> list[str]:
    """Ids of every change that was ever stored as direct, ascending."""
    table = tables.change
    query = select(table.c.change_id).where(table.c.kind == "direct").distinct()
    with store.read() as connection:
        shown = query.where(table.c.generation <= current_generation(connection))
        rows = connection.execute(shown.order_by(table.c.change_id)).scalars()
        return [from_text(row) for row in rows]


def change_ids(store: Store) -> Mapping[str, int]:
    """Change id -> time of its first deployment (0: none), of the newest generation."""
    return _newest(store, "change", "change_id", "first_deployed_at")


def deployment_ids(store: Store) -> Mapping[str, int]:
    """Deployment id -> its start, of the newest generation."""
    return _newest(store, "deployment_row", "deployment_id", "started_at")


def deployments_between(store: Store, begin: int, end: int) -> set[str]:
    """Ids of the stored deployments that started in a span of time, half-open."""
    table = tables.deployment_row
    with store.read() as connection:
        query = select(table.c.deployment_id).where(
            table.c.started_at >= begin,
            table.c.started_at < end,
            table.c.generation <= current_generation(connection),
        )
        return {from_text(one) for one in connection.execute(query).scalars()}


def carried_by(store: Store, deployment_ids: Iterable[str]) -> set[str]:
    """Ids of the changes that these deployments were ever decided to carry."""
    index = tables.chain_index
    found: set[str] = set()
    with store.read() as connection:
        shown = index.c.generation <= current_generation(connection)
        for some in bulk.batches(sorted(map(to_text, deployment_ids)), 500):
            query = select(index.c.change_id).where(
                index.c.term.in_(some), index.c.kind == "deployment", shown
            )
            found.update(map(from_text, connection.execute(query).scalars()))
    return found


def touched(store: Store, since: int) -> Touched:
    """What the entries from `since` on say something about."""
    with store.read() as connection:

        def rows(cls: type[Fact], *columns: str) -> frozenset[tuple[object, ...]]:
            table = fact_table(cls).table
            query = select(*[table.c[name] for name in columns]).where(table.c.entry_seq >= since)
            return frozenset(tuple(row) for row in connection.execute(query.distinct()))

        numbers = frozenset[tuple[object, ...]]().union(
            *(rows(cls, "repository", "number") for cls in (PullRequest, Review, PullRequestEvent))
        )
        shas = frozenset[tuple[object, ...]]().union(
            *(
                rows(cls, "repository", "sha")
                for cls in (CheckRun, CheckCoverage, CommitPullRequests)
            )
        )
        shas |= rows(RepositoryActivity, "repository", "after_sha")
        shas |= _listed(connection, numbers)  # type: ignore[arg-type]
        changed = rows(TicketEvent, "ticket_id") | rows(Ticket, "ticket_id")
        numbers_of = sorted({str(each[0]) for each in changed})
        keys = sorted({*_keys(connection, numbers_of), *_former(connection, numbers_of)})
        linked = _linked(connection, keys)
        operations = rows(Deployment, "source", "application_uid", "started_at")
        index = tables.entry_index
        gaps = connection.execute(
            select(index.c.seq)
            .where(index.c.seq >= since, index.c.type.in_(("gap", "gap_closed")))
            .limit(1)
        ).first()
    return Touched(
        numbers=numbers,  # type: ignore[arg-type]
        shas=shas,  # type: ignore[arg-type]
        tickets=frozenset(from_text(key) for key in keys),
        linked=frozenset(linked),
        operations=operations,  # type: ignore[arg-type]
        gaps=gaps is not None,
    )


def _listed(
    connection: Connection, numbers: Iterable[tuple[str, int]]
) -> frozenset[tuple[object, ...]]:
    """(repository, commit) that these pull requests list: another change may have landed it."""
    table = fact_table(PullRequestCommit).table
    grouped: dict[str, list[int]] = defaultdict(list)
    for repository, number in numbers:
        grouped[repository].append(number)
    found: set[tuple[object, ...]] = set()
    for repository, own in grouped.items():
        query = select(table.c.repository, table.c.sha).where(table.c.repository == repository)
        for some in bulk.batches(sorted(own)):
            rows = connection.execute(query.where(table.c.number.in_(some)).distinct())
            found.update(tuple(row) for row in rows)
    return frozenset(found)


def _keys(connection: Connection, ticket_ids: Sequence[str]) -> list[str]:
    """The keys that tickets have or had, as stored."""
    table = fact_table(Ticket).table
    found: set[str] = set()
    for some in bulk.batches(ticket_ids):
        query = select(table.c.key).where(table.c.ticket_id.in_(some))
        found.update(connection.execute(query).scalars())
    return sorted(found)


def _former(connection: Connection, ticket_ids: Sequence[str]) -> set[str]:
    """The keys that tickets had before they were moved, as stored."""
    table = fact_table(TicketEvent).table
    found: set[str] = set()
    for some in bulk.batches(ticket_ids):
        query = select(table.c.previous).where(table.c.ticket_id.in_(some), table.c.kind == "moved")
        found.update(connection.execute(query).scalars())
    return found


def _linked(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Ids of the changes that are found by these ticket keys."""
    table = tables.chain_index
    shown = table.c.generation <= current_generation(connection)
    found: set[str] = set()
    for some in bulk.batches(keys):
        query = select(table.c.change_id).where(table.c.kind == "ticket", table.c.term.in_(some))
        query = query.where(shown)
        found.update(map(from_text, connection.execute(query).scalars()))
    return found


def _newest(store: Store, name: str, key: str, column: str) -> Mapping[str, int]:
    table = {"change": tables.change, "deployment_row": tables.deployment_row}[name]
    # No order asked for: an index alone answers then, without a look at the bodies.
    query = select(table.c[key], table.c.generation, table.c[column])
    newest: dict[str, int] = {}
    found: dict[str, int] = {}
    with store.read() as connection:
        # What a decision that was cut left behind was never told to anybody: it is not known.
        shown = query.where(table.c.generation <= current_generation(connection))
        for identity, generation, value in connection.execute(shown):
            if newest.get(identity, -1) < generation:
                newest[identity], found[identity] = generation, value
    return {from_text(identity): value for identity, value in found.items()}
