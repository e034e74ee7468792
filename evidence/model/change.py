"""One alteration of production and its trace: changes, links, deployments in the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.model.actor import Actor
from evidence.model.capture import Gap
from evidence.model.check import CheckCoverage, CheckRun, JobLog
from evidence.model.deployment import Deployment
from evidence.model.git import Commit, GitAnswer, GitQuestion
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.ticket import Ticket, TicketEvent, TrackerRead


class Strength(StrEnum):
    """How far a link can be relied on, strongest first."""

    PROVED = "proved"
    """An identity of content or an exact server-side reference: equal SHA, equal tree."""
    STRONG = "strong"
    """A unique resolution that one party could still have faked: a tag that is a full SHA."""
    INFERRED = "inferred"
    """Unique, but by a convention: a key in a title, a short SHA, a Git tag of the same name."""
    CANDIDATE = "candidate"
    """One of several, or by time only: shown, never relied on."""


class LinkKind(StrEnum):
    """Which edge of the chain a link is."""

    REQUEST = "request"
    APPROVAL = "approval"
    VALIDATION = "validation"
    MERGE = "merge"
    DEPLOYMENT = "deployment"
    HOP = "hop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One edge between two references, with the rule that drew it.

    References: `pr:app:7`, `commit:app:<sha>`, `ticket:acme/shop#12`, `review:<id>`,
    `check:<id>`, `deployment:<id>`, `image:<name>:<tag>`.
    """

    kind: LinkKind
    source: str
    target: str
    basis: str
    """Which rule made it, as a stable code: `merge_commit`, `closing_reference`, `title_key`..."""
    strength: Strength
    detail: str = ""
    """What the rule saw, in words."""
    entries: tuple[int, ...] = ()
    """Ledger entries it rests on, ascending."""


class ChangeKind(StrEnum):
    """How a change reached its branch."""

    PULL_REQUEST = "pull_request"
    DIRECT = "direct"
    """A commit on a production branch that no merged pull request explains."""


class MergeMethod(StrEnum):
    """How a pull request's content became commits of the branch; `unknown` where not shown."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"
    QUEUE = "queue"
    LOCAL = "local"
    DIRECT = "direct"
    UNKNOWN = "unknown"


PROMOTION = "promotion"
"""The `change_type` of a configuration change that only moves images of ours: no second row of the
population but a stratum of its own, beside the deployments that it brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One alteration: `<repository id>:pr:<number>` or `<repository id>:commit:<sha>`.

    Times are server-assigned microseconds UTC, 0 where no server gave one (a direct commit).
    """

    change_id: str
    kind: ChangeKind
    repository: str
    number: int = 0
    commits: tuple[str, ...] = ()
    """The commits it put on the production branch, oldest first. For a merge commit: the merge
    itself last, the merged commits before it. Empty while not merged."""
    branch: str = ""
    """The production branch it landed on."""
    landing_sha: str = ""
    """The first-parent commit of the branch that carries it (the last one of a rebase merge)."""
    base_sha: str = ""
    """First parent of the first landed commit: what the branch was before it."""
    head_sha: str = ""
    """Head of the pull request at merge; the commit itself for a direct change."""
    merge_method: MergeMethod = MergeMethod.UNKNOWN
    title: str = ""
    url: str = ""
    author: Actor | None = None
    created_at: int = 0
    merged_at: int = 0
    merged_by: Actor | None = None
    change_type: str = "normal"
    """`normal`, `bot`, `revert`, `emergency`, `promotion`, `direct`: a stratum for sampling."""
    aliases: tuple[str, ...] = ()
    """Earlier ids of the same change (a commit first seen as direct)."""
    deployments: tuple[str, ...] = ()
    """Ids of the production deployments that first carried it, in order of time."""
    first_deployed_at: int = 0
    flags: tuple[str, ...] = ()


class DeploymentKind(StrEnum):
    """How a deployment's revision stands to the one before it in the same lane of deployment."""

    FIRST = "first"
    FORWARD = "forward"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    DIVERGED = "diverged"
    """Neither revision contains the other (another branch, or history rewritten)."""
    FAILED = "failed"
    """The operation did not succeed; it may have altered production and stays in the population."""
    ABORTED = "aborted"
    """A canary that was stopped or taken back: it was in production and does not run there."""
    NO_COMMIT = "no_commit"
    """Local manifests or no revision: production altered from outside Git."""
    UNRESOLVED = "unresolved"
    """The revision is not a commit that could be found."""


class Standing(StrEnum):
    """How a deployed commit stands to the production branches of its repository, as observed."""

    RESULT = "result"
    """What a change left on a production branch."""
    PART = "part"
    """A production branch contains it, inside a change: it is not what the change came to."""
    OUTSIDE = "outside"
    """No production branch contains it."""
    UNSEEN = "unseen"
    """Not on a branch that was seen, and not all of them were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRange:
    """What one repository contributed to one deployment."""

    repository: str
    """Configured repository id; empty where no configured repository matches."""
    path: str
    previous: str
    """Commit deployed before in this lane; empty at the first deployment."""
    revision: str
    kind: DeploymentKind
    commits: tuple[str, ...] = ()
    """Commits that reached this application here for the first time, oldest first, limited to the
    repository's mapped path where one is given."""
    removed: tuple[str, ...] = ()
    """For a rollback: commits that are no longer deployed, newest first."""
    basis: str = ""
    strength: Strength = Strength.PROVED
    through: str = ""
    """The image by which a source repository came in, else empty (the configuration itself)."""
    standing: Standing | None = None
    """Of `revision`; None where it is no commit that was read."""
    landed_by: str = ""
    """The change that `revision` belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMatch:
    """One commit that one strategy sees behind an image reference."""

    basis: str
    commit: str
    strength: Strength
    detail: str = ""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One image whose reference differs between two deployed configuration revisions."""

    image: str
    """Repository part without tag or digest, after `newName`."""
    file: str
    field: str
    """Where in the file: `images[0].newTag`, `image.tag`..."""
    old: str
    new: str
    """`tag`, `tag@sha256:...` or `sha256:...`; empty where the image appeared or went away."""
    repository: str = ""
    """Mapped source repository id; empty for a third-party image."""
    old_commit: str = ""
    new_commit: str = ""
    """What the tags resolve to in the mapped repository; empty where they do not."""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    problem: str = ""
    """`third_party`, `ambiguous`, `not_a_commit`, `digest_only`, `unmapped`, `no_such_tag`,
    `candidate_only`, `unreadable`; empty where resolved."""
    candidates: tuple[str, ...] = ()
    matches: tuple[ImageMatch, ...] = ()
    """Everything that every strategy sees behind `new`, the more telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningImage:
    """One image of ours that runs after a deployment, whether the deployment moved it or not."""

    image: str
    reference: str
    repository: str
    """Mapped source repository id."""
    commit: str = ""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    problem: str = ""
    standing: Standing | None = None
    landed_by: str = ""
    digests: tuple[str, ...] = ()
    """Every digest that was ever seen for this image and tag, or the one it is pinned to."""
    build: str = ""
    """Name of the check that builds it; empty where the map declares none."""
    build_app: str = ""
    provenance: str = ""
    """`verified`, `claimed` or `contradicts`; empty where there is none."""
    told: str = ""
    """What the provenance says, in words."""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionDeployment:
    """One row of the deployment file: an operation that may have altered production."""

    deployment_id: str
    """`<source id>:<application uid>:<started_at>`."""
    application: str
    """Configured application id."""
    environment: str
    kind: DeploymentKind
    started_at: int
    finished_at: int
    phase: str
    initiator: Actor | None
    automated: bool | None
    ranges: tuple[RevisionRange, ...] = ()
    images: tuple[ImageChange, ...] = ()
    running: tuple[RunningImage, ...] = ()
    changes: tuple[str, ...] = ()
    """Change ids that it carried to this application for the first time, oldest first."""
    unmapped: tuple[str, ...] = ()
    """`<repository>:<sha>` of commits in its ranges that map to no single change."""
    problems: tuple[str, ...] = ()
    """Stable codes of what keeps it from being resolved (`history_gap`, `unmapped_repository`)."""
    links: tuple[Link, ...] = ()
    origins: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    """`local_manifests`, `selective`, `self_heal`, `dry_run`, `baseline`..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvidence:
    """Everything stored that one change's chain may rest on, gathered by identity only."""

    change: Change
    pull_request: PullRequest | None = None
    """The version that is current at the ledger size asked for."""
    pull_request_versions: tuple[PullRequest, ...] = ()
    reviews: tuple[Review, ...] = ()
    """Every observed version, oldest observation first."""
    pull_request_commits: tuple[PullRequestCommit, ...] = ()
    events: tuple[PullRequestEvent, ...] = ()
    commits: tuple[Commit, ...] = ()
    """Commit objects of the pull request and of what landed, as far as the mirror has them."""
    checks: tuple[CheckRun, ...] = ()
    coverage: tuple[CheckCoverage, ...] = ()
    logs: tuple[JobLog, ...] = ()
    """Of attempts among `checks`."""
    tickets: tuple[Ticket, ...] = ()
    ticket_events: tuple[TicketEvent, ...] = ()
    trackers: tuple[TrackerRead, ...] = ()
    deployments: tuple[ProductionDeployment, ...] = ()
    """Those of `change.deployments`."""
    operations: tuple[Deployment, ...] = ()
    answers: Mapping[GitQuestion, GitAnswer] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    """Open gaps that concern its repository, pull request, commits or tickets."""
    settings: SettingsHistory = field(default_factory=SettingsHistory)
    """What its repository would have allowed, as observed; the same record for all its changes."""
    landing: LandingRecords = field(default_factory=LandingRecords)
    """What the forge recorded about how it came to its branch."""
    github_observed: bool = True
    """False where no pull request source is configured or has ever completed for the repository:
    approvals are then unknown, not missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A change with its evidence and the links between them: what attributes are judged on."""

    evidence: ChangeEvidence
    links: tuple[Link, ...]

    @property
    def change(self) -> Change:
        """The change this chain is about."""
        return self.evidence.change
