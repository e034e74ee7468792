"""Opinions: what each review said when it was given, from every observed version of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from evidence.controls.people import Party, People, people_of
from evidence.controls.timeline import Timeline
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import ChangeEvidence
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequestEvent, Review
from evidence.policy import Policy

COMMENT_APPROVALS = frozenset({"lgtm", "approved", "approve", "+1", ":+1:", "👍", "ship it"})
"""Whole comments, without case and closing punctuation, that `comment_approval` accepts."""

_OPINIONS = frozenset({"APPROVED", "CHANGES_REQUESTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One review as it stood: its original state and its dismissal, if any."""

    versions: tuple[Review, ...]
    """Oldest observation first."""
    party: Party
    state: str
    """`APPROVED` or `CHANGES_REQUESTED`; empty where the original state is not known."""
    dismissal: PullRequestEvent | None
    order: bool | None
    """Submitted before the merge; None where nothing decides."""

    @property
    def review(self) -> Review:
        """The first observed version."""
        return self.versions[0]

    @property
    def dismissed(self) -> bool:
        """Whether any version shows it dismissed."""
        return any(version.state == "DISMISSED" for version in self.versions)


@dataclass(slots=True, kw_only=True)
class Opinions:
    """All opinions in the order in which they were given, and what was seen on the way."""

    given: list[Opinion] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def opinions_of(evidence: ChangeEvidence, policy: Policy, timeline: Timeline) -> Opinions:
    """Every review that approves or asks for changes. Comments are none, unless policy says so."""
    found, people = Opinions(), people_of(policy, evidence.identities)
    grouped: dict[str, list[Review]] = defaultdict(list)
    for review in evidence.reviews:
        grouped[review.review_id].append(review)
        found.facts.append(review)
    for versions in grouped.values():
        ordered = tuple(sorted(versions, key=lambda one: (one.observed_at, one.entry_seq)))
        opinion = _opinion(found, ordered, policy, timeline, people)
        if opinion is not None:
            found.given.append(opinion)
    found.given.sort(key=given_order)
    return found


def given_order(opinion: Opinion) -> tuple[int, str]:
    """Sorts opinions by the time they were given."""
    return (opinion.review.submitted_at, opinion.review.review_id)


def _opinion(
    found: Opinions,
    versions: tuple[Review, ...],
    policy: Policy,
    timeline: Timeline,
    people: People,
) -> Opinion | None:
    dismissal = _dismissal(found, timeline, versions[0].review_id)
    state = _original_state(versions, dismissal)
    if state == "COMMENTED" and any(_says_yes(one.body) for one in versions):
        if not policy.comment_approval:
            found.flags.append("approval-in-comment")
        elif _unedited(versions):
            state = "APPROVED"
    if state not in _OPINIONS and state:
        return None
    return Opinion(
        versions=versions,
        party=people.party(_author(versions)),
        state=state,
        dismissal=dismissal,
        order=timeline.review_before_merge(versions[0]),
    )


def _unedited(versions: tuple[Review, ...]) -> bool:
    edited = any(one.last_edited_at for one in versions)
    return not edited and len({one.body for one in versions}) == 1


def _dismissal(found: Opinions, timeline: Timeline, review_id: str) -> PullRequestEvent | None:
    events = [
        event
        for event in timeline.events
        if event.kind == "ReviewDismissed" and event.subject == review_id
    ]
    found.facts.extend(events)
    return events[0] if events else None


def _original_state(versions: tuple[Review, ...], dismissal: PullRequestEvent | None) -> str:
    """What a review said when it was given; empty where only its dismissal is known."""
    for version in versions:
        if version.state not in {"DISMISSED", ""}:
            return version.state
    previous = dismissal.previous.upper() if dismissal else ""
    return previous if previous in {*_OPINIONS, "COMMENTED"} else ""


def _author(versions: tuple[Review, ...]) -> Actor | None:
    """The first account that any version names: a deleted one was stored earlier."""
    actors = [one.author for one in versions if one.author is not None]
    ghost = actors[0] if actors else None
    return next((one for one in actors if one.type != ActorType.GHOST), ghost)


def _says_yes(body: str) -> bool:
    return body.strip().rstrip(".!").strip().casefold() in COMMENT_APPROVALS
