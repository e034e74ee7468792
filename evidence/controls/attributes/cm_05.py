"""CM-05: no single person developed, approved and implemented the change."""

from __future__ import annotations

from dataclasses import replace

from evidence.controls import promoted
from evidence.controls.attributes import cm_03
from evidence.controls.case import Case, case_of
from evidence.controls.determine import on_change
from evidence.controls.people import PartyKind, people_of
from evidence.controls.roles import (
    Holders,
    holders,
    passed_own,
    role_facts,
    unread_deployments,
)
from evidence.controls.words import listing
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.policy import Policy

CONTROL = "CM-05"

_Told = tuple[str, str]
"""Reason code and sentence."""


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """A counting approval exists, or no contributor approved, merged or deployed it.

    The policy's forbidden pairs of roles are tested on top. An unknown deployer matters only
    where a pair names the deployer.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    if chain.change.kind == ChangeKind.DIRECT:
        approval = cm_03.determine(chain, policy, as_of)
        if approval.outcome == Outcome.UNKNOWN:
            return replace(approval, control=CONTROL)
    case = case_of(chain, policy)
    results = [
        _promoted(chain, policy, as_of) or _base(case),
        *(_pair(case, one, two) for one, two in policy.forbidden_pairs),
    ]
    if _GATE in policy.forbidden_pairs:
        results.append(_own_gate(case))
    told = [result for result in results if result]
    reason, sentence = min(told, key=lambda result: _rank(result[0]))
    return on_change(
        CONTROL,
        chain,
        reason,
        sentence,
        facts=[*role_facts(case), *case.contributors.facts, *case.approvals.facts],
        entries=[e for one in chain.evidence.deployments for e in one.entries],
        flags=_flags(case),
        missing=case.contributors.fix(reason),
    )


UNREAD_GATE = "gate_unread"
"""Flag of a deployment by a workflow run of which the reviews were not read."""
_GATE = ("approver", "deployer")
"""The pair of roles that somebody holds who lets their own deployment pass at its gate."""
_PASSES = frozenset({"independent-approval", "separate-people", promoted.REASON})
_FAILURES = frozenset({"unilateral", "forbidden-pair"})


def _rank(reason: str) -> int:
    return 0 if reason in _FAILURES else 2 if reason in _PASSES else 1


def _promoted(chain: Chain, policy: Policy, as_of: int) -> _Told | None:
    """What CM-03 says of a change that promotes what others approved; None for any other."""
    approval = cm_03.determine(chain, policy, as_of)
    known = approval.reason in {promoted.REASON, promoted.OPEN}
    return (approval.reason, approval.sentence) if known else None


def _base(case: Case) -> _Told:
    if case.approvals.counting and case.approvals.whole:
        told = listing(one.told() for one in case.approvals.counting)
        return "independent-approval", f"It was approved by {told}, who did not contribute."
    contributors = holders(case, "contributor")
    implementers = {role: holders(case, role) for role in ("approver", "merger", "deployer")}
    acted = [
        f"{party.label} is a contributor and {role}"
        for role, found in implementers.items()
        for key, party in found.people.items()
        if key in contributors.people
    ]
    possible = bool(case.approvals.open) or not case.approvals.whole
    if acted and not possible:
        return "unilateral", f"Without an independent approval: {listing(acted)}."
    if possible:
        return _possible_approval(case)
    return _nobody(case, contributors, implementers)


def _possible_approval(case: Case) -> _Told:
    if case.approvals.open:
        first = case.approvals.open[0]
        told = f"{first.told()} {first.words}"
        return first.reason, f"Whether an approval counts is open: that by {told}."
    return "reviews-incomplete", "Not all of its reviews were read, so an approval may exist."


def _nobody(case: Case, contributors: Holders, implementers: dict[str, Holders]) -> _Told:
    """No contributor is known to have implemented it: a pass only where all are known."""
    if implementers["merger"].open:
        direct = case.chain.change.kind == ChangeKind.DIRECT
        words = listing(implementers["merger"].open)
        return "pusher-unknown" if direct else "merger-unknown", f"Nobody approved it; {words}."
    if case.contributors.open:
        first = case.contributors.open[0]
        return first.reason, f"Nobody approved it, and who contributed is open: {first.words}."
    if unread_deployments(case):
        return "role-unknown", "Nobody approved it, and not all of its deployments were read."
    mergers = listing(one.label for one in implementers["merger"].people.values())
    people = listing(one.label for one in contributors.people.values())
    return "separate-people", (
        f"Nobody approved it independently, but it was merged by {mergers or 'automation'}, and "
        f"contributors are {people or 'automation only'}."
    )


def _pair(case: Case, one: str, two: str) -> _Told | None:
    """Whether one person held both roles; None where nobody did and all are known."""
    first, second = holders(case, one), holders(case, two)
    both = [party.label for key, party in first.people.items() if key in second.people]
    if both:
        return "forbidden-pair", f"{listing(both)} held the roles {one} and {two}."
    unknown = first.open + second.open
    if unknown:
        words = listing(unknown)
        return "role-unknown", f"Whether {one} and {two} are different people is open: {words}."
    return None


def _own_gate(case: Case) -> _Told | None:
    """Whether somebody let a deployment pass at its gate that they had started themselves."""
    evidence = case.chain.evidence
    deployments, people = evidence.deployments, people_of(case.policy, evidence.identities)
    both = [one.label for each in deployments for one in passed_own(each, people)]
    if both:
        return "forbidden-pair", f"{listing(both)} let pass at a gate what they had started."
    parties = [people.party(one) for each in deployments for one in each.approvers]
    open_ones = [one.label for one in parties if not one.human and one.kind != PartyKind.AUTOMATION]
    if open_ones:
        return "role-unknown", f"Who let a deployment pass is open: {listing(open_ones)}."
    if any(UNREAD_GATE in one.flags for one in deployments):
        return "gate-unread", "Who let a deployment pass at its environment was not read."
    return None


def _flags(case: Case) -> list[str]:
    flags = [*case.contributors.flags, *case.approvals.flags]
    people = people_of(case.policy, case.chain.evidence.identities)
    if any(passed_own(one, people) for one in case.chain.evidence.deployments):
        flags.append("own-gate")
    if any(UNREAD_GATE in one.flags for one in case.chain.evidence.deployments):
        flags.append("gate-unread")
    deployers = holders(case, "deployer")
    if set(deployers.people) & set(case.contributors.humans):
        flags.append("contributor-deployed")
    if deployers.open:
        flags.append("deployer-unknown")
    return flags
