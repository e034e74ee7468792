"""Facts about requests: tickets of any tracker and their history."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Fact):
    """One version of a ticket. History: snapshot for text, evented for status and labels."""

    tracker: str
    """Configured source id of the tracker."""
    ticket_id: str
    """The tracker's stable id; the key may change when a ticket moves."""
    key: str
    """`owner/name#12` for a GitHub issue, `SHOP-12` for Jira."""
    url: str
    title: str
    type: str
    project: str
    """`owner/name` or the project key."""
    state: str
    """`OPEN`/`CLOSED`, or the tracker's status name."""
    state_reason: str
    author: Actor | None
    created_at: int
    updated_at: int
    closed_at: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerRead:
    """How far a tracker that lists what changed has been read, from the receipts of its runs."""

    tracker: str
    read_to: int
    """Microseconds UTC by the tracker's clock: no ticket changed before it unnoticed."""
    projects: tuple[str, ...] = ()
    """Keys of projects of which every ticket was visible: a missing one does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent(Fact):
    """One server-timed change of a ticket. History: evented."""

    tracker: str
    ticket_id: str
    event_id: str
    kind: str
    """`labeled`, `unlabeled`, `assigned`, `closed`, `reopened`, `transition`, `resolution`,
    `approval` (of a service desk: its name in `previous`, `approved` or `declined` in `current`),
    `approvals_read` (how many of those events there are in `current`; empty: not known),
    `moved` (from its former key)..."""
    actor: Actor | None
    at: int
    previous: str = ""
    current: str = ""
