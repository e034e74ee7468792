"""Whether what a scanner found was waived at a moment: exactly this, and by somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.controls.contribution import Contributors
from evidence.controls.words import clip, when
from evidence.model.policy_result import Finding
from evidence.policy import Policy, Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """What the waivers come to for one finding."""

    by: str = ""
    """Id of the one that was in force; empty where none was."""
    reason: str = ""
    """Where it depends on somebody's identity: the code of what is open."""
    words: str = ""
    """Why one that names it does not count, or what is open."""


def waived(
    finding: Finding, repository: str, policy: Policy, contributors: Contributors, moment: int
) -> Waived:
    """The best that any waiver says of a finding at a moment, microseconds UTC."""
    found = [
        _one(waiver, policy, contributors, moment)
        for waiver in policy.waivers
        if waiver.repository == repository and _names(waiver, finding)
    ]
    return min(found, key=_rank, default=Waived())


def _rank(one: Waived) -> int:
    return 0 if one.by else 1 if one.reason else 2


def _names(waiver: Waiver, finding: Finding) -> bool:
    """By rule, and by package and version or else by place: nothing stands for any other."""
    if waiver.rule.lower() != finding.rule.lower():
        return False
    if finding.package or waiver.package:
        return (waiver.package, waiver.version) == (finding.package, finding.version)
    path = finding.location.rpartition(":")[0]
    return waiver.location in {finding.location, path} if finding.location else True


def _one(waiver: Waiver, policy: Policy, contributors: Contributors, moment: int) -> Waived:
    named = f"waiver {clip(waiver.id)}"
    if not waiver.valid_from <= moment < waiver.valid_to:
        span = f"{when(waiver.valid_from)} to {when(waiver.valid_to)}"
        return Waived(words=f"{named} is in force from {span}")
    approver = _key(waiver.approved_by, policy)
    if not approver:
        return Waived(
            words=f"{named} was approved by nobody whom the person map or an account names"
        )
    if approver in contributors.parties:
        return Waived(words=f"{named} was approved by a contributor")
    if contributors.open:
        first = contributors.open[0]
        words = f"whether {clip(waiver.approved_by)}, who approved {named}, contributed is open"
        return Waived(reason=first.reason, words=f"{words}: {first.words}")
    return Waived(by=waiver.id)


def _key(approver: str, policy: Policy) -> str:
    """The party of a person or an account; empty for an automation, and for a bare name."""
    if any(approver in {one.id, *one.accounts} for one in policy.automations):
        return ""
    for person in policy.persons:
        if approver == person.name or approver in person.accounts:
            return f"person:{person.name}"
    return approver if approver.count(":") >= 2 else ""
