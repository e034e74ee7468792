"""CM-02: the change was requested, and authorised as the policy says, before implementation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evidence.controls.attributes import cm_03
from evidence.controls.case import case_of
from evidence.controls.determine import on_change
from evidence.controls.linkage import Held
from evidence.controls.people import people_of
from evidence.controls.reasons import REASONS
from evidence.controls.requests import (
    Desk,
    Linked,
    Ruling,
    absent,
    authorisation,
    history_of,
    known_to,
    linked_tickets,
    newest,
)
from evidence.controls.standard import Covered, standard_lane
from evidence.controls.timeline import Timeline, list_missing
from evidence.controls.words import clip, listing, when
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.model.fact import Fact
from evidence.model.ticket import Ticket, TicketEvent
from evidence.policy import Policy

CONTROL = "CM-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A chain with what its tickets are judged against."""

    chain: Chain
    policy: Policy
    timeline: Timeline
    desk: Desk
    merged_at: int


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """A linked ticket exists, is in scope, was created before the merge and authorised in time."""
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    if policy.request_is_pull_request and chain.change.kind == ChangeKind.PULL_REQUEST:
        sentence = "By the policy the pull request itself is the request."
        return on_change(CONTROL, chain, "request-is-pull-request", sentence)
    lane = standard_lane(chain, policy)
    if lane.covered == Covered.STANDARD and lane.rule is not None and lane.rule.is_request:
        sentence = f"By the policy an approved rule is the request: {lane.words}."
        return on_change(CONTROL, chain, "request-is-rule", sentence, facts=lane.facts)
    request = _request(chain, policy)
    linked = linked_tickets(chain, policy, request.timeline)
    late = [one for one in linked if one.best.held == Held.LATE]
    if not linked or (len(late) == len(linked) and not policy.ticket_required):
        return _nothing_linked(request)
    rulings = [(one, _ruling(request, one)) for one in linked]
    return _decide(request, rulings)


def _request(chain: Chain, policy: Policy) -> _Request:
    timeline = case_of(chain, policy).timeline
    limit = timeline.merged_at
    if policy.authorised_before == "deploy":
        limit = chain.change.first_deployed_at
    desk = Desk(
        policy=policy,
        people=people_of(policy, chain.evidence.identities),
        contributors=case_of(chain, policy).contributors,
        limit=limit,
    )
    return _Request(
        chain=chain,
        policy=policy,
        timeline=timeline,
        desk=desk,
        merged_at=timeline.merged_at,
    )


def _nothing_linked(request: _Request) -> Determination:
    chain, policy = request.chain, request.policy
    facts = _basis(request)
    direct = chain.change.kind == ChangeKind.DIRECT
    if not policy.ticket_required:
        sentence = "No ticket is linked to it, and the policy requires none."
        return on_change(CONTROL, chain, "ticket-not-required", sentence, facts=facts)
    if direct and not chain.evidence.github_observed:
        sentence = f"The forge was not asked about this commit, {cm_03.why_unasked(chain.change)}."
        return on_change(CONTROL, chain, "not-collected", sentence, facts=facts)
    if direct and "associated_pull_request" in chain.change.flags:
        sentence = "The forge lists a pull request for it, and what it says was not read."
        return on_change(CONTROL, chain, "not-collected", sentence, facts=facts)
    if not direct and list_missing(chain.evidence.pull_request, "issues"):
        sentence = "No ticket is linked to it, and the tickets it closes were not read whole."
        return on_change(CONTROL, chain, "links-not-read", sentence, facts=facts)
    places = listing(clip(place) for place in policy.ticket_sources)
    sentence = f"No ticket is linked to it (looked at: {places})."
    return on_change(CONTROL, chain, "no-ticket", sentence, facts=facts, flags=_edits(request))


# --- one ticket


def _ruling(request: _Request, linked: Linked) -> Ruling:
    """The ticket itself, where it was linked at the merge; what fails there fails anyway."""
    standing = linked.best
    if standing.held == Held.LATE:
        words = f"ticket {clip(linked.key)}: {standing.words}"
        return Ruling(reason="linked-after-merge", words=words, facts=linked.facts)
    ruling = _judge(request, linked)
    if standing.held == Held.OPEN and REASONS[ruling.reason].outcome == Outcome.PASS:
        words = f"whether it named ticket {clip(linked.key)} at the merge is open: {standing.words}"
        return Ruling(reason="link-time-unknown", words=words, facts=(*ruling.facts, *linked.facts))
    return replace(
        ruling, flags=(*ruling.flags, *standing.flags), facts=(*ruling.facts, *linked.facts)
    )


def _judge(request: _Request, linked: Linked) -> Ruling:
    ticket = newest(request.chain, linked.key)
    if ticket is None and absent(request.chain, linked.key, request.merged_at):
        words = f"there is no ticket {clip(linked.key)} in its project, which was read whole"
        return Ruling(reason="ticket-absent", words=words)
    if ticket is None:
        words = f"ticket {clip(linked.key)} was not read"
        return Ruling(reason="ticket-not-read", words=words)
    for attribute in (_scope, _created, _closed):
        ruling = attribute(request, ticket)
        if ruling is not None:
            return ruling
    return _authorised(request, ticket)


def _scope(request: _Request, ticket: Ticket) -> Ruling | None:
    policy = request.policy
    told = f"ticket {clip(ticket.key)}"
    if policy.ticket_projects and ticket.project not in policy.ticket_projects:
        words = f"{told} is of project {clip(ticket.project)}"
        return Ruling(reason="ticket-out-of-scope", words=words, facts=(ticket,))
    if policy.ticket_types and ticket.type not in policy.ticket_types:
        words = f"{told} is of type {clip(ticket.type) or 'unknown'}"
        return Ruling(reason="ticket-out-of-scope", words=words, facts=(ticket,))
    return None


def _created(request: _Request, ticket: Ticket) -> Ruling | None:
    """Created before the merge; two systems' clocks decide nothing inside the tolerance."""
    told = f"ticket {clip(ticket.key)} was created at {when(ticket.created_at)}"
    unknown = Ruling(reason="ticket-time-unknown", words=told, facts=(ticket,))
    limit = request.merged_at or request.chain.change.first_deployed_at
    if not ticket.created_at or not limit:
        return unknown
    tolerance = 0 if _same_system(request, ticket) else request.policy.clock_tolerance
    ahead = limit - ticket.created_at
    if abs(ahead) < tolerance or ahead == 0:
        return unknown
    if ahead < 0:
        words = f"{told}, after {when(limit)}"
        return Ruling(reason="ticket-after-merge", words=words, facts=(ticket,))
    if not request.merged_at:
        words = f"{told}; when the change reached the branch was not observed"
        return Ruling(reason="merge-time-unknown", words=words, facts=(ticket,))
    return None


def _same_system(request: _Request, ticket: Ticket) -> bool:
    repository = request.chain.change.repository
    forges = [one.forge for one in request.policy.repositories if one.id == repository]
    return not forges or ticket.tracker in forges


def _closed(request: _Request, ticket: Ticket) -> Ruling | None:
    """Closed as not planned before the merge: refused. Read before the merge: its state is open."""
    told = f"ticket {clip(ticket.key)}"
    events = history_of(request.chain, ticket)
    if 0 < known_to(request.chain, ticket) < request.merged_at:
        words = f"{told} was read only before the merge"
        return Ruling(reason="ticket-not-read", words=words, facts=(ticket,))
    states = [one for one in events if one.kind in {"closed", "reopened"}]
    before = [one for one in states if one.at <= request.merged_at]
    if not _alternating(ticket, [one.kind for one in states]):
        words = f"of {told} not every closing and reopening was read"
        return Ruling(reason="ticket-history-incomplete", words=words, facts=(ticket, *events))
    resolved = [one for one in events if one.kind == "resolution"]
    if resolved:
        refused, at = _resolved(resolved, request.merged_at)
    elif before:
        refused = before[-1].kind == "closed" and _not_planned(before[-1].current)
        at = before[-1].at
    else:
        refused = not states and _not_planned(ticket.state_reason)
        refused = refused and 0 < ticket.closed_at <= request.merged_at
        at = ticket.closed_at
    if not refused:
        return None
    words = f"{told} was closed as not planned at {when(at)}"
    return Ruling(reason="not-planned", words=words, facts=(ticket, *events))


def _resolved(events: list[TicketEvent], merged_at: int) -> tuple[bool, int]:
    """Whether the resolution at the merge refuses the ticket, and since when."""
    before = [one for one in events if one.at <= merged_at]
    reason = before[-1].current if before else events[0].previous
    return _not_planned(reason), before[-1].at if before else 0


def _alternating(ticket: Ticket, kinds: list[str]) -> bool:
    """Whether closings and reopenings follow each other and lead to the state as read."""
    if any(kind != ("closed", "reopened")[place % 2] for place, kind in enumerate(kinds)):
        return False
    return not kinds or (kinds[-1] == "closed") == (ticket.state == "CLOSED")


def _not_planned(reason: str) -> bool:
    return reason.casefold().replace("_", " ") in _REFUSALS


_REFUSALS = frozenset({"not planned", "duplicate", "won't do", "won't fix", "declined"})
"""Why a ticket was closed without being wanted, as GitHub and Jira name it by default."""


def _authorised(request: _Request, ticket: Ticket) -> Ruling:
    pull = request.chain.evidence.pull_request
    events = history_of(request.chain, ticket)
    whole = pull is None or not list_missing(pull, "issue_history")
    found = authorisation(request.desk, ticket, events, whole=whole)
    words = (
        f"ticket {clip(ticket.key)} was created at {when(ticket.created_at)}, before the merge at "
        f"{when(request.merged_at)}; {found.words}"
    )
    flags = (*found.flags, *(("epic",) if ticket.type.casefold() == "epic" else ()))
    return Ruling(
        reason=found.reason, words=words, flags=flags, facts=(ticket, *events, *found.facts)
    )


# --- the outcome


_RANK = {Outcome.PASS: 0, Outcome.UNKNOWN: 1, Outcome.FAIL: 2}


def _decide(request: _Request, rulings: list[tuple[Linked, Ruling]]) -> Determination:
    """One ticket that holds is enough; what is open comes before what failed."""
    ranked = sorted(rulings, key=lambda one: _RANK[REASONS[one[1].reason].outcome])
    linked, best = ranked[0]
    same = [r for _, r in ranked if REASONS[r.reason].outcome == REASONS[best.reason].outcome]
    places = listing(linked.places)
    told = listing(ruling.words for ruling in same)
    return on_change(
        CONTROL,
        request.chain,
        best.reason,
        f"Linked by {places}: {told}.",
        facts=[*_basis(request), *(fact for _, one in rulings for fact in one.facts)],
        flags=[*best.flags, *_edits(request)],
    )


def _basis(request: _Request) -> list[Fact]:
    pull = request.chain.evidence.pull_request
    events = request.timeline.earlier("Merged")
    return [*([pull] if pull else []), *events, *_renames(request)]


def _renames(request: _Request) -> list[Fact]:
    return [event for event in request.timeline.events if event.kind == "RenamedTitle"]


def _edits(request: _Request) -> list[str]:
    return ["title-edited"] if _renames(request) else []
