"""Whether a change was declared an emergency in time: by a label, or by the ticket it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from evidence.controls.emergency.frame import Frame
from evidence.controls.requests import Linked, absent, history_of, newest
from evidence.controls.timeline import list_missing
from evidence.controls.words import clip, listing, when, who
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequestEvent
from evidence.model.ticket import Ticket


class Declared(StrEnum):
    """How a change stands to the emergency lane, what says most for it first."""

    IN_TIME = "in_time"
    OPEN = "open"
    """Evidence does not tell whether it was declared, or when."""
    LATE = "late"
    """Only after it was merged or deployed."""
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One declaration, or what stands in its place."""

    declared: Declared
    words: str
    by_label: bool = False
    ticket: str = ""
    """Key of the ticket that declares it."""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Every claim about a change."""

    found: tuple[Claim, ...]

    @property
    def declared(self) -> Declared:
        """By the claim that says most for it."""
        order = list(Declared)
        return min((one.declared for one in self.found), key=order.index, default=Declared.NOT)

    @property
    def deciding(self) -> tuple[Claim, ...]:
        """The claims that say just that."""
        return tuple(one for one in self.found if one.declared == self.declared)

    @property
    def by_label(self) -> bool:
        """Whether the pull request itself was declared one."""
        return any(one.by_label for one in self.deciding)

    @property
    def words(self) -> str:
        """Why, in words."""
        return listing(one.words for one in self.deciding)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What shows it."""
        return tuple(fact for one in self.deciding for fact in one.facts)


def claims_of(frame: Frame) -> Claims:
    """What declares the change an emergency, and when that was done."""
    return Claims(found=(*_by_label(frame), *_by_tickets(frame)))


# --- a label of the pull request


def _by_label(frame: Frame) -> Iterator[Claim]:
    pull, labels = frame.chain.evidence.pull_request, set(frame.policy.emergency_labels)
    if pull is None or not labels:
        return
    timeline = frame.case.timeline
    acts = [
        one
        for one in timeline.events
        if one.kind in {"Labeled", "Unlabeled"} and one.subject in labels
    ]
    last = {one.subject: one for one in acts if timeline.before_merge(one)}
    standing = [one for one in last.values() if one.kind == "Labeled"]
    if standing:
        yield from (_labelled(frame, one) for one in standing)
    elif not timeline.whole or list_missing(pull, "labels"):
        words = "which labels it bore at the merge was not read whole"
        yield Claim(declared=Declared.OPEN, words=words, by_label=True, facts=(pull,))
    else:
        later = [one for one in acts if one.kind == "Labeled" and not timeline.before_merge(one)]
        for name in sorted(labels & {*pull.labels, *(one.subject for one in later)}):
            words = f"the label {clip(name)} was set only after the merge"
            yield Claim(declared=Declared.LATE, words=words, by_label=True, facts=(pull, *later))


def _labelled(frame: Frame, event: PullRequestEvent) -> Claim:
    """A label that stood at the merge; where that came after the deployment, it is late for it."""
    told = f"the label {clip(event.subject)} was set by {who(event.actor)} at {when(event.at)}"
    pull = frame.chain.evidence.pull_request
    gone = pull is not None and event.subject not in pull.labels and not frame.case.timeline.whole
    if gone:
        words = f"{told}, and may have been taken off before the merge"
        return Claim(declared=Declared.OPEN, words=words, by_label=True, facts=(event,))
    merged_at = frame.case.timeline.merged_at
    if not frame.first or merged_at <= frame.first:
        words = f"{told}, before the merge at {when(merged_at)}"
        return Claim(declared=Declared.IN_TIME, words=words, by_label=True, facts=(event,))
    declared = _against_deployment(frame, event.at)
    words = f"{told}; it was deployed at {when(frame.first)}, before it was merged"
    return Claim(declared=declared, words=words, by_label=True, facts=(event,))


def _against_deployment(frame: Frame, at: int) -> Declared:
    before = frame.in_time(at, frame.first) if frame.first else at <= frame.as_of
    return {True: Declared.IN_TIME, None: Declared.OPEN, False: Declared.LATE}[before]


# --- a ticket


def _by_tickets(frame: Frame) -> Iterator[Claim]:
    if not (frame.policy.emergency_ticket_types or frame.policy.emergency_labels):
        return
    for linked in frame.tickets:
        ticket = newest(frame.chain, linked.key)
        if ticket is not None:
            yield from _by_ticket(frame, linked, ticket)
        elif not absent(frame.chain, linked.key, frame.case.timeline.merged_at or frame.first):
            words = f"ticket {clip(linked.key)}, which may be of an emergency, was not read"
            yield Claim(declared=Declared.OPEN, words=words, ticket=linked.key)


def _by_ticket(frame: Frame, linked: Linked, ticket: Ticket) -> Iterator[Claim]:
    """Its type holds from its beginning; a label from when it was set."""
    labels = set(frame.policy.emergency_labels)
    if ticket.type in frame.policy.emergency_ticket_types:
        what = f"ticket {clip(ticket.key)} of type {clip(ticket.type)} was opened"
        yield _opened(frame, ticket, what, ticket.created_at, (ticket, *linked.facts))
        return
    set_at = [
        one
        for one in history_of(frame.chain, ticket)
        if one.kind == "labeled" and one.current in labels
    ]
    if set_at:
        what = f"ticket {clip(ticket.key)} was labelled {clip(set_at[0].current)}"
        facts = (ticket, set_at[0], *linked.facts)
        yield _opened(frame, ticket, what, set_at[0].at, facts)
    elif labels & set(ticket.labels):
        words = f"when ticket {clip(ticket.key)} was labelled an emergency was not read"
        yield Claim(declared=Declared.OPEN, words=words, ticket=ticket.key, facts=(ticket,))


def _opened(frame: Frame, ticket: Ticket, what: str, at: int, facts: tuple[Fact, ...]) -> Claim:
    declared = _against_deployment(frame, at) if at else Declared.OPEN
    place = f"the deployment at {when(frame.first)}" if frame.first else "any deployment"
    side = {Declared.IN_TIME: "before", Declared.LATE: "after"}.get(declared, "close to")
    words = f"{what} at {when(at)}, {side} {place}"
    return Claim(declared=declared, words=words, ticket=ticket.key, facts=facts)
