"""What GitHub knows at one moment: accounts, repositories, references and commits as nodes.

A node is a dict that carries `__typename`; a value that is callable takes the field's arguments.
Pull requests, checks and timelines stand in the modules beside this one.
"""

from __future__ import annotations

from typing import Any, Final

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.graph import reachable
from evidence.demo.history import History, PullRecord, RepositoryRecord
from evidence.demo.history_tickets import IssueRecord
from evidence.demo.moments import iso, moment
from evidence.demo.objects import CommitObject, Identity
from evidence.demo.scene import email_of
from evidence.demo.series import as_of
from evidence.demo.world import Person, World

Node = dict[str, Any]

_WEB_FLOW_EMAIL: Final = "noreply@github.com"
_WEB_FLOW_ID: Final = 19864447
"""Id of the account `web-flow`, in whose name GitHub itself commits."""


class View:
    """The world as GitHub would tell it at the moment `at`."""

    def __init__(self, world: World, history: History, at: int, base_url: str) -> None:
        self.world = world
        self.history = history
        self.at = at
        self.base_url = base_url
        self.people = {person.key: person for person in world.person}
        self.epoch = moment(world.epoch, 0)
        self.updated: dict[int, int] = {}
        """Id of a pull request -> when it changed last, once it was asked for."""
        self._ids = {
            person.key: person.id or 101 + index for index, person in enumerate(world.person)
        }
        self._emails = {
            email.lower(): person.key
            for person in world.person
            for email in (email_of(person), *person.emails)
        }
        self._reachable: dict[tuple[int, str], list[str]] = {}
        self._refs: dict[str, dict[str, str]] = {}

    # --- accounts

    def login(self, person: Person) -> str:
        """The login that the account has at that moment."""
        names = [(self.epoch, person.login or person.key)]
        names += sorted((moment(at, self.epoch), new) for at, new in person.renames.items())
        return as_of(names, self.at, names[0][1])

    def _alive(self, key: str) -> Person | None:
        person = self.people.get(key)
        if person is None or not person.deleted_at:
            return person
        return None if moment(person.deleted_at, self.epoch) <= self.at else person

    def account_id(self, key: str) -> int:
        return self._ids[key]

    def actor(self, key: str) -> Node | None:
        """The account as an `Actor`; None for a deleted one."""
        person = self._alive(key)
        if person is None:
            return None
        kind = {"bot": "Bot", "mannequin": "Mannequin"}.get(person.type, "User")
        return {
            "__typename": kind,
            "id": node_id(kind, key),
            "databaseId": self._ids[key],
            "login": self.login(person),
            "name": person.name or None,
            "claimant": None,
            "organizationVerifiedDomainEmails": lambda **_: [],
            "repositories": lambda **given: connection("repositories", (), str, given),
        }

    def user(self, key: str) -> Node | None:
        """The account where the schema says `User`: None for bots."""
        node = self.actor(key)
        return node if node and node["__typename"] == "User" else None

    def association(self, key: str) -> str:
        person = self._alive(key)
        if person is None:
            return "NONE"
        return "MEMBER" if person.can_push else "CONTRIBUTOR"

    def git_actor(self, who: Identity) -> Node:
        """Name and address of a commit, with the account that GitHub maps the address to."""
        return {
            "name": who.name,
            "email": who.email,
            "date": iso(who.at),
            "user": self._mapped(who.email.lower()),
        }

    def _mapped(self, email: str) -> Node | None:
        if email == _WEB_FLOW_EMAIL:
            return {
                "__typename": "User",
                "organizationVerifiedDomainEmails": lambda **_: [],
                "id": node_id("User", "web-flow"),
                "databaseId": _WEB_FLOW_ID,
                "login": "web-flow",
                "name": "GitHub Web Flow",
                "repositories": lambda **given: connection("repositories", (), str, given),
            }
        node = self.actor(self._emails.get(email, ""))
        if node and node["__typename"] == "Bot":
            # Only here does GraphQL give a bot as a `User`, with the suffix that REST has.
            return {**node, "__typename": "User", "login": f"{node['login']}[bot]"}
        return node

    # --- repositories

    def repository_named(self, name: str, *, follow: bool) -> RepositoryRecord | None:
        """The visible repository of that `owner/name`, else the one of that former name."""
        visible = [one for one in self.history.repositories.values() if self.shows(one)]
        for where in visible:
            if self.full_name(where).lower() == name.lower():
                return where
        for where in visible if follow else ():
            if name.lower() in {old.lower() for at, old in where.names if at <= self.at}:
                return where
        return None

    def shows(self, where: RepositoryRecord) -> bool:
        """Whether a repository exists at that moment, and the credential may see it."""
        gone = where.world.deleted_at
        there = where.created_at <= self.at and not (gone and moment(gone, self.epoch) <= self.at)
        return there and where.world.key not in self.world.access.hidden

    def full_name(self, where: RepositoryRecord) -> str:
        return as_of(where.names, self.at, where.name)

    def url(self, where: RepositoryRecord, *parts: object) -> str:
        return "/".join((self.base_url, self.full_name(where), *map(str, parts)))

    def refs(self, where: RepositoryRecord) -> dict[str, str]:
        if where.world.key not in self._refs:
            self._refs[where.world.key] = where.refs_at(self.at)
        return self._refs[where.world.key]

    def pulls(self, where: RepositoryRecord) -> list[PullRecord]:
        return [pull for pull in where.pulls.values() if pull.at <= self.at]

    def issues(self, where: RepositoryRecord) -> list[IssueRecord]:
        return [issue for issue in where.issues.values() if self.issue_exists(issue)]

    def issue_exists(self, issue: IssueRecord) -> bool:
        return issue.at <= self.at and not 0 < issue.deleted_at <= self.at

    def owner(self, where: RepositoryRecord) -> Node:
        from evidence.demo.github_identities import members, saml_provider
        from evidence.demo.github_owners import repositories

        name = self.full_name(where).split("/")[0]
        return {
            "__typename": "Organization",
            "id": node_id("Organization", name),
            "databaseId": 4001,
            "login": name,
            "repositories": lambda **given: repositories(self, name, given),
            "samlIdentityProvider": saml_provider(self),
            "membersWithRole": lambda **given: members(self, given),
        }

    # --- references and commits

    def ref(self, where: RepositoryRecord, name: str) -> Node | None:
        """A reference by its full or short name."""
        refs = self.refs(where)
        full = next((one for one in (name, f"refs/heads/{name}") if one in refs), None)
        if full is None:
            return None
        prefix = "refs/tags/" if full.startswith("refs/tags/") else "refs/heads/"
        return {
            "__typename": "Ref",
            "id": node_id("Ref", where.id, full),
            "name": full.removeprefix(prefix),
            "prefix": prefix,
            "target": self.object(where, refs[full]),
            "branchProtectionRule": None,
        }

    def object(self, where: RepositoryRecord, sha: str) -> Node | None:
        """A commit or an annotated tag."""
        if sha in where.objects.tags:
            name, target, _, tagger = where.objects.tags[sha]
            return {
                "__typename": "Tag",
                "id": node_id("Tag", where.id, sha),
                "oid": sha,
                "name": name,
                "target": self.commit(where, target),
                "tagger": self.git_actor(tagger),
            }
        return self.commit(where, sha) if sha in where.objects.commits else None

    def commit_or_none(self, where: RepositoryRecord, sha: str) -> Node | None:
        """A commit that may be empty (`null` at the source)."""
        return self.commit(where, sha) if sha in where.objects.commits else None

    def commit(self, where: RepositoryRecord, sha: str) -> Node:
        from evidence.demo.github_checks import rollup, status, suites
        from evidence.demo.github_pulls import pull_node

        commit = where.objects.commits[sha]
        headline, _, body = commit.message.strip("\n").partition("\n")
        return {
            "__typename": "Commit",
            "id": node_id("Commit", where.id, sha),
            "oid": sha,
            "url": self.url(where, "commit", sha),
            "message": commit.message.rstrip("\n"),
            "messageHeadline": headline,
            "messageBody": body.strip("\n"),
            "authoredDate": iso(commit.author.at),
            "committedDate": iso(commit.committer.at),
            "committedViaWeb": commit.signed,
            "author": self.git_actor(commit.author),
            "committer": self.git_actor(commit.committer),
            "signature": _signature(commit),
            "tree": {"__typename": "Tree", "id": node_id("Tree", commit.tree), "oid": commit.tree},
            "parents": lambda **given: connection(
                "parents", commit.parents, lambda one: self.commit(where, one), given
            ),
            "statusCheckRollup": lambda: rollup(self, where, sha),
            "status": lambda: status(self, where, sha),
            "checkSuites": lambda **given: suites(self, where, sha, given),
            "associatedPullRequests": lambda **given: connection(
                "associatedPullRequests",
                self.pulls_of(where, sha),
                lambda one: pull_node(self, where, one),
                given,
            ),
            "history": lambda **given: self._history(where, sha, given),
        }

    def pulls_of(self, where: RepositoryRecord, sha: str) -> list[PullRecord]:
        """The pull requests that hold a commit now, or put it on a branch."""
        found = []
        for number in where.commit_pulls.get(sha, ()):
            pull = where.pulls[number]
            landed = pull.merge and pull.merge.at <= self.at and sha in pull.merge.landed
            if pull.at <= self.at and (landed or sha in as_of(pull.commits, self.at, ())):
                found.append(pull)
        return found

    def _history(self, where: RepositoryRecord, tip: str, given: dict[str, Any]) -> Node:
        key = (where.id, tip)
        if key not in self._reachable:
            self._reachable[key] = reachable(where, tip)
        commits = where.objects.commits
        since, until = (
            moment(given[name], 0) if given.get(name) else None for name in ("since", "until")
        )
        shown = [
            sha
            for sha in self._reachable[key]
            if (since is None or commits[sha].committer.at >= since)
            and (until is None or commits[sha].committer.at <= until)
        ]
        return connection("history", shown, lambda one: self.commit(where, one), given)


def _signature(commit: CommitObject) -> Node | None:
    if not commit.signed:
        return None
    return {
        "__typename": "GpgSignature",
        "isValid": True,
        "state": "VALID",
        "wasSignedByGitHub": True,
        "signer": None,
    }
