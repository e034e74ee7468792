"""What happened, as the replay writes it down and the servers read it at any moment.

Times are microseconds UTC. A `Series` holds every value something ever had; `as_of` picks one.
People, issues and repositories are named by their keys in the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.demo.history_deployed import ApplicationRecord, GitHubDeploymentRecord
from evidence.demo.history_tickets import IssueRecord, TicketRecord
from evidence.demo.objects import Objects
from evidence.demo.oci_images import Images
from evidence.demo.series import Event, Series, as_of
from evidence.demo.world import Repository


@dataclass(slots=True, kw_only=True)
class ReviewRecord:
    """One review: what it was, and what the source says of it from when on."""

    id: int
    key: str
    author: str
    at: int
    body: str
    states: Series[str]
    commits: Series[str]
    """Commit that the source shows; empty for null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRecord:
    """A comment in the conversation of a pull request."""

    id: int
    at: int
    author: str
    body: str
    edited_at: int
    path: str = ""
    """Of a comment on a line; empty: in the conversation."""
    line: int = 0
    review: int = 0
    sha: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """One attempt of one check on one commit."""

    id: int
    sha: str
    name: str
    app: str
    kind: str
    started_at: int
    completed_at: int
    """0: it never finishes."""
    conclusion: str
    creator: str
    suite: int
    attempt: int
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRecord:
    """How a pull request came into its base branch."""

    at: int
    by: str
    method: str
    sha: str
    base: str
    """Tip of the base branch just before."""
    landed: tuple[str, ...]
    """Commits that it put on the base branch, besides those of the pull request itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One stay in the merge queue."""

    at: int
    by: str
    sha: str
    base: str


@dataclass(slots=True, kw_only=True)
class PullRecord:
    """A pull request through time."""

    key: str
    repository: str
    number: int
    id: int
    author: str
    at: int
    branch: str
    fork: str = ""
    """`owner/name` of the fork that holds the branch; empty: the repository itself."""
    fork_deleted_at: int = 0
    heads: Series[str] = field(default_factory=list)
    commits: Series[tuple[str, ...]] = field(default_factory=list)
    bases: Series[str] = field(default_factory=list)
    titles: Series[str] = field(default_factory=list)
    bodies: Series[str] = field(default_factory=list)
    editors: Series[str] = field(default_factory=list)
    drafts: Series[bool] = field(default_factory=list)
    states: Series[str] = field(default_factory=list)
    labels: Series[tuple[str, ...]] = field(default_factory=list)
    issues: Series[tuple[str, ...]] = field(default_factory=list)
    requested: Series[tuple[tuple[str, bool], ...]] = field(default_factory=list)
    """(person, as code owner) of the reviews asked for."""
    auto_merge: Series[str] = field(default_factory=list)
    """Who enabled it; empty while off."""
    queue: Series[QueueEntry | None] = field(default_factory=list)
    reviews: list[ReviewRecord] = field(default_factory=list)
    comments: list[CommentRecord] = field(default_factory=list)
    line_comments: list[CommentRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    start: str = ""
    """Commit from which the branch was cut."""
    pushed: int = 0
    """Commits ever pushed to it."""
    merge: MergeRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRecord:
    """A branch went from one commit to another."""

    at: int
    ref: str
    before: str
    """Empty where the branch was made."""
    after: str
    """Empty where the branch was deleted."""
    by: str
    """Person key; empty where GitHub names nobody (a deploy key)."""
    kind: str
    """`push`, `force_push`, `pr_merge` or `merge_queue_merge`."""
    rules: str = ""
    recorded: bool = True
    """Whether GitHub's record of activity has it."""


@dataclass(slots=True, kw_only=True)
class RepositoryRecord:
    """A repository through time: objects, references and what GitHub keeps about it."""

    world: Repository
    id: int
    name: str
    created_at: int
    objects: Objects = field(default_factory=Objects)
    refs: dict[str, str] = field(default_factory=dict)
    """As of the end of the replay so far."""
    ref_log: list[tuple[int, str, str]] = field(default_factory=list)
    """(moment, full ref name, object id or empty for a deletion), in time order."""
    moves: list[MoveRecord] = field(default_factory=list)
    """Movements of branches, in time order."""
    pulls: dict[int, PullRecord] = field(default_factory=dict)
    issues: dict[int, IssueRecord] = field(default_factory=dict)
    checks: dict[str, list[CheckRecord]] = field(default_factory=dict)
    commit_pulls: dict[str, list[int]] = field(default_factory=dict)
    """Commit -> numbers of pull requests that pushed it or put it on a branch."""
    queue: dict[str, list[PullRecord]] = field(default_factory=dict)
    """Base branch -> pull requests that wait in its merge queue."""
    names: Series[str] = field(default_factory=list)
    branches: Series[str] = field(default_factory=list)
    """Names of the default branch."""
    next_number: int = 1

    @property
    def default_branch(self) -> str:
        """Name of the default branch at the end of the replay so far."""
        return self.branches[-1][1]

    def default_at(self, at: int) -> str:
        """Name of the default branch at a moment."""
        return as_of(self.branches, at, self.world.default_branch)

    def move(
        self,
        at: int,
        ref: str,
        sha: str,
        *,
        by: str = "",
        kind: str = "push",
        rules: str = "",
        recorded: bool = True,
    ) -> None:
        """A reference is set, or deleted with an empty object id."""
        if ref.startswith("refs/heads/"):
            made = MoveRecord(
                at=at,
                ref=ref,
                before=self.refs.get(ref, ""),
                after=sha,
                by=by,
                kind=kind,
                rules=rules,
                recorded=recorded,
            )
            self.moves.append(made)
        if sha:
            self.refs[ref] = sha
        else:
            self.refs.pop(ref, None)
        self.ref_log.append((at, ref, sha))

    def refs_at(self, at: int) -> dict[str, str]:
        """Every reference as it stood at that moment."""
        found: dict[str, str] = {}
        for moment, ref, sha in self.ref_log:
            if moment > at:
                break
            if sha:
                found[ref] = sha
            else:
                found.pop(ref, None)
        return found

    def number(self, wanted: int) -> int:
        """The next free number of issues and pull requests, or the wanted one."""
        taken = wanted or self.next_number
        self.next_number = max(self.next_number, taken) + 1
        return taken


@dataclass(slots=True, kw_only=True)
class History:
    """Everything that happened in a world."""

    repositories: dict[str, RepositoryRecord]
    applications: dict[str, ApplicationRecord]
    issues: dict[str, IssueRecord] = field(default_factory=dict)
    tickets: dict[str, TicketRecord] = field(default_factory=dict)
    """Issues in Jira, by their keys in the world."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Jira project -> number of its newest issue."""
    pulls: dict[str, PullRecord] = field(default_factory=dict)
    github_deployments: list[GitHubDeploymentRecord] = field(default_factory=list)
    images: dict[str, Images] = field(default_factory=dict)
    """Image name -> what its registry holds of it."""
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Reference, as a world writes it -> (repository key, object id) at the end of the story."""
    ends_at: int = 0
