"""Issues that GitHub says a pull request closes, with their own history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.reading import (
    actor,
    at,
    ghost,
    identifier,
    integer,
    mapping,
    rows,
    text,
)
from evidence.collectors.http import iso_micros
from evidence.model.fact import Fact
from evidence.model.ticket import Ticket, TicketEvent

_KINDS = {
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "AssignedEvent": "assigned",
    "UnassignedEvent": "unassigned",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "RenamedTitleEvent": "renamed",
}


def key_of(node: Mapping[str, Any]) -> str:
    """`owner/name#12`, or empty where the answer does not say."""
    name, number = text(at(node, "repository", "nameWithOwner")), integer(node.get("number"))
    return f"{name}#{number}" if name and number > 0 else ""


def ticket_of(tracker: str, host: str, node: Mapping[str, Any]) -> tuple[list[Fact], bool]:
    """The issue and its events, and whether its labels and events are all there."""
    labels, labels_total = rows([node.get("labels")], ("name",))
    events, events_total = rows([node.get("timelineItems")])
    ticket = Ticket(
        tracker=tracker,
        ticket_id=identifier(node),
        key=key_of(node),
        url=text(node.get("url")),
        title=text(node.get("title")),
        type="issue",
        project=text(at(node, "repository", "nameWithOwner")),
        state=text(node.get("state")),
        state_reason=text(node.get("stateReason")),
        author=actor(host, node.get("author")) or ghost(host),
        created_at=iso_micros(node.get("createdAt")),
        updated_at=iso_micros(node.get("updatedAt")),
        closed_at=iso_micros(node.get("closedAt")),
        labels=tuple(sorted(text(label.get("name")) for label in labels)),
    )
    facts: list[Fact] = [ticket]
    facts.extend(_event(ticket, host, event) for event in events)
    whole = 0 <= labels_total <= len(labels) and 0 <= events_total <= len(events)
    return facts, whole


def _event(ticket: Ticket, host: str, node: Mapping[str, Any]) -> TicketEvent:
    assignee = mapping(node.get("assignee"))
    who = actor(host, assignee)
    current = text(at(node, "label", "name")) or text(node.get("currentTitle"))
    return TicketEvent(
        tracker=ticket.tracker,
        ticket_id=ticket.ticket_id,
        event_id=text(node.get("id")),
        kind=_KINDS.get(text(node.get("__typename")), text(node.get("__typename"))),
        actor=actor(host, node.get("actor")),
        at=iso_micros(node.get("createdAt")),
        previous=text(node.get("previousTitle")),
        current=current or (who.key if who else "") or text(node.get("stateReason")),
    )
