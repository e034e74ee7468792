"""The order of what happened on a pull request: "before" means earlier in its timeline.

Times decide only where the timeline lacks one of the two (controls.md 3.3). Server times have a
resolution of one second, so equal times give no order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.model.chain import ChangeEvidence
from evidence.model.comments import LINE_COMMENT
from evidence.model.pull_request import PullRequest, PullRequestEvent, Review
from evidence.model.texts import TEXTS_READ

_BESIDE = frozenset({TEXTS_READ, LINE_COMMENT})
"""Kinds of events that are no items of the timeline."""
_LISTS = frozenset(
    {"reviews", "commits", "timeline", "issues", "labels", "checks", "merge_checks",
     "merge_commit", "issue_history"}
)  # fmt: skip
"""Inner lists whose absence is understood; any other name may hold anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Events of a pull request in the source's order, up to the newest observation."""

    events: tuple[PullRequestEvent, ...]
    merged: PullRequestEvent | None
    merged_at: int
    """Microseconds UTC, 0 where no server gave it."""
    reviews: dict[str, int]
    """Position of reviews that the timeline itself lists."""
    whole: bool
    """No event before the merge is missing: positions run from 0 to the merge without a hole."""
    marks: tuple[PullRequestEvent, ...] = ()
    """What readings left beside it (`evidence.model.texts`); they are no items of the timeline."""

    def complete_to(self, position: int) -> bool:
        """Whether no item before a position is missing."""
        return {event.position for event in self.events} >= set(range(min(position, 100_000)))

    def before_merge(self, event: PullRequestEvent) -> bool:
        """Whether an event came before the merge; without a merge event times decide."""
        if self.merged is not None:
            return event.position < self.merged.position
        return 0 < event.at <= self.merged_at

    def earlier(self, kind: str) -> tuple[PullRequestEvent, ...]:
        """Events of one kind before the merge, in order."""
        return tuple(e for e in self.events if e.kind == kind and self.before_merge(e))

    def review_before_merge(self, review: Review) -> bool | None:
        """Whether a review was submitted before the merge; None where nothing decides."""
        return self._order(review, self.merged, self.merged_at)

    def review_before(self, review: Review, event: PullRequestEvent) -> bool | None:
        """Whether a review was submitted before an event; None where nothing decides."""
        return self._order(review, event, event.at)

    def _order(self, review: Review, event: PullRequestEvent | None, at: int) -> bool | None:
        position = self.reviews.get(review.review_id)
        if position is not None and event is not None:
            return position < event.position
        if not review.submitted_at or not at or review.submitted_at == at:
            return None
        return review.submitted_at < at


def timeline_of(evidence: ChangeEvidence) -> Timeline:
    """The timeline of a chain's pull request: of each event its newest version."""
    newest: dict[str, PullRequestEvent] = {}
    for event in sorted(evidence.events, key=lambda one: (one.observed_at, one.entry_seq)):
        newest[event.event_id] = event
    marks = tuple(one for one in newest.values() if one.kind == TEXTS_READ)
    items = [one for one in newest.values() if one.kind not in _BESIDE]
    events = tuple(sorted(items, key=lambda one: (one.position, one.at, one.event_id)))
    merged = _merge_event(events, evidence.change.landing_sha)
    pull = evidence.pull_request
    at = evidence.change.merged_at or (pull.merged_at if pull else 0)
    return Timeline(
        events=events,
        merged=merged,
        merged_at=at or (merged.at if merged else 0),
        reviews={e.subject: e.position for e in events if e.kind == "PullRequestReview"},
        whole=not list_missing(pull, "timeline") and _gapless(events, merged),
        marks=marks,
    )


def _merge_event(events: Iterable[PullRequestEvent], landing_sha: str) -> PullRequestEvent | None:
    found = [event for event in events if event.kind == "Merged"]
    exact = [event for event in found if landing_sha and event.after_sha == landing_sha]
    chosen = exact or found
    return chosen[-1] if chosen else None


def _gapless(events: Iterable[PullRequestEvent], merged: PullRequestEvent | None) -> bool:
    if merged is None:
        return False
    return {event.position for event in events} >= set(range(min(merged.position, 100_000)))


def list_missing(pull: PullRequest | None, *names: str) -> bool:
    """Whether an inner list of a pull request was not read whole, or may not have been."""
    if pull is None:
        return True
    if pull.complete and not pull.missing:
        return False
    return not pull.missing or any(name in names or name not in _LISTS for name in pull.missing)
