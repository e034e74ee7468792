"""What organisations' audit logs say of repositories, and what newly read entries tell more of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from evidence.model.audit import AuditEvent
from evidence.model.settings import Observation, Subject
from evidence.store import queries
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import fact_table
from evidence.store.session import Store

_HOUR = 3_600_000_000
"""Microseconds within which all looks of one reading of settings lie."""


def audit_events(
    store: Store, repository: str, looks: Iterable[Observation], at: int | None
) -> tuple[AuditEvent, ...]:
    """Entries that name the repository, and those of its organisations that name none, by time.

    `looks`: those at the repository; without one at a log nothing is read.
    """
    owners = {one.key for one in looks if one.subject == Subject.AUDIT_LOG}
    if not owners:
        return ()
    found = queries.load(store, AuditEvent, at=at, repository=repository)
    of_any = queries.load(store, AuditEvent, at=at, repository="")
    found += [one for one in of_any if one.organisation in owners]
    return tuple(sorted(found, key=lambda one: (one.at, one.event_id)))


def audited_since(store: Store, since: int) -> dict[str, int]:
    """Repository -> the moment from which newly read parts of a log tell more, microseconds UTC.

    That is the reading of settings before the first of them: what the log says of a time between
    two looks concerns all of that time.
    """
    looks, events = fact_table(Observation).table, fact_table(AuditEvent).table
    logs = looks.c.subject == str(Subject.AUDIT_LOG)
    read = select(looks.c.repository, func.min(looks.c.since)).where(
        looks.c.entry_seq >= since, logs, looks.c.until > 0
    )
    told = select(events.c.repository, events.c.organisation, func.min(events.c.at)).where(
        events.c.entry_seq >= since
    )
    own = select(looks.c.repository, looks.c.key).where(logs).distinct()
    with store.read() as connection:
        first = {
            from_text(repository): int(at)
            for repository, at in connection.execute(read.group_by(looks.c.repository))
        }
        late = connection.execute(told.group_by(events.c.repository, events.c.organisation)).all()
        owners = [tuple(map(from_text, row)) for row in connection.execute(own)] if late else []
    for repository, organisation, at in late:
        named = from_text(repository)
        for each in [named] if named else [one for one, key in owners if key == organisation]:
            first[each] = min(first.get(each, at), int(at))
    return {repository: _look_before(store, repository, at) for repository, at in first.items()}


def _look_before(store: Store, repository: str, moment: int) -> int:
    """A moment before all looks of the last reading of settings before a moment; 0: none is."""
    table = fact_table(Observation).table
    query = select(func.max(table.c.at)).where(
        table.c.repository == to_text(repository),
        table.c.subject.in_([str(Subject.BRANCH_PROTECTION), str(Subject.RULESETS)]),
        table.c.at <= moment,
    )
    with store.read() as connection:
        found = connection.execute(query).scalar()
    return max(0, int(found) - _HOUR) if found is not None else 0
