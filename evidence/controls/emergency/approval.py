"""Whether somebody independent approved what an emergency deployed, within the time for it.

Before the merge or after it, on its own pull request or on a later one that holds its commits: what
counts is that the approval covers the deployed content, and when it was given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evidence.chain.answers import MergeContent, merge_content
from evidence.chain.emergencies import Deployed, covers
from evidence.controls.approvals import Approval, Standing, reviews_whole, standing_of
from evidence.controls.currency import Currency, currency_of
from evidence.controls.emergency.frame import Finding, Frame, State
from evidence.controls.gaps import hides_approvals
from evidence.controls.opinions import Opinion, given_order, opinions_of
from evidence.controls.people import PartyKind
from evidence.controls.timeline import Timeline, timeline_of
from evidence.controls.words import listing, short, when
from evidence.model.chain import ChangeEvidence, FollowUp
from evidence.model.change import Change, ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One pull request on which approvals may stand."""

    evidence: ChangeEvidence
    """Its own reviews and timeline."""
    follow_up: FollowUp | None = None

    @property
    def told(self) -> str:
        return f" on pull request #{self.evidence.change.number}" if self.follow_up else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """One reviewer's approval, and whether it covers a deployed commit."""

    approval: Approval
    place: _Place
    covers: bool | None
    reason: str
    words: str
    in_time: bool | None
    entries: tuple[int, ...] = ()

    @property
    def told(self) -> str:
        return f"{self.approval.told()}{self.place.told}"


def approved(frame: Frame) -> Finding:
    """Everything of it that was deployed was approved independently within the time."""
    found = [_one(frame, one) for one in frame.deployed]
    worst = (State.BROKEN, State.OPEN, State.UNREAD, State.MET)
    chosen = min(found, key=lambda one: worst.index(one.state))
    if chosen.state is not State.MET:
        return chosen
    return replace(
        chosen,
        words=listing(one.words for one in found),
        facts=tuple(fact for one in found for fact in one.facts),
        entries=tuple(entry for one in found for entry in one.entries),
    )


def _one(frame: Frame, deployed: Deployed) -> Finding:
    """One deployed commit."""
    limit = frame.policy.emergency_approval_limit
    deadline = deployed.at + limit
    given = [one for place in _places(frame) for one in _on(frame, place, deployed, deadline)]
    facts = tuple(fact for one in given for fact in one.approval.versions)
    entries = tuple(entry for one in given for entry in one.entries)
    told = f"{short(deployed.sha)}, deployed at {when(deployed.at)}"
    finding = _ruled(frame, given, told, deadline)
    return replace(finding, facts=facts, entries=entries)


def _ruled(frame: Frame, given: list[_Given], told: str, deadline: int) -> Finding:
    counting = [one for one in given if one.approval.standing is Standing.COUNTS]
    good = [one for one in counting if one.covers and one.in_time]
    if good:
        words = f"{told}, was approved by {good[0].told}, which {good[0].words}"
        return Finding(state=State.MET, words=words)
    if frame.as_of < deadline:
        words = f"{told}, was not approved yet: that is due by {when(deadline)}"
        return Finding(state=State.OPEN, words=words, due=deadline)
    open_ones = [one for one in given if _may_count(one)]
    if open_ones:
        return _undecided(open_ones[0], told, deadline)
    if not _all_read(frame, deadline):
        words = f"{told}: approvals up to {when(deadline)} were not all read"
        return Finding(state=State.UNREAD, reason="emergency-not-read", words=words)
    return _refused(given, told, deadline)


def _may_count(one: _Given) -> bool:
    refused = one.approval.standing is Standing.REFUSED
    return not refused and one.covers is not False and one.in_time is not False


def _undecided(one: _Given, told: str, deadline: int) -> Finding:
    if one.approval.standing is Standing.OPEN:
        words = f"{told}: the approval by {one.told} {one.approval.words}"
        return Finding(state=State.UNREAD, reason=one.approval.reason, words=words)
    if one.covers is None:
        words = f"{told}: the approval by {one.told} {one.words}"
        return Finding(state=State.UNREAD, reason=one.reason, words=words)
    words = f"{told}: the approval by {one.told} is too close to {when(deadline)} on another clock"
    return Finding(state=State.UNREAD, reason="emergency-time-unknown", words=words)


def _refused(given: list[_Given], told: str, deadline: int) -> Finding:
    """Nothing counts. What came nearest names it."""
    counting = [one for one in given if one.approval.standing is Standing.COUNTS]
    late = [one for one in counting if one.covers is not False and one.in_time is False]
    other = [one for one in counting if one.covers is False]
    if late:
        words = f"{told}, was approved by {late[0].told}, after {when(deadline)}"
        return Finding(state=State.BROKEN, reason="emergency-approved-late", words=words)
    if other:
        words = f"{told}: the approval by {other[0].told} {other[0].words}"
        return Finding(state=State.BROKEN, reason="emergency-content-not-approved", words=words)
    refusals = [f"the approval by {one.told} {one.approval.words}" for one in given]
    more = f" ({listing(refusals)})" if refusals else ""
    words = f"{told}, was approved by nobody independent by {when(deadline)}{more}"
    return Finding(state=State.BROKEN, reason="emergency-not-approved", words=words)


# --- where approvals may stand


def _places(frame: Frame) -> Iterator[_Place]:
    evidence = frame.chain.evidence
    if evidence.pull_request is not None:
        yield _Place(evidence=evidence)
    for one in evidence.follow_ups:
        pull = one.pull_request
        change = Change(
            change_id=f"{pull.repository}:pr:{pull.number}",
            kind=ChangeKind.PULL_REQUEST,
            repository=pull.repository,
            number=pull.number,
        )
        own = ChangeEvidence(
            change=change, pull_request=pull, reviews=one.reviews, events=one.events
        )
        yield _Place(evidence=own, follow_up=one)


def _on(frame: Frame, place: _Place, deployed: Deployed, deadline: int) -> Iterator[_Given]:
    """Each reviewer's approvals: the one in effect when the time was over, and any later one."""
    timeline = timeline_of(place.evidence)
    by_reviewer: dict[str, list[Opinion]] = defaultdict(list)
    for one in opinions_of(place.evidence, frame.policy, timeline).given:
        unknown = one.party.kind is PartyKind.UNKNOWN
        if one.review.submitted_at <= frame.as_of:
            by_reviewer[one.review.review_id if unknown else one.party.key].append(one)
    for opinions in by_reviewer.values():
        opinions.sort(key=given_order)
        early = [one for one in opinions if one.review.submitted_at <= deadline]
        late = [one for one in opinions if one.review.submitted_at > deadline]
        yield from (
            _given(frame, place, timeline, one, deployed, deadline)
            for one in (*early[-1:], *late[:1])
            if one.state in {"APPROVED", ""}
        )


def _given(
    frame: Frame,
    place: _Place,
    timeline: Timeline,
    opinion: Opinion,
    deployed: Deployed,
    deadline: int,
) -> _Given:
    approval = _standing(frame, opinion, deadline)
    merged = place.follow_up is None and deployed.sha == frame.chain.change.landing_sha
    if merged:
        covered, reason, words, entries = _as_merged(frame, approval)
    else:
        covered, reason, words, entries = _as_compared(frame, place, approval, deployed)
    if covered and not merged and not _steady(timeline, opinion):
        covered, reason = None, "timeline-incomplete"
        words = "stands before a force-push, or in a timeline that was not read whole"
    at = opinion.review.submitted_at
    return _Given(
        approval=approval,
        place=place,
        covers=covered,
        reason=reason,
        words=words,
        in_time=frame.in_time(at, deadline) if at else None,
        entries=entries,
    )


def _standing(frame: Frame, opinion: Opinion, deadline: int) -> Approval:
    """Whether it counts; one that was dismissed by then does not."""
    found = standing_of(opinion, frame.policy, frame.case.contributors)
    dismissal, until = opinion.dismissal, frame.until(deadline)
    if found.standing is Standing.REFUSED:
        return found
    if dismissal is not None and dismissal.at <= until:
        words = f"was dismissed at {when(dismissal.at)}"
        return replace(found, standing=Standing.REFUSED, reason="dismissed-approval", words=words)
    if not opinion.state or (dismissal is None and opinion.dismissed):
        words = "was dismissed at a time nobody recorded, or what it said is lost"
        return replace(found, standing=Standing.OPEN, reason="review-state-unknown", words=words)
    return found


def _steady(timeline: Timeline, opinion: Opinion) -> bool:
    """Whether its commit id cannot have been re-bound to what was pushed later."""
    return timeline.whole and not any(
        timeline.review_before(opinion.review, event) is not False
        for event in timeline.events
        if event.kind == "HeadRefForcePushed"
    )


_Coverage = tuple[bool | None, str, str, tuple[int, ...]]
"""Whether an approval covers a deployed commit, the reason where that is open, words, entries."""


def _as_compared(frame: Frame, place: _Place, approval: Approval, deployed: Deployed) -> _Coverage:
    """By the content of the two commits."""
    evidence = frame.chain.evidence
    rows, pull = evidence.pull_request_commits, evidence.pull_request
    if place.follow_up is not None:
        rows, pull = place.follow_up.pull_request_commits, place.follow_up.pull_request
    base = pull.base_sha if pull is not None else ""
    answer = covers(evidence, deployed.sha, approval.approved_sha, rows, base)
    words = "covers it" if answer.equal else "does not cover it"
    told = f"{words}: {answer.detail}"
    if answer.equal is None:
        told = f"may not cover it: {answer.detail}"
    return answer.equal, "content-not-read", told, answer.entries


def _as_merged(frame: Frame, approval: Approval) -> _Coverage:
    """By the rules of CM-04: the approval is current, and merging added nothing."""
    judged = currency_of(frame.chain, frame.policy, approval)
    merged = merge_content(frame.chain)
    entries = (*judged.entries, *merged.entries)
    if judged.currency is Currency.STALE:
        return False, "", judged.words, entries
    if merged.outcome is MergeContent.DIFFERENT:
        return False, "", f"does not cover what was added while merging: {merged.detail}", entries
    if judged.currency is Currency.OPEN:
        return None, judged.reason, judged.words, entries
    if merged.outcome is MergeContent.NOT_REPRODUCIBLE:
        words = f"may not cover it: the merge cannot be repeated: {merged.detail}"
        return None, "merge-not-reproducible", words, entries
    if merged.outcome is not MergeContent.EQUAL:
        words = f"may not cover it: the merge was not compared: {merged.detail}"
        return None, "merge-content-not-read", words, entries
    return True, "", judged.words, entries


def _all_read(frame: Frame, deadline: int) -> bool:
    """Whether no approval can be missing: the forge was read whole after the time was over."""
    evidence = frame.chain.evidence
    pull = evidence.pull_request
    read_to = evidence.forge_read_to - frame.policy.clock_tolerance
    seen = max(read_to, pull.observed_at if pull is not None else 0)
    lost = any(hides_approvals(one) for one in evidence.gaps)
    whole = all(reviews_whole(one.pull_request, one.reviews) for one in evidence.follow_ups)
    return seen >= deadline and not lost and whole and frame.case.approvals.whole
