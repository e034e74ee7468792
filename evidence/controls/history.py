"""The commits of a pull request as the forge lists them and as Git holds them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from evidence.chain.answers import member, value_of
from evidence.controls.people import Party, People
from evidence.controls.timeline import list_missing
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import ChangeEvidence
from evidence.model.git import Commit, QuestionKind
from evidence.model.pull_request import PullRequestCommit


class History:
    """Listed commits, commit objects, and the walks between them. Reads one change's evidence."""

    def __init__(self, evidence: ChangeEvidence) -> None:
        self._evidence = evidence
        self.rows: dict[str, PullRequestCommit] = _rows(evidence)
        """Every commit ever listed, by sha."""
        self.commits: dict[str, Commit] = {commit.sha: commit for commit in evidence.commits}
        self.current: set[str] = _current(evidence)
        """The listing of the current version."""
        self.listed: bool = _all_listed(evidence, self.current)
        """The current listing holds as many commits as the forge counts."""

    @cached_property
    def bases(self) -> frozenset[str]:
        """Commits known to belong to the base branch: a walk through a head ends there."""
        evidence = self._evidence
        pull, change = evidence.pull_request, evidence.change
        bases = {change.base_sha, *(one.base_sha for one in evidence.pull_request_versions)}
        if pull is not None:
            bases.add(pull.base_sha)
        for question in evidence.answers:
            if question.kind == QuestionKind.NET_DIFF:
                base = member(value_of(evidence.answers, question), "merge_base")
                bases.add(base if isinstance(base, str) else "")
        for sha in self.rows if self.listed else ():
            commit = self.commits.get(sha)
            if commit is not None:
                bases |= set(commit.parents) - set(self.rows)
        return frozenset(bases)

    def walk(self, head: str) -> tuple[set[str], set[str]]:
        """Commits reached from a head before any base, and the first ones that were not read."""
        seen: set[str] = set()
        edges: set[str] = set()
        ready = [head]
        while ready:
            sha = ready.pop()
            if sha in seen or sha in self.bases:
                continue
            commit = self.commits.get(sha)
            if commit is None:
                edges.add(sha)
                continue
            seen.add(sha)
            ready.extend(commit.parents)
        return seen, edges

    def brought(self, before: str, after: str) -> set[str]:
        """Commits that a push from one head to another brought."""
        return ({after} | self.walk(after)[0]) - ({before} | self.walk(before)[0])


def _rows(evidence: ChangeEvidence) -> dict[str, PullRequestCommit]:
    """Every commit ever listed; of several observations the one that names an account."""
    rows: dict[str, PullRequestCommit] = {}
    order = sorted(
        evidence.pull_request_commits,
        key=lambda one: (one.observed_at, one.entry_seq, one.position, one.sha),
    )
    for row in order:
        known = rows.get(row.sha)
        if known is None or (_is_account(row.author) and not _is_account(known.author)):
            rows[row.sha] = row
    return rows


def _is_account(actor: Actor | None) -> bool:
    return actor is not None and actor.type not in {ActorType.NAME_ONLY, ActorType.GHOST}


def _current(evidence: ChangeEvidence) -> set[str]:
    """Commits of the listing that belongs to the current version of the pull request."""
    pull = evidence.pull_request
    rows = evidence.pull_request_commits
    same = {row.sha for row in rows if pull is not None and row.entry_seq == pull.entry_seq}
    if same:
        return same
    newest: dict[int, PullRequestCommit] = {}
    for row in sorted(rows, key=lambda one: (one.observed_at, one.entry_seq)):
        newest[row.position] = row
    return {row.sha for row in newest.values()}


def _all_listed(evidence: ChangeEvidence, current: set[str]) -> bool:
    pull = evidence.pull_request
    if pull is None or list_missing(pull, "commits"):
        return False
    return 0 <= pull.commits_total <= len(current)


def mapped_emails(rows: Iterable[PullRequestCommit], people: People) -> dict[str, Party]:
    """Addresses that the forge itself maps to an account somewhere in this pull request."""
    found: dict[str, Party] = {}
    for row in rows:
        pairs = ((row.author, row.author_email), (row.committer, row.committer_email))
        for actor, email in pairs:
            if actor is not None and actor.type == ActorType.USER and email:
                found[email.strip().lower()] = people.party(actor)
    return found


def forge_system(evidence: ChangeEvidence) -> str:
    """The forge's instance, as its accounts name it."""
    pull = evidence.pull_request
    actors = [pull.author if pull else None, pull.merged_by if pull else None]
    actors += [review.author for review in evidence.reviews]
    return next((actor.system for actor in actors if actor is not None), "github.com")
