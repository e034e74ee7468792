"""Whether an approver is one of the owners that CODEOWNERS names: a login, a team, an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.controls.approvals import Approval
from evidence.controls.case import Case
from evidence.controls.people import people_of
from evidence.controls.tracks import tracks_of
from evidence.controls.words import clip, listing
from evidence.model.settings import AccessSnapshot, SettingActor

MAY_PUSH = frozenset({"admin", "maintain", "push", "write"})
"""Permissions with which GitHub lets a team or account own paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The owners of some paths, as far as they are known."""

    logins: frozenset[str] = frozenset()
    """Lower case."""
    accounts: frozenset[str] = frozenset()
    """Keys of accounts and parties that belong to an owning team or address."""
    open: str = ""
    """Why it is not known who all of the owners are, in words; empty where it is."""
    entries: tuple[int, ...] = ()
    """Ledger entries of the team lists used, ascending."""

    def holds(self, approval: Approval) -> bool | None:
        """Whether the approver is an owner; None where an owner could not be resolved."""
        actor = approval.review.author
        if actor is not None and actor.login.lower() in self.logins:
            return True
        keys = {approval.party.key, actor.key if actor is not None else ""}
        if keys & self.accounts:
            return True
        return None if self.open else False


def membership(case: Case, owners: Iterable[str]) -> Membership:
    """Who the owners are at the time of the merge.

    GitHub itself reads a login here, so a login it is; every team is read from the lists that
    were observed, which hold only between two equal observations.
    """
    logins: set[str] = set()
    accounts: set[str] = set()
    unknown: list[str] = []
    entries: set[int] = set()
    for owner in owners:
        if "/" in owner:
            members, problem, used = _team(case, owner.rpartition("/")[2])
            accounts |= members
            entries |= used
            unknown += [problem] if problem else []
        elif owner.startswith("@"):
            logins.add(owner[1:].lower())
        else:
            person = people_of(case.policy).person_of_email(owner)
            accounts |= {person.key} if person else set()
            unknown += [] if person else [f"{clip(owner)} is in no entry of the person map"]
    return Membership(
        logins=frozenset(logins),
        accounts=frozenset(accounts),
        open=listing(unknown),
        entries=tuple(sorted(entries)),
    )


_Team = tuple[set[str], str, set[int]]
"""Keys of members, why they are not known, ledger entries used."""


def _team(case: Case, slug: str) -> _Team:
    """Members of a team as of the merge."""
    team, problem = _owning(case, slug)
    if team is None:
        return set(), problem, set()
    found = _held(case, f"team:{team.id}")
    if found is None or not found.complete:
        return set(), f"who was in team {clip(slug)} at the merge is not known", set()
    return {holder.actor.key for holder in found.holders}, "", {found.entry_seq}


def _owning(case: Case, slug: str) -> tuple[SettingActor | None, str]:
    """The team of that name that may write; else why there is none that can be relied on."""
    teams = _held(case, "teams")
    if teams is None or not teams.complete:
        return None, f"the repository's teams at the merge are not known, {clip(slug)} among them"
    named = [one for one in teams.holders if one.actor.name.lower() == slug.lower()]
    if not named:
        return None, f"team {clip(slug)} had no access to the repository"
    if named[0].permission not in MAY_PUSH:
        return None, f"team {clip(slug)} could not write, so GitHub skips it as an owner"
    return named[0].actor, ""


def _held(case: Case, scope: str) -> AccessSnapshot | None:
    moment = case.timeline.merged_at or case.chain.change.merged_at
    return tracks_of(case.chain.evidence.settings).access(scope).at(moment).value
