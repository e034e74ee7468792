"""Who authorised an emergency before it was implemented, and why it was one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.controls.emergency.frame import Finding, Frame, State
from evidence.controls.opinions import opinions_of
from evidence.controls.people import Party, people_of
from evidence.controls.requests import history_of, newest
from evidence.controls.timeline import list_missing
from evidence.controls.words import clip, short, when
from evidence.model.actor import Actor
from evidence.model.fact import Fact
from evidence.model.ticket import TicketEvent

_WORDS = 3
"""Words that a description needs beside references to say anything."""
_NOT_TEXT = re.compile(
    r"<!--.*?-->|https?://\S+|\S*#\d+|\b[A-Z][A-Z0-9_]+-\d+\b"
    r"|\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b",
    re.DOTALL | re.IGNORECASE,
)
"""What of a description is no text of its own: comments, addresses, references to tickets."""
_TEXT_LIMIT = 100_000


def justified(frame: Frame) -> Finding:
    """Its description, or the body of its message, says in words why."""
    if "justification" in frame.policy.emergency_not_tested:
        return Finding(state=State.OFF, words="whether it was justified is not tested")
    evidence = frame.chain.evidence
    if evidence.pull_request is not None:
        where, text = "its description", evidence.pull_request.body
        facts: tuple[Fact, ...] = (evidence.pull_request,)
    else:
        own = [one for one in evidence.commits if one.sha == frame.chain.change.landing_sha]
        if not own:
            words = f"commit {short(frame.chain.change.landing_sha)} was not read"
            return Finding(state=State.UNREAD, reason="commit-not-read", words=words)
        where, text = "its message", own[0].message.partition("\n")[2]
        facts = (own[0],)
    if len(_NOT_TEXT.sub(" ", text[:_TEXT_LIMIT]).split()) >= _WORDS:
        return Finding(state=State.MET, words=f"{where} gives a justification", facts=facts)
    words = f"{where} says nothing that would justify it"
    return Finding(state=State.BROKEN, reason="emergency-unjustified", words=words, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """Something by which a person authorises a change."""

    what: str
    actor: Actor | None
    at: int
    fact: Fact


def authorised(frame: Frame) -> Finding:
    """A person whom the policy names, who did not contribute, acted for it before the deployment.

    By setting the emergency label, by an approving review, by merging it, or on the ticket: its
    emergency label, or what authorises any other ticket.
    """
    if not frame.policy.emergency_authorisers:
        return Finding(
            state=State.OFF,
            words="who authorised it is not tested, as the policy names nobody who may",
            flags=("emergency-authoriser-not-tested",),
        )
    found = [_ruled(frame, one) for one in (*_on_pull_request(frame), *_on_tickets(frame))]
    listed = [one for one in found if one is not None]
    for state in (State.MET, State.UNREAD):
        chosen = next((one for one in listed if one.state == state), None)
        if chosen is not None:
            return chosen
    if not _acts_whole(frame):
        words = "not every act on it and its tickets was read, so who authorised it is open"
        return Finding(state=State.UNREAD, reason="authorisation-not-collected", words=words)
    if listed:
        return listed[0]
    words = "nobody whom the policy names authorised it before"
    return Finding(state=State.BROKEN, reason="emergency-not-authorised", words=words)


def _on_pull_request(frame: Frame) -> Iterator[_Act]:
    timeline, labels = frame.case.timeline, set(frame.policy.emergency_labels)
    for one in timeline.events:
        if one.kind == "Labeled" and one.subject in labels:
            yield _Act(
                what=f"set the label {clip(one.subject)}", actor=one.actor, at=one.at, fact=one
            )
    if timeline.merged is not None:
        merged = timeline.merged
        yield _Act(what="merged it", actor=merged.actor, at=merged.at, fact=merged)
    for opinion in opinions_of(frame.chain.evidence, frame.policy, timeline).given:
        gone = opinion.dismissal is not None or opinion.dismissed
        if opinion.state == "APPROVED" and not gone:
            first = opinion.review
            yield _Act(what="approved it", actor=first.author, at=first.submitted_at, fact=first)


def _on_tickets(frame: Frame) -> Iterator[_Act]:
    for linked in frame.tickets:
        ticket = newest(frame.chain, linked.key)
        for one in history_of(frame.chain, ticket) if ticket is not None else ():
            what = _authorising(frame, one)
            if what:
                told = f"{what} on ticket {clip(linked.key)}"
                yield _Act(what=told, actor=one.actor, at=one.at, fact=one)


def _authorising(frame: Frame, event: TicketEvent) -> str:
    """What an act on a ticket was, where it authorises."""
    policy = frame.policy
    labels = {*policy.emergency_labels, *policy.authorised_labels}
    if event.kind == "labeled" and event.current in labels:
        return f"set {clip(event.current)}"
    if event.kind == "transition" and event.current in policy.authorised_statuses:
        return f"set {clip(event.current)}"
    named = {"*", event.previous} & set(policy.authorised_approvals)
    if event.kind == "approval" and event.current == "approved" and named:
        return f"gave the approval {clip(event.previous)}"
    return ""


def _ruled(frame: Frame, act: _Act) -> Finding | None:
    """What an act comes to; None where it is by nobody whom the policy names."""
    party = people_of(frame.policy, frame.chain.evidence.identities).party(act.actor)
    if not _may(frame, party, act.actor):
        return None
    told = f"{party.label} {act.what} at {when(act.at)}"
    if party.key in frame.case.contributors.parties:
        words = f"{told}, and contributed to the change"
        reason = "emergency-self-authorised"
        return Finding(state=State.BROKEN, reason=reason, words=words, facts=(act.fact,))
    before = frame.in_time(act.at, frame.first) if frame.first else act.at <= frame.as_of
    if not act.at or before is None:
        words = f"{told}; whether that was before the deployment at {when(frame.first)} is open"
        reason = "emergency-time-unknown"
        return Finding(state=State.UNREAD, reason=reason, words=words, facts=(act.fact,))
    if not before:
        words = f"{told}, only after the deployment at {when(frame.first)}"
        reason = "emergency-authorised-late"
        return Finding(state=State.BROKEN, reason=reason, words=words, facts=(act.fact,))
    if not party.human or not _comparable(frame, party) or frame.case.contributors.open:
        words = f"{told}; whether they contributed cannot be told"
        reason = "authoriser-unknown"
        return Finding(state=State.UNREAD, reason=reason, words=words, facts=(act.fact,))
    return Finding(state=State.MET, words=f"authorised: {told}", facts=(act.fact,))


def _may(frame: Frame, party: Party, actor: Actor | None) -> bool:
    """Whether the policy names a person, or this account of theirs."""
    named = {f"person:{one}" for one in frame.policy.emergency_authorisers}
    account = actor.key if actor is not None else ""
    return party.key in named or account in frame.policy.emergency_authorisers


def _comparable(frame: Frame, party: Party) -> bool:
    """Accounts of two systems are compared only through the person map."""
    parties = frame.case.contributors.parties.values()
    return party.mapped or party.system in {one.system for one in parties if one.system}


def _acts_whole(frame: Frame) -> bool:
    """Whether nobody else can have acted: timeline, reviews and tickets were read."""
    pull = frame.chain.evidence.pull_request
    unread = [one.key for one in frame.tickets if newest(frame.chain, one.key) is None]
    if unread or frame.lost:
        return False
    if pull is None:
        return True
    whole = frame.case.timeline.whole and frame.case.approvals.whole
    return whole and not list_missing(pull, "issues", "issue_history", "timeline")
