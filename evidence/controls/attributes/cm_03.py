"""CM-03: approved before the merge by enough independent, eligible people."""

from __future__ import annotations

from evidence.controls import promoted
from evidence.controls.approvals import Approval, Approvals, distinct
from evidence.controls.case import case_of
from evidence.controls.contribution import Contributors
from evidence.controls.determine import on_change
from evidence.controls.promoted import Promoted, promotion_of
from evidence.controls.standard import Covered, standard_lane
from evidence.controls.timeline import timeline_of
from evidence.controls.words import clip, listing, short, when, who
from evidence.model.chain import Chain
from evidence.model.change import Change, ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.model.fact import Fact
from evidence.policy import Policy

CONTROL = "CM-03"

_WEIGHT = (
    "self-approval",
    "bot-approval",
    "approver-left",
    "dismissed-approval",
    "changes-requested",
    "late-approval",
)
"""Which refusal names the determination where several approvals were refused."""


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """At least N counting approvals effective at merge, by eligible people outside CONTRIB."""
    early = not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    lane = standard_lane(chain, policy)
    if lane.covered == Covered.STANDARD:
        sentence = f"It is a standard change, which CM-17 tests: {lane.words}."
        return on_change(CONTROL, chain, "standard-lane", sentence, facts=lane.facts)
    ordinary = _promoted(chain, policy, _ordinary(chain, policy))
    if lane.covered == Covered.OPEN and ordinary.outcome == Outcome.FAIL:
        sentence = f"{ordinary.sentence} It may be a standard change: {lane.words}."
        return on_change(CONTROL, chain, "standard-lane-open", sentence, entries=ordinary.entries)
    return ordinary


def _promoted(chain: Chain, policy: Policy, ordinary: Determination) -> Determination:
    """As the approvals of what it promotes decide; an objection to the promotion itself stands."""
    objected = ordinary.reason == "changes-requested" or "objection-open" in ordinary.flags
    if ordinary.outcome not in {Outcome.FAIL, Outcome.UNKNOWN} or objected:
        return ordinary
    found = promotion_of(chain, policy)
    whole = case_of(chain, policy).approvals.whole
    if found.state is Promoted.REVIEWED and whole:
        sentence = f"{_lead(chain)} {found.words}"
        return on_change(CONTROL, chain, promoted.REASON, sentence, entries=found.entries)
    if found.state is not Promoted.NOT and ordinary.outcome is Outcome.FAIL:
        unread = "" if whole else " Not all of its own reviews were read: one may object to it."
        sentence = f"{ordinary.sentence} {found.words}{unread}"
        return on_change(CONTROL, chain, promoted.OPEN, sentence, entries=found.entries)
    return ordinary


def _ordinary(chain: Chain, policy: Policy) -> Determination:
    """The change judged as one that no rule was approved for."""
    if chain.change.kind == ChangeKind.DIRECT:
        return _direct(chain)
    if policy.approvals_required < 1:
        sentence = "The policy requires no approval."
        return on_change(CONTROL, chain, "approval-not-required", sentence)
    case = case_of(chain, policy)
    return _decide(chain, policy, case.contributors, case.approvals)


OFF_BRANCH = "was deployed from outside every production branch"


def not_testable(control: str, chain: Chain, as_of: int) -> Determination | None:
    """What ends every test: it was there before, was not read, or not merged at that time."""
    evidence = chain.evidence
    if "baseline" in chain.change.flags and not chain.change.deployments:
        sentence = "The first deployment that was observed contained it already."
        return on_change(control, chain, "baseline", sentence)
    if chain.change.kind == ChangeKind.DIRECT:
        return None
    if not evidence.github_observed or evidence.pull_request is None:
        sentence = "The pull request was not collected, so nothing about it can be tested."
        return on_change(control, chain, "not-collected", sentence)
    pull = evidence.pull_request
    merged_at = timeline_of(evidence).merged_at
    if pull.state in {"OPEN", "CLOSED"} or merged_at > as_of:
        sentence = f"Pull request #{pull.number} was not merged at {when(as_of)}."
        return on_change(control, chain, "not-merged", sentence, facts=(pull,))
    return None


def why_unasked(change: Change) -> str:
    """Why the forge was not asked about a direct commit; follows a comma."""
    if change.branch:
        return "or gave no answer: its repository was not read whole"
    return f"which {OFF_BRANCH}"


def _direct(chain: Chain) -> Determination:
    """A commit that no pull request explains: a deviation only where the forge was read."""
    change = chain.change
    place = f"stands on {clip(change.branch)}" if change.branch else OFF_BRANCH
    commit = f"Commit {short(change.landing_sha)} {place}"
    facts = chain.evidence.commits
    if not chain.evidence.github_observed or "association_not_observed" in change.flags:
        sentence = f"{commit}; whether a pull request brought it was not collected."
        return on_change(CONTROL, chain, "not-collected", sentence, facts=facts)
    if "associated_pull_request" in change.flags:
        sentence = f"{commit} and no merge explains it, but the forge lists a pull request for it."
        return on_change(CONTROL, chain, "contradiction", sentence, facts=facts)
    sentence = f"{commit} without a pull request, so nobody could approve it before."
    return on_change(CONTROL, chain, "no-pull-request", sentence, facts=facts)


def _decide(
    chain: Chain, policy: Policy, contributors: Contributors, approvals: Approvals
) -> Determination:
    needed = policy.approvals_required
    sure = distinct(approvals.counting)
    possible = distinct([*approvals.counting, *approvals.open])
    if sure >= needed and approvals.whole:
        reason, sentence = "approved", _approved(approvals, contributors)
    elif possible >= needed or not approvals.whole:
        reason, sentence = _open(approvals, needed)
    else:
        reason, sentence = _refused(approvals, needed)
    return on_change(
        CONTROL,
        chain,
        reason,
        f"{_lead(chain)} {sentence}",
        facts=_facts(chain, contributors, approvals),
        flags=_flags(contributors, approvals),
        missing=contributors.fix(reason),
    )


def _lead(chain: Chain) -> str:
    pull = chain.evidence.pull_request
    merger = f" by {who(pull.merged_by)}" if pull and pull.merged_by else ""
    merged_at = when(timeline_of(chain.evidence).merged_at)
    return f"Pull request #{chain.change.number} was merged at {merged_at}{merger}."


def _approved(approvals: Approvals, contributors: Contributors) -> str:
    told = listing(approval.told() for approval in approvals.counting)
    people = listing(contributors.labels())
    return (
        f"Approved by {told}; contributors are {people or 'registered automation only'}. The "
        "permission to push is as read, not as of the review."
    )


def _open(approvals: Approvals, needed: int) -> tuple[str, str]:
    if approvals.open:
        first = approvals.open[0]
        told = listing(f"{one.told()} {one.words}" for one in approvals.open)
        return first.reason, f"{needed} needed. The approval by {told}."
    return "reviews-incomplete", "Not all of its reviews were read, so an approval may exist."


def _refused(approvals: Approvals, needed: int) -> tuple[str, str]:
    if approvals.counting:
        told = listing(approval.told() for approval in approvals.counting)
        more = f" {_refusals(approvals)}" if approvals.refused else ""
        return "too-few-approvals", f"{needed} approvals are needed; it has that by {told}.{more}"
    if not approvals.refused:
        extra = " A comment that approves does not count."
        said = extra if "approval-in-comment" in approvals.flags else ""
        return "no-approval", f"Nobody approved it before.{said}"
    reasons = {approval.reason for approval in approvals.refused}
    reason = next(code for code in _WEIGHT if code in reasons)
    return reason, _refusals(approvals)


def _refusals(approvals: Approvals) -> str:
    told = listing(_refusal(approval) for approval in approvals.refused)
    return f"The approval by {told}."


def _refusal(approval: Approval) -> str:
    return f"{approval.told()} {approval.words}"


def _facts(chain: Chain, contributors: Contributors, approvals: Approvals) -> list[Fact]:
    timeline = timeline_of(chain.evidence)
    merged: list[Fact] = [timeline.merged] if timeline.merged else []
    return [*contributors.facts, *approvals.facts, *merged]


def _flags(contributors: Contributors, approvals: Approvals) -> list[str]:
    flags = [*contributors.flags, *approvals.flags]
    for approval in approvals.everyone():
        flags.extend(approval.flags)
    if approvals.counting:
        flags.append("permission-as-read")
    return flags
