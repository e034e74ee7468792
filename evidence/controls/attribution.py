"""Whom an account, a Git identity or a trailer counts against (controls.md 3.3).

A name in Git is a claim: it counts against a pass and never for one. What maps to nobody, and an
automation of which only a name speaks, is left open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from evidence.controls.contribution import Contributors
from evidence.controls.people import Party, PartyKind, People, noreply_id
from evidence.controls.words import clip, short
from evidence.model.actor import Actor, ActorType
from evidence.model.git import Commit
from evidence.policy import Automation, Policy

_TRAILER = re.compile(
    r"^[ \t]*co-authored-by:[ \t]*([^<\n]{0,300})<([^>\n]{0,300})>", re.IGNORECASE | re.MULTILINE
)


class Attribution:
    """Counts identities of one change into its contributors, or leaves them open."""

    def __init__(
        self,
        found: Contributors,
        policy: Policy,
        people: People,
        *,
        system: str,
        emails: Mapping[str, Party],
        pusher_of: Callable[[str], Party | None],
        moment: int,
    ) -> None:
        """Of one change, whose accounts use `emails` and which landed at `moment` (microseconds).

        `pusher_of` is by commit.
        """
        self._found = found
        self._policy = policy
        self._people = people
        self._system = system
        self._emails = emails
        self._pusher_of = pusher_of
        self._moment = moment
        self.opener: Party | None = None
        """Who opened the pull request, once that is known."""

    def account(self, actor: Actor | None, did: str, *, author: bool = False) -> None:
        """Counts an account in, and whoever steers it."""
        party = self._people.party(actor)
        self._party(party, did, author=author)
        robot = self._people.automation(actor)
        if robot is not None:
            self._operated(robot, author=author)

    def git_people(self, commit: Commit) -> None:
        """Author, committer and co-authors of a commit that the forge did not list."""
        for email in dict.fromkeys((commit.author_email, commit.committer_email)):
            self.git_account(None, email, commit.sha, signed=False, author=True)
        self.co_authors(commit, suggestion=False)

    def git_account(
        self, actor: Actor | None, email: str, sha: str, *, signed: bool, author: bool = False
    ) -> None:
        """Attributes a Git identity; an address that maps to no account is open."""
        if actor is not None and actor.type != ActorType.NAME_ONLY:
            robot = self._people.automation(actor)
            if robot is not None and not self._vouched(robot.id, sha, signed=signed):
                self._unvouched(robot.id, sha)
            self.account(actor, f"made commit {short(sha)}", author=author)
            return
        address = email.strip().lower() or (actor.id if actor else "")
        robot = self._people.automation_of_email(address, self._system)
        if robot is not None:
            self._operated(robot, author=author)
            if not self._vouched(robot.id, sha, signed=signed):
                self._unvouched(robot.id, sha)
            return
        party = self._by_email(address)
        if party is not None:
            self._party(party, f"made commit {short(sha)}", author=author)
            return
        self._unmapped(address, sha, "names", author=author)

    def co_authors(self, commit: Commit, *, suggestion: bool) -> None:
        """Trailers are claims, but adverse to a pass: each counts, and an unmapped one is open."""
        for name, email in _TRAILER.findall(commit.message):
            address = email.strip().lower()
            if suggestion and not self._policy.suggester_contributes:
                # The forge made it: the applier saw the line as its author, the suggester wrote it.
                self._found.flags.append("suggestion-applied")
                continue
            robot = self._people.automation_of_email(address, self._system)
            if robot is not None:
                self._operated(robot)
                continue
            party = self._by_email(address)
            if party is not None:
                self._party(party, f"is co-author of {short(commit.sha)}", author=True)
            else:
                self._unmapped(address or name.strip(), commit.sha, "co-names", author=True)

    def named(self, actor: Actor | None, email: str) -> bool:
        """Whether a known account stands behind a Git identity, by itself or by its address."""
        if actor is not None and actor.type == ActorType.USER:
            return True
        return self._by_email(email) is not None

    def _operated(self, robot: Automation, *, author: bool = True) -> None:
        """Whoever steers an automation contributes by what it does."""
        operator = self._people.operator(robot)
        if operator is not None:
            self._found.add(operator, author=author)

    def _party(self, party: Party, did: str, *, author: bool = False) -> None:
        if party.kind == PartyKind.AUTOMATION:
            return
        self._found.add(party, author=author)
        if party.kind == PartyKind.UNREGISTERED:
            self._found.leave_open(
                "unregistered-automation",
                f"{party.label} {did} and is not registered",
                f"Register {party.label} under [[automation]], with its operator if it has one.",
            )
        elif party.kind == PartyKind.UNKNOWN:
            self._found.leave_open("contributor-ghost", f"{party.label} {did}")

    def _by_email(self, email: str) -> Party | None:
        address = email.strip().lower()
        known = self._people.person_of_email(email) or self._emails.get(address)
        return known or self._by_organisation(address)

    def _by_organisation(self, address: str) -> Party | None:
        """The one person who had an address when the change landed, as an organisation says."""
        bound = self._people.bound(address)
        if len({party.key for party, _ in bound}) != 1 or not bound[0][0].human:
            return None
        held = self._people.identities.held
        found = [one for _, one in bound if held(one, address, self._moment)]
        self._found.facts.extend(found[:1])
        return bound[0][0] if found else None

    def _vouched(self, robot: str, sha: str, *, signed: bool) -> bool:
        """Whether more than a name says that an automation made a commit."""
        key = f"automation:{robot}"
        pusher = self._pusher_of(sha)
        if signed or pusher is not None:
            return True  # a known pusher who is human is a contributor on their own account
        return self.opener is not None and self.opener.key == key

    def _unvouched(self, robot: str, sha: str) -> None:
        self._found.leave_open(
            "automation-unverified",
            f"commit {short(sha)} carries the name of automation {clip(robot)}, which neither the "
            "forge's signature nor its pusher confirms",
        )

    def _unmapped(self, address: str, sha: str, verb: str, *, author: bool) -> None:
        """Counts against the account that an address claims; open unless its pusher is known."""
        account = noreply_id(address)
        pusher = self._pusher_of(sha)
        for party, said in self._people.bound(address):  # whoever had it at another time, too
            self._found.add(party, author=author)
            self._found.facts.append(said)
        if account:
            claimed = self._people.party(
                Actor(system=self._system, id=account, type=ActorType.USER, login=account)
            )
            self._found.add(claimed, author=author)
            if pusher is not None and pusher.key == claimed.key:
                return
        if pusher is not None and self._policy.pusher_resolves_unmapped and verb == "names":
            self._found.flags.append("pusher-resolves-unmapped")
            return
        self._found.leave_open(
            "contributor-unmapped",
            f"commit {short(sha)} {verb} {clip(address) or 'nobody'}, which maps to no account",
            f"Bind {clip(address)} to a person under [[person]] (`emails`)." if address else "",
        )
