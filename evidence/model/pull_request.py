"""Facts about pull requests: the record itself, its reviews, commits and timeline."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest(Fact):
    """One version of a pull request. History: snapshot for title, body and labels, evented else.

    Times are server-assigned microseconds UTC, 0 where the source gave none.
    """

    repository: str
    """Configured repository id."""
    number: int
    node_id: str
    url: str
    title: str
    body: str
    state: str
    """`OPEN`, `CLOSED` or `MERGED`, as the source says."""
    author: Actor | None
    created_at: int
    updated_at: int
    merged_at: int
    closed_at: int
    merged_by: Actor | None
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository: str
    """`owner/name` at the time of reading; empty where it is gone."""
    merge_sha: str
    """Merge, squash or last rebased commit; empty where not merged."""
    labels: tuple[str, ...] = ()
    closing_issues: tuple[str, ...] = ()
    """Keys of tickets that the source itself says are closed by it: `owner/name#12`."""
    changed_files: int = -1
    commits_total: int = -1
    """What the source reports; compared with the rows read. -1 unknown."""
    reviews_total: int = -1
    auto_merge_by: Actor | None = None
    merge_queue: bool = False
    complete: bool = True
    """False where an inner list was truncated or errored: dependent determinations are unknown."""
    missing: tuple[str, ...] = ()
    """Names of the inner lists that are not complete (`reviews`, `commits`, `checks`...)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Fact):
    """One observed version of a review. History: evented, but `commit_sha` may be re-bound."""

    repository: str
    number: int
    review_id: str
    author: Actor | None
    state: str
    """`APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, `PENDING`."""
    submitted_at: int
    commit_sha: str
    """The commit the source says it was given for; empty where null."""
    can_push: bool | None
    """Whether the author may push *now*; not what held at review time."""
    association: str
    body: str
    last_edited_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestCommit(Fact):
    """One commit in a pull request as the source lists it. History: snapshot (force pushes)."""

    repository: str
    number: int
    sha: str
    position: int
    """0-based position in the list."""
    author: Actor | None
    """The account that the source maps the author e-mail to, or a `name_only` actor."""
    committer: Actor | None
    author_email: str
    committer_email: str
    authored_at: int
    committed_at: int
    """Client-set claims."""
    via_web: bool
    signature_valid: bool | None
    signed_by_source: bool | None
    """True where the source itself signed it (GitHub web-flow)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent(Fact):
    """One timeline item with its server time. History: evented."""

    repository: str
    number: int
    event_id: str
    kind: str
    """The source's type name without `Event`: `ReviewDismissed`, `HeadRefForcePushed`...; or
    `TextsRead`, the mark of a reading (`evidence.model.texts`)."""
    position: int
    """0-based position in the source's own order: "before" means earlier in the timeline."""
    actor: Actor | None
    at: int
    """Microseconds UTC, server-assigned."""
    before_sha: str = ""
    after_sha: str = ""
    subject: str = ""
    """Review id, label name, ref name or ticket key, whichever the kind carries."""
    previous: str = ""
    """Previous review state, ref name or title."""
    current: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPullRequests(Fact):
    """Pull requests that the source links to a commit of a production branch. History: snapshot."""

    repository: str
    branch: str
    sha: str
    numbers: tuple[int, ...]
    """Only those of this repository, in the source's order."""
    merged_numbers: tuple[int, ...]
    """Those whose state is MERGED and whose base is `branch`."""
