"""Whether the ticket of an emergency was closed within the time, and the review after it held."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.controls.emergency.claims import Claims
from evidence.controls.emergency.frame import Finding, Frame, State
from evidence.controls.requests import Linked, history_of, known_to, newest
from evidence.controls.timeline import list_missing
from evidence.controls.words import clip, when
from evidence.model.ticket import Ticket, TicketEvent

_ORDER = (State.MET, State.OPEN, State.UNREAD, State.BROKEN)
"""One ticket that was closed is enough."""


def closed(frame: Frame, claims: Claims) -> Finding:
    """The ticket that declares it, or else any that it names."""
    if "closing" in frame.policy.emergency_not_tested:
        return Finding(state=State.OFF, words="whether its ticket was closed is not tested")
    deadline = frame.first + frame.policy.emergency_closing_limit
    declaring = {one.ticket for one in claims.found} - {""}
    chosen = [one for one in frame.tickets if one.key in declaring] or list(frame.tickets)
    if not chosen:
        return _none(frame)
    found = [_one(frame, one, deadline) for one in chosen]
    return min(found, key=lambda one: _ORDER.index(one.state))


def _none(frame: Frame) -> Finding:
    pull = frame.chain.evidence.pull_request
    if pull is not None and list_missing(pull, "issues"):
        words = "no ticket is linked to it, and the tickets it closes were not read whole"
        return Finding(state=State.UNREAD, reason="links-not-read", words=words)
    words = "no ticket is linked to it that could be closed"
    return Finding(state=State.BROKEN, reason="emergency-no-ticket", words=words)


def _one(frame: Frame, linked: Linked, deadline: int) -> Finding:
    ticket = newest(frame.chain, linked.key)
    if ticket is None:
        words = f"ticket {clip(linked.key)} was not read"
        return Finding(state=State.UNREAD, reason="ticket-not-read", words=words)
    events = history_of(frame.chain, ticket)
    standing = _standing(frame, ticket, events, frame.until(deadline))
    facts = (ticket, *events)
    if standing.done:
        return Finding(state=State.MET, words=standing.words, facts=facts, flags=standing.flags)
    if frame.as_of < deadline:
        words = f"{standing.words}: that is due by {when(deadline)}"
        return Finding(state=State.OPEN, words=words, due=deadline, facts=facts)
    if known_to(frame.chain, ticket) < deadline:
        words = f"{standing.words}, as read before {when(deadline)}"
        return Finding(state=State.UNREAD, reason="emergency-not-read", words=words, facts=facts)
    if frame.in_time(standing.late_at, deadline) is None:
        words = f"{standing.words}; that is too close to {when(deadline)} on another clock"
        reason = "emergency-time-unknown"
        return Finding(state=State.UNREAD, reason=reason, words=words, facts=facts)
    words = f"{standing.words} by {when(deadline)}"
    return Finding(state=State.BROKEN, reason="emergency-not-closed", words=words, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """How a ticket stood at some moment."""

    done: bool
    words: str
    late_at: int = 0
    """When what was missing came, microseconds UTC; 0 where it did not."""
    flags: tuple[str, ...] = ()


def _standing(frame: Frame, ticket: Ticket, events: list[TicketEvent], until: int) -> _Standing:
    told = f"ticket {clip(ticket.key)}"
    at = _closed_at(ticket, events, until)
    if not at:
        later = _closed_at(ticket, events, frame.as_of)
        more = f" (it was at {when(later)})" if later else ""
        return _Standing(done=False, words=f"{told} was not closed{more}", late_at=later)
    marks = set(frame.policy.emergency_review_marks)
    if not marks:
        words = f"{told} was closed at {when(at)}; the review after it is not tested"
        return _Standing(done=True, words=words, flags=("emergency-review-not-tested",))
    held = [
        one
        for one in events
        if one.kind in {"labeled", "transition"} and one.current in marks and one.at <= frame.as_of
    ]
    early = [one for one in held if one.at <= until]
    if early:
        words = f"{told} was closed at {when(at)}, and {clip(early[-1].current)} was set"
        return _Standing(done=True, words=words)
    words = f"{told} was closed at {when(at)}, but no review after it was recorded"
    return _Standing(done=False, words=words, late_at=held[0].at if held else 0)


def _closed_at(ticket: Ticket, events: list[TicketEvent], until: int) -> int:
    """When it was closed for good, of what happened up to a moment; 0 where it was open then."""
    resolved = [one for one in events if one.kind == "resolution"]
    states = [one for one in events if one.kind in {"closed", "reopened"}]
    acts = [one for one in resolved or states if one.at <= until]
    if acts:
        last = acts[-1]
        return last.at if (last.current if resolved else last.kind == "closed") else 0
    known = ticket.closed_at if not (resolved or states) else 0
    return known if 0 < known <= until else 0
