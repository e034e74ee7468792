"""What a world's servers keep from whoever reads them: permissions, budgets, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the collector's credential lacks, and the size of its budgets."""

    hidden: tuple[str, ...] = ()
    """Repository keys that answer NOT_FOUND, as GitHub does without permission."""
    shallow: Mapping[str, str] = field(default_factory=dict)
    """Repository key -> reference to the commit at which its Git server's history is cut off."""
    forbidden: tuple[str, ...] = ()
    """`Type.field` that answer FORBIDDEN and null: `Commit.statusCheckRollup`."""
    checks_days: int = 0
    """Days for which checks are shown, from their end on; 0: for ever."""
    points: int = 5000
    """GraphQL points an hour."""
    requests: int = 5000
    """REST requests an hour; an answer 304 costs none."""
    without: tuple[str, ...] = ()
    """Permissions that the credential lacks: `administration` (protection, rule suites, history and
    bypass lists of rulesets, deploy keys, teams), `bypass_actors` (the lists alone, as for an App
    that may only read), `environments`, `organisation` (members of teams, installed Apps),
    `security_events`, `secret_scanning`, `dependabot`, `attestations`, `audit_log`,
    `artifact_metadata`, `actions` (workflow runs, their approvals, logs of jobs)."""
    off: tuple[str, ...] = ()
    """Features that are switched off: `code_scanning`, `secret_scanning`, `dependabot`;
    `audit_log`: the plan has none."""
    argocd_projects: tuple[str, ...] = ()
    """Argo CD projects that are visible; empty: all."""
    flux_forbidden: tuple[str, ...] = ()
    """Plurals of Flux's resources that may not be listed: `gitrepositories`."""
    jira_projects: tuple[str, ...] = ()
    """Jira projects that may be browsed; empty: all."""
    jira_security: bool = True
    """Whether the account is told of issue security levels (`SET_ISSUE_SECURITY`)."""
    jira_changelogs: tuple[str, ...] = ()
    """Keys of issues whose changelog answers 403."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a server answers instead, once, to its n-th request (see `evidence.demo.faults`)."""

    request: int
    """1-based number of the request of that server since it started."""
    kind: str
    server: str = "github"
    """`github`, `argocd`, `flux` or `jira`."""
    seconds: int = 0
    """`Retry-After` value or delay, where the kind has one."""
    times: int = 1
    """How many requests in a row it answers."""
