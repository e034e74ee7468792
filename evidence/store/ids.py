"""Which changes and deployments are stored, and which of them new entries touch: ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from evidence.canonical import from_text
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.deployment import Deployment
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequest, PullRequestEvent, Review
from evidence.model.ticket import Ticket, TicketEvent
from evidence.store import tables
from evidence.store.facts import fact_table
from evidence.store.session import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What entries from some point on say something about."""

    numbers: frozenset[tuple[str, int]]
    """(repository, pull request number)."""
    shas: frozenset[tuple[str, str]]
    """(repository, commit) with new checks."""
    tickets: frozenset[str]
    """Ticket keys."""
    operations: frozenset[tuple[str, str, int]] = field(default_factory=frozenset)
    """(source, application uid, started_at) of deployments."""
    gaps: bool = False
    """Gaps were opened or closed."""


def direct_change_ids(store: Store) -> list[str]:
    """Ids of every change that was ever stored as direct, ascending."""
    table = tables.change
    query = select(table.c.change_id).where(table.c.kind == "direct").distinct()
    with store.read() as connection:
        return [
            from_text(row)
            for row in connection.execute(query.order_by(table.c.change_id)).scalars()
        ]


def change_ids(store: Store) -> Mapping[str, int]:
    """Change id -> time of its first deployment (0: none), of the newest generation."""
    return _newest(store, "change", "change_id", "first_deployed_at")


def deployment_ids(store: Store) -> Mapping[str, int]:
    """Deployment id -> its start, of the newest generation."""
    return _newest(store, "deployment_row", "deployment_id", "started_at")


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
        shas = rows(CheckRun, "repository", "sha") | rows(CheckCoverage, "repository", "sha")
        changed = {row[0] for row in rows(TicketEvent, "ticket_id")}
        tickets = {row[1] for row in rows(Ticket, "ticket_id", "key")}
        ticket = fact_table(Ticket).table
        for ticket_id in sorted(str(each) for each in changed):
            query = select(ticket.c.key).where(ticket.c.ticket_id == ticket_id)
            tickets |= set(connection.execute(query).scalars())
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
        tickets=frozenset(str(each) for each in tickets),
        operations=operations,  # type: ignore[arg-type]
        gaps=gaps is not None,
    )


def _newest(store: Store, name: str, key: str, column: str) -> Mapping[str, int]:
    table = {"change": tables.change, "deployment_row": tables.deployment_row}[name]
    query = select(table.c[key], table.c[column]).order_by(table.c[key], table.c.generation)
    with store.read() as connection:
        return {from_text(row[0]): row[1] for row in connection.execute(query)}
