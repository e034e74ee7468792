"""A change with all the evidence it may rest on: what attributes are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.model.capture import Gap
from evidence.model.change import Change, Link
from evidence.model.check import CheckCoverage, CheckRun, JobLog
from evidence.model.deployment import Deployment
from evidence.model.git import Commit, GitAnswer, GitQuestion
from evidence.model.identity import IdentityHistory
from evidence.model.policy_result import PolicyResult
from evidence.model.production import ProductionDeployment
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.ticket import Ticket, TicketEvent, TrackerRead


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A later pull request that holds commits of a change: its approval may cover what ran."""

    pull_request: PullRequest
    """The version that is current at the ledger size asked for."""
    reviews: tuple[Review, ...] = ()
    """Every observed version, oldest observation first."""
    pull_request_commits: tuple[PullRequestCommit, ...] = ()
    events: tuple[PullRequestEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier change that one undoes, restores or promotes, as it was judged by itself."""

    change_id: str
    landing_sha: str
    approved: bool | None
    """Whether it was approved before its merge, and the approval covered it; None: that is open."""
    deployed_at: int = 0
    """Start of the first successful deployment of just what it left, microseconds UTC; 0: none."""
    entries: tuple[int, ...] = ()


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
    returns: tuple[ProductionDeployment, ...] = ()
    """Rollbacks that took production back to what it came to, in order of start."""
    scans: tuple[PolicyResult, ...] = ()
    """Results on its commits, on the revisions that its deployments set, and on the images of its
    repository that ran after them."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Digest of one platform of such an image -> digest of its index."""
    operations: tuple[Deployment, ...] = ()
    answers: Mapping[GitQuestion, GitAnswer] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    """Open gaps that concern its repository, pull request, commits or tickets."""
    settings: SettingsHistory = field(default_factory=SettingsHistory)
    """What its repository would have allowed, as observed; the same record for all its changes."""
    landing: LandingRecords = field(default_factory=LandingRecords)
    """What the forge recorded about how it came to its branch."""
    follow_ups: tuple[FollowUp, ...] = ()
    """Of a change that may be an emergency, by number."""
    undone: Precedent | None = None
    """The change just before it; only where the policy knows rollbacks approved beforehand."""
    restored: Precedent | None = None
    """The change before that one."""
    promoted: tuple[Precedent, ...] = ()
    """The pull requests, or commits without one, that all it brought came by; only where the policy
    takes their approvals, and () where none of it came by a pull request."""
    forge_read_to: int = 0
    """Microseconds UTC up to which its forge was read whole: no pull request changed before it
    unnoticed. 0 where it never was."""
    identities: IdentityHistory = field(default_factory=IdentityHistory)
    """What organisations say of accounts; the same record for all changes."""
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
