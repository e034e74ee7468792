"""Which ticket speaks of an event: one whose title names the application, opened in time.

A rollback is asked for before it; anything else may be answered for afterwards.
That is an inferred link, and printed as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evidence.model.event import ROLLBACK, OutOfBand
from evidence.model.ticket import Ticket, TrackerRead
from evidence.policy import Policy

PLANNED = 7 * 86_400_000_000
"""Microseconds before an event from which a ticket may have announced it."""
NEVER = 2**63 - 1


def with_ticket(
    policy: Policy,
    event: OutOfBand,
    tickets: Sequence[Ticket],
    trackers: Iterable[TrackerRead],
) -> OutOfBand:
    """The event with the first ticket that speaks of it, and how far tickets were read."""
    read = min((one.read_to for one in trackers), default=NEVER)
    names = _names(policy, event)
    limit = 0 if event.kind == ROLLBACK else policy.event_limit
    own = [one for one in tickets if _speaks(one, event, limit, names)]
    first = min(own, key=lambda one: (one.created_at, one.key), default=None)
    if first is None:
        return replace(event, trackers_read_to=read)
    return replace(event, ticket=first.key, ticket_entry=first.entry_seq, trackers_read_to=read)


def _names(policy: Policy, event: OutOfBand) -> re.Pattern[str]:
    names = {event.application}
    for one in policy.applications:
        if one.id == event.application and one.selector:
            names.add(one.selector.rpartition("/")[2])
    words = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)


def _speaks(ticket: Ticket, event: OutOfBand, limit: int, names: re.Pattern[str]) -> bool:
    in_time = event.begin - PLANNED <= ticket.created_at <= event.begin + limit
    closed_before = 0 < ticket.closed_at < event.begin
    return in_time and not closed_before and bool(names.search(ticket.title[:1000]))
