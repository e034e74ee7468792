"""Facts about what a forge would have allowed: protection, rulesets, environments, access.

All are snapshots but `RulesetVersion`: a snapshot is known to hold only between two equal
observations (`evidence.chain.intervals`), and `Observation` says when one was looked at again.
Where a field may be None, None is "the source did not say", never "no".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.actor import Actor
from evidence.model.fact import Fact


class Subject(StrEnum):
    """What an `Observation` is about, with the meaning of its `key`."""

    BRANCH_PROTECTION = "branch_protection"
    """Classic protection of one branch; key: the branch's short name."""
    RULESETS = "rulesets"
    """The list of rulesets that apply to the repository; key empty."""
    RULESET = "ruleset"
    """One ruleset; key: its id."""
    RULESET_HISTORY = "ruleset_history"
    """All versions of one ruleset in `since`..`until`; key: its id."""
    RULE_SUITES = "rule_suites"
    """All rule suites of the repository in `since`..`until`; key empty."""
    ACTIVITY = "activity"
    """All activity of the repository in `since`..`until`; key empty."""
    CODEOWNERS = "codeowners"
    """Errors of CODEOWNERS; key: the branch's short name."""
    ENVIRONMENTS = "environments"
    """All environments of the repository; key empty."""
    ACCESS = "access"
    """One list of holders; key: as `AccessSnapshot.scope`."""
    IDENTITIES = "identities"
    """One list of who stands behind accounts, of an organisation and not of a repository; key:
    `<organisation id>/<kind>` as in `AccountIdentity`; `listed` names the accounts."""
    AUDIT_LOG = "audit_log"
    """All entries in `since`..`until` of an organisation's log that concern the repository; key:
    the organisation's login; `listed` names those that tell of settings."""
    CODE_SCANNING = "code_scanning"
    """All analyses of code scanning in `since`..`until`; key empty, or of one that was not read."""
    CODE_ALERTS = "code_alerts"
    SECRET_ALERTS = "secret_alerts"  # noqa: S105
    DEPENDENCY_ALERTS = "dependency_alerts"
    """All alerts of a sort; key empty. `absent`: the feature is switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Fact):
    """One look at one subject, whether or not it had changed. History: immutable.

    A snapshot that did not change is no new fact: this says that it was seen again.
    """

    repository: str
    subject: Subject
    key: str
    at: int
    """Microseconds UTC, the source's own clock."""
    outcome: str
    """`read` (a whole answer), `unchanged` (the source said so: status 304), `absent` (it is not
    there, and the credential could have seen it) or `not_visible` (refused, or 404 without
    telling which; a gap says more)."""
    since: int = 0
    until: int = 0
    """Microseconds UTC, half-open: for lists of events, the window of which every one was read."""
    listed: tuple[str, ...] = ()
    """Of `ruleset_history` and `audit_log`: the ids of the versions or entries that the list named,
    so that one of them that is not here shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingActor:
    """Someone whom a setting names."""

    system: str
    kind: str
    """`user`, `bot`, `team`, `app`, `role` (a repository role), `organisation_admin`,
    `deploy_key`."""
    id: str = ""
    """The source's stable id as text; empty where the kind has none (`organisation_admin`, and
    `deploy_key` on a bypass list, which means all of them)."""
    name: str = ""
    """Login, slug or title as displayed; identifies nobody."""
    mode: str = ""
    """Of a bypass actor: `always`, `pull_request` or `exempt` (not evaluated, no record made)."""

    @property
    def key(self) -> str:
        """`system:kind:id`; of a user or bot the same as `Actor.key`."""
        return f"{self.system}:{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredContext:
    """One check or status that must have succeeded."""

    name: str
    app_id: str = ""
    """The only app it may come from; empty accepts any source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchProtection(Fact):
    """Classic protection of one branch. History: snapshot.

    `protected=False` is an answer ("Branch not protected"); where it could not be read there is no
    such fact but a gap.
    """

    repository: str
    branch: str
    """Short name."""
    protected: bool
    pull_request_required: bool = False
    approvals_required: int = 0
    dismiss_stale: bool = False
    code_owner_review: bool = False
    last_push_approval: bool = False
    required_checks: tuple[RequiredContext, ...] = ()
    strict: bool = False
    """The head must be up to date with the base before it is merged."""
    enforce_admins: bool = False
    """False: administrators may bypass all of it."""
    bypass_pull_request: tuple[SettingActor, ...] = ()
    """Who may push or merge without the required pull request or reviews."""
    restricted: bool = False
    """Only `pushers` may push (an empty list: nobody but administrators)."""
    pushers: tuple[SettingActor, ...] = ()
    dismissers: tuple[SettingActor, ...] | None = None
    """Who may dismiss reviews; None: anyone with write permission."""
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    linear_history: bool = False
    required_signatures: bool | None = None
    conversation_resolution: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a ruleset."""

    type: str
    """`pull_request`, `required_status_checks`, `non_fast_forward`, `deletion`, `update`..."""
    approvals_required: int = 0
    dismiss_stale: bool = False
    code_owner_review: bool = False
    last_push_approval: bool = False
    required_checks: tuple[RequiredContext, ...] = ()
    strict: bool = False
    """These are 0, False and empty where the rule has no such parameter."""
    parameters: str = ""
    """Canonical JSON of all parameters as given; empty where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset(Fact):
    """One ruleset as it was observed. History: snapshot (its past: `RulesetVersion`)."""

    repository: str
    ruleset_id: str
    name: str
    target: str
    """`branch`, `tag` or `push`."""
    enforcement: str
    """`active`, `evaluate` (only reports) or `disabled`."""
    source_type: str
    """`Repository`, `Organization` or `Enterprise`: where it is defined."""
    source: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Patterns of full ref names; also `~DEFAULT_BRANCH` and `~ALL`."""
    rules: tuple[Rule, ...] = ()
    bypass_actors: tuple[SettingActor, ...] | None = None
    """None: not visible to the credential. Empty: nobody may bypass."""
    created_at: int = 0
    updated_at: int = 0
    """Microseconds UTC; 0 where not given."""
    origin: str = "api"
    """`api`, or `administrator` where it was supplied by `evidence ingest settings`. A supplied
    one speaks for the observed one of the same `ruleset_id` and `updated_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetListing(Fact):
    """Which rulesets the repository has, those of its organisation included. History: snapshot.

    A `Ruleset` that no listing names any more was deleted, or is no longer visible.
    """

    repository: str
    ruleset_ids: tuple[str, ...]
    default_branch: str = ""
    """What `~DEFAULT_BRANCH` stood for; empty where it was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetVersion(Fact):
    """One version of a ruleset with the server time at which it came. History: evented.

    The version with the greatest `updated_at` not after a moment was in force then; the newest one
    is the present state. Kept by GitHub for 180 days.
    """

    repository: str
    ruleset_id: str
    version_id: str
    actor: Actor | None
    updated_at: int
    state_read: bool = False
    """Whether what follows was read; else only who changed it, and when."""
    enforcement: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    bypass_actors: tuple[SettingActor, ...] | None = None
    """None: the version does not show its bypass list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeownersError:
    """One line of CODEOWNERS that the source skips."""

    line: int
    kind: str
    """As the source says: `Invalid pattern`, `Unknown owner`..."""
    path: str
    source: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeownersErrors(Fact):
    """What the source finds wrong in the CODEOWNERS of a branch. History: snapshot."""

    repository: str
    branch: str
    exists: bool
    """False: the source knows no CODEOWNERS there."""
    errors: tuple[CodeownersError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSettings(Fact):
    """How deployments to one environment of the forge are guarded. History: snapshot."""

    repository: str
    environment_id: str
    name: str
    reviewers: tuple[SettingActor, ...] = ()
    prevent_self_review: bool | None = None
    wait_minutes: int = 0
    branch_policy: str = "all"
    """`all`, `protected` (branches with protection) or `custom` (`branch_patterns`)."""
    branch_patterns: tuple[str, ...] | None = None
    """None: not read, or not custom."""
    administrators_bypass: bool | None = None
    updated_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessHolder:
    """Someone with access, and how much."""

    actor: SettingActor
    permission: str
    """The strongest of `admin`, `maintain`, `push`, `triage`, `pull`; `write` or `read` for a
    deploy key or app; `member` or `maintainer` inside a team; empty where not said."""
    role: str = ""
    """The role's name where it is a custom one."""
    through: str = ""
    """Where it comes from, as far as the source says: `direct`, a team's slug, the login of who
    added a deploy key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSnapshot(Fact):
    """One list of who has access to a repository. History: snapshot.

    Who could merge: `collaborators` and `apps` with `push` or more, `deploy_keys` with `write`.
    """

    repository: str
    scope: str
    """`collaborators` (every user, teams' members included, with effective permission), `teams`,
    `team:<id>` (its members), `deploy_keys`, `apps`."""
    holders: tuple[AccessHolder, ...]
    complete: bool = True
    """False where not all of the list was read: an absent holder is then unknown."""
    name: str = ""
    """Of a `team:<id>`: its slug."""
