"""Approvals: each reviewer's effective review at merge, and which of them count (3.3).

Every observed version of a review is kept: the state and the commit first observed decide, later
versions (a dismissal, a re-bound commit) are history.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.controls.contribution import Contributors
from evidence.controls.opinions import Opinion, given_order, opinions_of
from evidence.controls.people import Party, PartyKind, people_of
from evidence.controls.timeline import Timeline, list_missing, timeline_of
from evidence.controls.words import short, when
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import ChangeKind
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequest, Review
from evidence.policy import Policy


class Standing(StrEnum):
    """Whether an approval counts."""

    COUNTS = "counts"
    OPEN = "open"
    """Evidence does not decide: it counts neither for nor against."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One reviewer's approval, whether it counts, and why."""

    party: Party
    review: Review
    """The first observed version."""
    versions: tuple[Review, ...]
    standing: Standing
    reason: str = ""
    words: str = ""
    """Why it does not count or is open; empty where it counts."""
    flags: tuple[str, ...] = ()

    @property
    def approved_sha(self) -> str:
        """The commit that the review was first observed for; empty where none was given."""
        return next((one.commit_sha for one in self.versions if one.commit_sha), "")

    def told(self) -> str:
        """The approval in words: who, when, for which commit."""
        at = when(self.review.submitted_at)
        return f"{self.party.label} on {short(self.approved_sha)} at {at}"


@dataclass(slots=True, kw_only=True)
class Approvals:
    """All approvals of a pull request and what else its reviews show."""

    counting: list[Approval] = field(default_factory=list)
    open: list[Approval] = field(default_factory=list)
    refused: list[Approval] = field(default_factory=list)
    whole: bool = True
    """Every review was read."""
    flags: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def everyone(self) -> list[Approval]:
        """All of them: counting, open, refused."""
        return [*self.counting, *self.open, *self.refused]


def approvals_of(chain: Chain, policy: Policy, contributors: Contributors) -> Approvals:
    """Sorts the approvals of a chain's pull request into counting, open and refused."""
    return _Judging(chain, policy, contributors).judge()


class _Judging:
    """One walk over the reviews of one pull request."""

    def __init__(self, chain: Chain, policy: Policy, contributors: Contributors) -> None:
        self.policy = policy
        self.contributors = contributors
        self.people = people_of(policy, chain.evidence.identities)
        self.timeline: Timeline = timeline_of(chain.evidence)
        self.opinions = opinions_of(chain.evidence, policy, self.timeline)
        self.found = Approvals(
            whole=_all_reviews(chain.evidence),
            flags=[*self.opinions.flags],
            facts=[*self.opinions.facts],
        )

    def judge(self) -> Approvals:
        by_reviewer: dict[str, list[Opinion]] = defaultdict(list)
        for opinion in self.opinions.given:
            # Deleted accounts share a key, but two of them need not be one person.
            unknown = opinion.party.kind == PartyKind.UNKNOWN
            by_reviewer[opinion.review.review_id if unknown else opinion.party.key].append(opinion)
        for opinions in by_reviewer.values():
            self._effective(opinions)
        self._dismissals()
        return self.found

    # --- the effective review of one reviewer

    def _effective(self, opinions: list[Opinion]) -> None:
        """The reviewer's last opinion before the merge; a dismissal revives no older one."""
        before = [one for one in opinions if one.order is not False]
        late = [one for one in opinions if one.order is False and one.state == "APPROVED"]
        if not before:
            for one in late[:1]:
                self._refuse(one, "late-approval", "was given after the merge")
            return
        before.sort(key=given_order)
        last = before[-1]
        unsure = [one for one in before if one.order is None or not one.state]
        if unsure and any(one.state != "CHANGES_REQUESTED" for one in before):
            self._unsure(unsure[-1])
            return
        if last.state == "CHANGES_REQUESTED":
            self._objected(before, last)
        elif self._dismissed_before_merge(last):
            self._refuse(last, "dismissed-approval", "was dismissed before the merge")
        elif not last.dismissal and last.dismissed:
            self._leave(last, "review-state-unknown", "was dismissed at a time nobody recorded")
        else:
            self._approve(last)

    def _unsure(self, opinion: Opinion) -> None:
        if opinion.state:
            self._leave(opinion, "order-unknown", "stands in the same second as the merge")
        else:
            self._leave(opinion, "review-state-unknown", "was dismissed; what it said is lost")

    def _objected(self, before: list[Opinion], last: Opinion) -> None:
        if not self._dismissed_before_merge(last):
            self.found.flags.append("objection-open")
        approved = [one for one in before if one.state == "APPROVED"]
        for one in approved[-1:]:
            self._refuse(one, "changes-requested", "was replaced by a request for changes")

    def _dismissed_before_merge(self, opinion: Opinion) -> bool:
        return opinion.dismissal is not None and self.timeline.before_merge(opinion.dismissal)

    def _approve(self, opinion: Opinion) -> None:
        """Whether an effective approval is by an eligible person outside CONTRIB."""
        if opinion.dismissal is not None:
            self.found.flags.append("dismissed-after-merge")
        approval = standing_of(opinion, self.policy, self.contributors)
        places = {
            Standing.COUNTS: self.found.counting,
            Standing.OPEN: self.found.open,
            Standing.REFUSED: self.found.refused,
        }
        places[approval.standing].append(approval)

    def _refuse(self, opinion: Opinion, reason: str, words: str) -> None:
        self.found.refused.append(_approval(opinion, Standing.REFUSED, reason, words))

    def _leave(self, opinion: Opinion, reason: str, words: str) -> None:
        self.found.open.append(_approval(opinion, Standing.OPEN, reason, words))

    def _dismissals(self) -> None:
        """An author who dismissed an objection is shown; that alone decides nothing here."""
        for event in self.timeline.earlier("ReviewDismissed"):
            who = self.people.party(event.actor)
            objection = event.previous.upper() == "CHANGES_REQUESTED"
            if objection and who.key in self.contributors.parties:
                self.found.flags.append("objection-dismissed-by-contributor")


# --- whether an opinion counts, whenever it was given


def standing_of(opinion: Opinion, policy: Policy, contributors: Contributors) -> Approval:
    """An effective approval by an eligible person outside CONTRIB counts; order is not judged."""
    refusal = _refusal(opinion, contributors)
    if refusal:
        return _approval(opinion, Standing.REFUSED, *refusal)
    question = _question(opinion, policy, contributors)
    if question:
        return _approval(opinion, Standing.OPEN, *question)
    return _approval(opinion, Standing.COUNTS)


def _refusal(opinion: Opinion, contributors: Contributors) -> tuple[str, str] | None:
    party = opinion.party
    if party.kind in {PartyKind.AUTOMATION, PartyKind.UNREGISTERED}:
        return "bot-approval", "is not by a person"
    if party.key in contributors.parties and party.human:
        return "self-approval", "is by a contributor to the change"
    left = party.left_at
    if left and opinion.review.submitted_at >= left:
        return "approver-left", f"was given after its author left at {when(left)}"
    return None


def _question(
    opinion: Opinion, policy: Policy, contributors: Contributors
) -> tuple[str, str] | None:
    party = opinion.party
    if not party.human:
        return "approver-unknown", "is by an account that cannot be tied to a person"
    if policy.require_mapped_approvers and not party.mapped:
        return "approver-unmapped", "is by an account that the person map does not hold"
    if opinion.review.can_push is not True:
        return "permission-unknown", "is by an account that may not be allowed to push"
    if not opinion.review.submitted_at:
        return "order-unknown", "carries no time"
    if contributors.open:
        first = contributors.open[0]
        return first.reason, f"may be by a contributor: {first.words}"
    return None


def _approval(opinion: Opinion, standing: Standing, reason: str = "", words: str = "") -> Approval:
    shas = {one.commit_sha for one in opinion.versions if one.commit_sha}
    return Approval(
        party=opinion.party,
        review=opinion.review,
        versions=opinion.versions,
        standing=standing,
        reason=reason,
        words=words,
        flags=("rebound",) if len(shas) > 1 else (),
    )


def _all_reviews(evidence: ChangeEvidence) -> bool:
    """As many distinct reviews are here as the source reports for the current version."""
    if evidence.change.kind == ChangeKind.DIRECT:
        return True
    return reviews_whole(evidence.pull_request, evidence.reviews)


def reviews_whole(pull: PullRequest | None, reviews: tuple[Review, ...]) -> bool:
    """Whether as many distinct reviews are here as the source reports for this version."""
    if pull is None or pull.reviews_total < 0 or list_missing(pull, "reviews"):
        return False
    same = {one.review_id for one in reviews if one.entry_seq == pull.entry_seq}
    found = same or {one.review_id for one in reviews}
    return len(found) >= pull.reviews_total


def distinct(approvals: list[Approval]) -> int:
    """How many different people gave these approvals."""
    return len({approval.party.key for approval in approvals})
