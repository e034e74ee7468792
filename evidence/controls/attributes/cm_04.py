"""CM-04: the approvals that count cover the content that was merged."""

from __future__ import annotations

from dataclasses import replace

from evidence.chain.answers import MergeContent, MergeContentAnswer, merge_content
from evidence.controls import promoted
from evidence.controls.approvals import Approval
from evidence.controls.attributes import cm_03
from evidence.controls.case import case_of
from evidence.controls.currency import Currency, Judgement, currency_of
from evidence.controls.determine import on_change
from evidence.controls.timeline import timeline_of
from evidence.controls.words import listing
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.model.fact import Fact
from evidence.policy import Policy

CONTROL = "CM-04"


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """At least N counting approvals are current, and the merge added no content.

    Without a counting approval there is nothing to test (CM-03 counts it once); where CM-03 is
    unknown this is unknown too, unless no approval covers what was merged, whichever of them count:
    content was added at merge, or all were given for something else.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    approval = cm_03.determine(chain, policy, as_of)
    if approval.reason in {"standard-lane", promoted.REASON}:
        return replace(approval, control=CONTROL)
    if chain.change.kind == ChangeKind.DIRECT:
        return _direct(chain, approval)
    if approval.reason == "approval-not-required":
        sentence = "The policy requires no approval."
        return on_change(CONTROL, chain, "approval-not-required", sentence)
    approvals = case_of(chain, policy).approvals
    counting = approvals.counting
    merged = merge_content(chain)
    if approval.outcome == Outcome.UNKNOWN and merged.outcome != MergeContent.DIFFERENT:
        possible = [(one, currency_of(chain, policy, one)) for one in (*counting, *approvals.open)]
        if approvals.whole and possible and _all_stale(possible):
            return _decide(chain, policy, possible, merged)
        sentence = f"Which approvals count is open: {approval.sentence}"
        return on_change(
            CONTROL,
            chain,
            "approvals-open",
            sentence,
            entries=approval.entries,
            missing=approval.missing,
        )
    if not counting and approval.outcome == Outcome.FAIL:
        sentence = "No approval counts, so there is none to be current; CM-03 tells it."
        return on_change(CONTROL, chain, "no-approval", sentence, entries=approval.entries)
    judged = [(one, currency_of(chain, policy, one)) for one in counting]
    return _decide(chain, policy, judged, merged)


def _direct(chain: Chain, approval: Determination) -> Determination:
    unknown = approval.outcome == Outcome.UNKNOWN
    reason = approval.reason if unknown else "no-approval"
    sentence = "A direct commit has no approval." if not unknown else approval.sentence
    return on_change(CONTROL, chain, reason, sentence, entries=approval.entries)


_Judged = list[tuple[Approval, Judgement]]


def _all_stale(judged: _Judged) -> bool:
    return all(judgement.currency == Currency.STALE for _, judgement in judged)


def _decide(
    chain: Chain, policy: Policy, judged: _Judged, merged: MergeContentAnswer
) -> Determination:
    reason, sentence = _reason(policy, judged, merged)
    return on_change(
        CONTROL,
        chain,
        reason,
        sentence,
        facts=_facts(chain, judged),
        entries=[
            *merged.entries,
            *(entry for _, judgement in judged for entry in judgement.entries),
        ],
        flags=[flag for _, judgement in judged for flag in judgement.flags],
    )


def _reason(policy: Policy, judged: _Judged, merged: MergeContentAnswer) -> tuple[str, str]:
    needed = policy.approvals_required
    current = _people(judged, Currency.CURRENT)
    possible = current | _people(judged, Currency.OPEN)
    if merged.outcome == MergeContent.DIFFERENT:
        return "content-added-at-merge", f"Content was added while merging: {merged.detail}."
    if len(possible) < needed:
        stale = [one for one in judged if one[1].currency == Currency.STALE]
        reason = "stale-approval" if stale else "too-few-current"
        return reason, f"{needed} needed, {len(current)} current. {_told(stale or judged)}"
    if len(current) < needed:
        undecided = [one for one in judged if one[1].currency == Currency.OPEN]
        return undecided[0][1].reason, _told(undecided)
    if merged.outcome == MergeContent.EQUAL:
        return "current", f"{_told(judged)} The merge added nothing: {merged.detail}."
    if merged.outcome == MergeContent.NOT_REPRODUCIBLE:
        return "merge-not-reproducible", f"The merge cannot be repeated: {merged.detail}."
    return "merge-content-not-read", f"The merge was not compared: {merged.detail}."


def _people(judged: _Judged, currency: Currency) -> set[str]:
    return {one.party.key for one, judgement in judged if judgement.currency == currency}


def _told(judged: _Judged) -> str:
    told = listing(f"{one.told()} {judgement.words}" for one, judgement in judged)
    return f"The approval by {told}." if told else ""


def _facts(chain: Chain, judged: _Judged) -> list[Fact]:
    timeline = timeline_of(chain.evidence)
    pull = chain.evidence.pull_request
    facts: list[Fact] = [pull] if pull else []
    for approval, _ in judged:
        facts.extend(approval.versions)
    facts.extend(e for e in timeline.events if e.kind in {"HeadRefForcePushed", "BaseRefChanged"})
    if timeline.merged:
        facts.append(timeline.merged)
    return facts
