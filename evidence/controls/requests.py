"""Requests: which tickets a change rests on, as of its merge, and who authorised them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from evidence.controls.contribution import Contributors
from evidence.controls.linkage import Held, Standing, readings_of
from evidence.controls.people import Party, People
from evidence.controls.timeline import Timeline
from evidence.controls.words import clip, when
from evidence.model.chain import Chain
from evidence.model.change import LinkKind, Strength
from evidence.model.fact import Fact
from evidence.model.ticket import Ticket, TicketEvent
from evidence.policy import Policy

_PLACES = frozenset({"closing", "title", "branch", "body"})


@dataclass(slots=True, kw_only=True)
class Linked:
    """A ticket key that a change names, where, and whether it did at the merge."""

    key: str
    places: list[str] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    @property
    def best(self) -> Standing:
        """How it stood at the merge in the place that says most for it."""
        order = list(Held)
        return min(self.standings, key=lambda one: order.index(one.held))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What shows when it was linked."""
        return tuple(fact for one in self.standings for fact in one.facts)


def linked_tickets(chain: Chain, policy: Policy, timeline: Timeline) -> list[Linked]:
    """Keys that relied-on links name, in the places the policy accepts, as of the merge.

    A key that no place named at the merge is among them and says so.
    """
    found: dict[str, Linked] = {}
    readings = readings_of(chain.evidence, timeline)
    for link in chain.links:
        if link.kind != LinkKind.REQUEST or link.strength == Strength.CANDIDATE:
            continue
        place = link.basis.partition("_")[0]
        if place in _PLACES and place not in policy.ticket_sources:
            continue
        for reference in (link.source, link.target):
            if not reference.startswith("ticket:"):
                continue
            key = reference.removeprefix("ticket:")
            entry = found.setdefault(key, Linked(key=key))
            entry.places.append(place)
            entry.standings.append(readings.standing(place, key))
    return list(found.values())


def newest(chain: Chain, key: str) -> Ticket | None:
    """The newest version of the ticket that has this key, or had it before it was moved."""
    moved = {
        (event.tracker, event.ticket_id)
        for event in chain.evidence.ticket_events
        if event.kind == "moved" and event.previous == key
    }
    found = [
        ticket
        for ticket in chain.evidence.tickets
        if ticket.key == key or (ticket.tracker, ticket.ticket_id) in moved
    ]
    return max(found, key=lambda one: (one.observed_at, one.entry_seq)) if found else None


def history_of(chain: Chain, ticket: Ticket) -> list[TicketEvent]:
    """The ticket's events in order of time, each once."""
    events: dict[str, TicketEvent] = {}
    for event in sorted(chain.evidence.ticket_events, key=lambda one: one.entry_seq):
        if (event.tracker, event.ticket_id) == (ticket.tracker, ticket.ticket_id):
            events[event.event_id] = event
    return sorted(events.values(), key=lambda one: (one.at, one.event_id))


def known_to(chain: Chain, ticket: Ticket) -> int:
    """Microseconds UTC up to which changes of the ticket are known: its reading, or a later
    complete run of a tracker that lists what changed."""  # noqa: D205, D209
    reads = [one.read_to for one in chain.evidence.trackers if one.tracker == ticket.tracker]
    return max([ticket.observed_at, *reads])


def absent(chain: Chain, key: str, merged_at: int) -> bool:
    """Whether no ticket has this key: after the merge its whole project was visible without it."""
    project = key.rpartition("-")[0]
    return bool(project and merged_at) and any(
        project in one.projects and one.read_to > merged_at for one in chain.evidence.trackers
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one attribute of a ticket came to."""

    reason: str
    words: str
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an authorisation is judged against."""

    policy: Policy
    people: People
    contributors: Contributors
    limit: int
    """Microseconds UTC by which it must have been given; 0 where that is not known."""


def authorisation(desk: Desk, ticket: Ticket, events: list[TicketEvent], *, whole: bool) -> Ruling:
    """Whether a permitted person outside CONTRIB had authorised the ticket by the limit."""
    policy = desk.policy
    if not (policy.authorised_labels or policy.authorised_statuses or policy.authorised_approvals):
        return Ruling(
            reason="requested",
            words="authorisation not tested, as the policy names nothing that gives it",
            flags=("authorisation-not-tested",),
        )
    if not whole or not _consistent(ticket, events):
        words = "its history was not read whole"
        return Ruling(reason="authorisation-not-collected", words=words)
    if not desk.limit:
        words = "by when it had to be authorised was not observed"
        return Ruling(reason="merge-time-unknown", words=words)
    return _judge(desk, [event for event in events if event.at <= desk.limit], events)


def _consistent(ticket: Ticket, events: list[TicketEvent]) -> bool:
    """Whether labels as read follow from the events, so that none of those is missing."""
    labels: set[str] = set()
    status = ""
    for event in events:
        if event.kind == "labeled":
            if event.current in labels:
                return False
            labels.add(event.current)
        elif event.kind == "unlabeled":
            if event.current not in labels:
                return False
            labels.discard(event.current)
        elif event.kind == "transition":
            if status and event.previous != status:
                return False
            status = event.current
    of_forge = ticket.state in {"OPEN", "CLOSED"}
    return labels == set(ticket.labels) and (status == ticket.state or (of_forge and not status))


def _judge(desk: Desk, events: list[TicketEvent], every: list[TicketEvent]) -> Ruling:
    """By the events up to the limit, of `every` one."""
    labels, status = _state(events)
    policy = desk.policy
    granted = [event for name, event in labels.items() if name in policy.authorised_labels]
    if status is not None and _names_of(status, events) & set(policy.authorised_statuses):
        granted.append(status)
    if _approvals_whole(every):
        granted += _approvals(events, policy.authorised_approvals)
    if not granted and policy.authorised_approvals and not _approvals_whole(every):
        words = "its approvals were not all read"
        return Ruling(reason="authorisation-not-collected", words=words)
    if not granted:
        words = f"it was not authorised at {when(desk.limit)}"
        return Ruling(reason="not-authorised", words=words)
    rulings = [_grantor(desk, event) for event in granted]
    order = {"requested": 0, "authoriser-unknown": 1}
    return min(rulings, key=lambda one: order.get(one.reason, 2))


def _approvals(events: list[TicketEvent], names: Collection[str]) -> list[TicketEvent]:
    """Approvals of a service desk that were granted last, by those who granted them."""
    last: dict[str, list[TicketEvent]] = {}
    for event in events:
        if event.kind == "approval" and ("*" in names or event.previous in names):
            before = last.get(event.previous, [])
            same = [one for one in before if one.at == event.at]
            last[event.previous] = [*same, event]
    return [one for some in last.values() for one in some if one.current == "approved"]


def _approvals_whole(events: list[TicketEvent]) -> bool:
    """Whether as many decisions are here as the service desk told; other trackers tell of none."""
    counts = [event.current for event in events if event.kind == "approvals_read"]
    given = sum(event.kind == "approval" for event in events)
    return counts[-1] == str(given) if counts else not given


def _state(events: list[TicketEvent]) -> tuple[dict[str, TicketEvent], TicketEvent | None]:
    """Labels with the event that set each, and the last transition."""
    labels: dict[str, TicketEvent] = {}
    status: TicketEvent | None = None
    for event in events:
        if event.kind == "labeled":
            labels[event.current] = event
        elif event.kind == "unlabeled":
            labels.pop(event.current, None)
        elif event.kind == "transition":
            status = event
    return labels, status


def _names_of(status: TicketEvent, events: list[TicketEvent]) -> set[str]:
    """A status as policies may write it: its name, or the tracker's id of it."""
    same = {
        event.current
        for event in events
        if event.kind == "status_id" and event.event_id == f"{status.event_id}:id"
    }
    return {status.current} | same


def _grantor(desk: Desk, event: TicketEvent) -> Ruling:
    party = desk.people.party(event.actor)
    verb = f"approval {clip(event.previous)} was given" if event.kind == "approval" else ""
    what = f"{verb or f'{clip(event.current)} was set'} by {party.label} at {when(event.at)}"
    if party.key in desk.contributors.parties:
        words = f"{what}, who contributed to the change"
        return Ruling(reason="self-authorised", words=words, facts=(event,))
    if not party.human or not _comparable(desk, party) or desk.contributors.open:
        words = f"{what}; whether they contributed cannot be told"
        return Ruling(reason="authoriser-unknown", words=words, facts=(event,))
    return Ruling(reason="requested", words=f"authorised: {what}", facts=(event,))


def _comparable(desk: Desk, party: Party) -> bool:
    """Accounts of two systems are compared only through the person map."""
    systems = {one.system for one in desk.contributors.parties.values() if one.system}
    return party.mapped or party.system in systems
