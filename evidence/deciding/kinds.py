"""Which facts a decision on what is new follows: what each of them can touch is known."""

from __future__ import annotations

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.audit import AuditEvent
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.delivery import Delivery
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.fact import Fact
from evidence.model.git import GitAnswer, RefTip
from evidence.model.policy_result import PolicyResult
from evidence.model.provenance import Provenance
from evidence.model.pull_request import (
    CommitPullRequests,
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.runtime import RuntimeEvent
from evidence.model.scope import ScopeEntry
from evidence.model.settings import (
    AccessSnapshot,
    BranchProtection,
    CodeownersErrors,
    EnvironmentSettings,
    Observation,
    Ruleset,
    RulesetListing,
    RulesetVersion,
)
from evidence.model.ticket import Ticket, TicketEvent

KNOWN: frozenset[type[Fact]] = frozenset(
    {
        AccessSnapshot,
        ApplicationState,
        AuditEvent,
        BranchProtection,
        CheckCoverage,
        CheckRun,
        CodeownersErrors,
        CommitPullRequests,
        Delivery,
        Deployment,
        EnvironmentSettings,
        GitAnswer,
        Observation,
        PolicyResult,
        Provenance,
        PullRequest,
        PullRequestCommit,
        PullRequestEvent,
        RefTip,
        RepositoryActivity,
        Review,
        RuleSuite,
        Ruleset,
        RulesetListing,
        RulesetVersion,
        RuntimeEvent,
        ScopeEntry,
        Ticket,
        TicketEvent,
    }
)
"""Facts whose consequences are followed here; any other new one has everything read."""
