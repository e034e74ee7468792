"""Who held which role on a change: contributor, author, approver, merger, deployer, dismisser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from evidence.controls.case import Case
from evidence.controls.landing import movements
from evidence.controls.people import Party, PartyKind, People, people_of
from evidence.model.actor import Actor
from evidence.model.change import ChangeKind
from evidence.model.fact import Fact
from evidence.model.production import ProductionDeployment

_STANDING = frozenset({"bot-approval", "self-approval", "approver-left"})
"""Refusals of approvals that stood at the merge all the same."""


@dataclass(slots=True, kw_only=True)
class Holders:
    """The people who held one role, and whether that is all of them."""

    people: dict[str, Party] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    """What keeps the list from being whole, in words."""

    def add(self, party: Party) -> None:
        """Counts a person in; registered automation holds no role, anyone else is open."""
        if party.human:
            self.people.setdefault(party.key, party)
        elif party.kind != PartyKind.AUTOMATION:
            self.open.append(f"{party.label} cannot be tied to a person")


def holders(case: Case, role: str) -> Holders:
    """Who held a role. A role that the table does not know is held by nobody known."""
    found = ROLES.get(role)
    return found(case) if found else Holders(open=[f"the role {role[:40]} is not known"])


def _contributor(case: Case) -> Holders:
    found = Holders(people=dict(case.contributors.humans))
    found.open += [entry.words for entry in case.contributors.open]
    return found


def _author(case: Case) -> Holders:
    found = _contributor(case)
    authors = case.contributors.authors
    found.people = {key: one for key, one in found.people.items() if key in authors}
    return found


def _approver(case: Case) -> Holders:
    """Everyone whose approval stood at the merge, whether or not it counts."""
    found = Holders()
    for approval in case.approvals.counting:
        found.add(approval.party)
    for approval in case.approvals.refused:
        if approval.reason in _STANDING:
            found.add(approval.party)
    for approval in case.approvals.open:
        found.add(approval.party)
    if not case.approvals.whole:
        found.open.append("not all reviews were read")
    return found


def _merger(case: Case) -> Holders:
    """Who merged, or had the forge merge: the queue and auto-merge act for somebody."""
    evidence = case.chain.evidence
    found = Holders()
    if case.chain.change.kind == ChangeKind.DIRECT or evidence.pull_request is None:
        return _pusher(case)
    pull = evidence.pull_request
    actors: list[Actor | None] = [pull.merged_by]
    if case.timeline.merged is not None and case.timeline.merged.actor is not None:
        actors.append(case.timeline.merged.actor)
    actors += [pull.auto_merge_by] if pull.auto_merge_by else []
    for kind in ("AutoMergeEnabled", "AddedToMergeQueue"):
        actors += [event.actor for event in case.timeline.earlier(kind)[-1:]]
    _add_accounts(found, case, actors)
    if not case.timeline.whole:
        found.open.append("the timeline was not read whole")
    return found


def _pusher(case: Case) -> Holders:
    """Who pushed it, by the forge's record of what moved the branch."""
    found = Holders()
    moves = movements(case.chain.evidence)
    if not moves:
        found.open.append("who pushed it to the branch was not observed")
    if any(one.actor is None for one in moves):
        found.open.append("the forge names no account that pushed it (a deploy key, perhaps)")
    _add_accounts(found, case, [one.actor for one in moves if one.actor is not None])
    return found


def _deployer(case: Case) -> Holders:
    """Who started the deployments; an account of another system needs the person map."""
    found = Holders()
    forge = {party.system for party in case.contributors.parties.values() if party.system}
    people = people_of(case.policy, case.chain.evidence.identities)
    if unread_deployments(case):
        found.open.append("not all deployments were read")
    for deployment in case.chain.evidence.deployments:
        if deployment.automated and deployment.initiator is None:
            continue
        party = people.party(deployment.initiator)
        if party.human and not party.mapped and party.system not in forge:
            found.open.append(f"{party.label} is not in the person map")
        else:
            found.add(party)
    return found


def passed_own(deployment: ProductionDeployment, people: People) -> list[Party]:
    """Who started a deployment and approved it at its gate; nobody where it has no gate."""
    starters = [people.party(one) for one in (deployment.initiator, deployment.started_by)]
    keys = {one.key for one in starters if one.human}
    approvers = (people.party(one) for one in deployment.approvers)
    return [one for one in approvers if one.key in keys]


def unread_deployments(case: Case) -> bool:
    """Whether a deployment carried the change whose record is not here."""
    known = {one.deployment_id for one in case.chain.evidence.deployments}
    return bool(set(case.chain.change.deployments) - known)


def _dismisser(case: Case) -> Holders:
    found = Holders()
    events = case.timeline.earlier("ReviewDismissed")
    _add_accounts(found, case, [event.actor for event in events])
    if not case.timeline.whole:
        found.open.append("the timeline was not read whole")
    return found


def _add_accounts(found: Holders, case: Case, actors: Iterable[Actor | None]) -> None:
    people = people_of(case.policy, case.chain.evidence.identities)
    for actor in actors:
        robot = people.automation(actor)
        operator = people.operator(robot) if robot else None
        found.add(operator or people.party(actor))


ROLES: dict[str, Callable[[Case], Holders]] = {
    "contributor": _contributor,
    "author": _author,
    "approver": _approver,
    "merger": _merger,
    "deployer": _deployer,
    "dismisser": _dismisser,
}
"""Role, as `forbidden_pairs` names it -> who held it."""


def role_facts(case: Case) -> list[Fact]:
    """The facts that tell who held the roles."""
    kinds = {"Merged", "AutoMergeEnabled", "AddedToMergeQueue", "ReviewDismissed"}
    pull = case.chain.evidence.pull_request
    facts: list[Fact] = [pull] if pull else [one.fact for one in movements(case.chain.evidence)]
    return [*facts, *(event for event in case.timeline.events if event.kind in kinds)]
