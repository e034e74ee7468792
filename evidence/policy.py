"""The frozen yardstick: what counts as production, what is required, who is who. Reads nothing.

`evidence.config` builds a `Policy` from the configuration; its canonical JSON is itself a ledger
entry, and its digest is the policy version that every determination names.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.in_scope import Application, Exclusion, ImageMap, Repository, TrustedBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredCheck:
    """One check that must have succeeded before implementation."""

    name: str
    app: str = ""
    """Slug of the app it must come from; empty accepts any source."""
    accept: tuple[str, ...] = ("SUCCESS",)
    """Conclusions that count as success."""
    unless_only_paths: tuple[str, ...] = ()
    """Glob patterns: where every changed file matches one, the check does not apply."""
    source: str = ""
    """Configured source id of the system that runs it, where that is not the forge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredScan:
    """One scan or policy test that must have run, and what it may not have found."""

    tool: str
    """As its results name it, in lower case."""
    subject: str = "commit"
    """`commit` or `image`: what it must have examined."""
    threshold: str = "high"
    """Severity from which on what it finds must be gone or waived."""
    repositories: tuple[str, ...] = ()
    """Repository ids whose changes it is asked for; empty: all."""
    max_age: int = 2_592_000_000_000
    """Microseconds after which a result is too old at a deployment; 0: never."""
    needs_database: bool = False
    """Whether a result must name the database of vulnerabilities that it looked into."""
    complete_from: int = 0
    """Microseconds UTC from which every result is handed over or collected, as the entity
    declares: one that is missing was not made. 0: not declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What was found and is accepted for a time. It matches by every part that it names."""

    id: str
    rule: str
    """CVE or advisory, id of the rule or check, policy."""
    repository: str
    package: str = ""
    version: str = ""
    location: str = ""
    """`path:line`, path or resource, as the tool writes it."""
    approved_by: str = ""
    """A person of the map or an account key; nobody who contributed to the change."""
    valid_from: int = 0
    """Microseconds UTC from which it is in force."""
    valid_to: int = 0
    """Microseconds UTC from which it no longer is; always set."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human and the accounts they act through."""

    name: str
    accounts: tuple[str, ...]
    """Actor keys: `system:type:id`."""
    emails: tuple[str, ...] = ()
    """Lower case: binds `name_only` actors."""
    left_at: int = 0
    """Microseconds UTC from which they may no longer approve; 0 where they have not left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardRule:
    """A standard change that was approved beforehand: what its automation may do unreviewed."""

    diff: str
    """`image-bump`, `version-bump` or `lockfile`: what the content of the change must be."""
    bumps: tuple[str, ...] = ("patch",)
    """Of a version bump: `patch`, `minor`, `major`."""
    repositories: tuple[str, ...] = ()
    """Repository ids; empty: all."""
    checks: tuple[str, ...] | None = None
    """Names of checks that must have passed; None: those that the policy requires."""
    approved_by: str = ""
    """Who approved the rule: a person of the map, or an account key."""
    valid_from: int = 0
    """Microseconds UTC from which it is in force; 0: never."""
    valid_to: int = 0
    """Microseconds UTC from which it no longer is; 0: open."""
    is_request: bool = False
    """Whether the approved rule is the request of each change under it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """A registered bot or app, known by account id and never by name."""

    id: str
    accounts: tuple[str, ...]
    """Actor keys."""
    emails: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Glob patterns it may touch; empty allows none of the path-limited exemptions."""
    operator: str = ""
    """Actor key of the human who steers it (an AI agent), else empty."""
    ignore_commits: bool = False
    """Its path-limited commits after an approval do not make it stale (`ignore_commits_by`)."""
    rule: StandardRule | None = None
    """The standard change that it may make on `paths`; None: each of its changes is ordinary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlScope:
    """The entity's own words and scope for a control."""

    id: str
    in_scope: bool = True
    entity_id: str = ""
    wording: str = ""
    owner: str = ""
    frequency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Parameters of the controls. The defaults are profile P0 of the golden cases."""

    profile: str = "P0"
    simulated: bool = False
    """What is judged is an invented organisation: no packet of it may look like a real one."""
    approvals_required: int = 1
    approval_currency: str = "content"
    """`content`, `exact` (P-exact) or `time` (P-time)."""
    author_may_merge: bool = True
    forbidden_pairs: tuple[tuple[str, str], ...] = ()
    """Pairs of roles that one person may not hold on one change: (`author`, `deployer`)...
    Roles: `contributor`, `approver`, `merger`, `deployer`, `dismisser`."""
    require_up_to_date: bool = False
    required_checks: tuple[RequiredCheck, ...] = ()
    required_check_moment: str = "before_merge"
    """`before_merge` or `before_deploy`."""
    required_scans: tuple[RequiredScan, ...] = ()
    """Empty: CM-07 is not tested."""
    waivers: tuple[Waiver, ...] = ()
    ticket_required: bool = True
    ticket_sources: tuple[str, ...] = ("closing", "title", "branch", "body")
    """Where a key may stand."""
    ticket_projects: tuple[str, ...] = ()
    """Project keys or `owner/name`; empty accepts any configured tracker's."""
    ticket_types: tuple[str, ...] = ()
    authorised_labels: tuple[str, ...] = ()
    """GitHub labels (set by another person than the contributors) that authorise a request."""
    authorised_statuses: tuple[str, ...] = ()
    """Tracker statuses that authorise it. Both empty: authorisation is not tested, and the packet
    says so."""
    authorised_approvals: tuple[str, ...] = ()
    """Names of approvals of Jira Service Management that authorise it; `*`: any of them."""
    authorised_before: str = "merge"
    """`merge` or `deploy`."""
    request_is_pull_request: bool = False
    comment_approval: bool = False
    pusher_resolves_unmapped: bool = True
    require_mapped_approvers: bool = False
    suggester_contributes: bool = False
    """Whether a suggestion that another person applied makes its writer a contributor."""
    owner_required_paths: tuple[str, ...] = ()
    """Glob patterns of paths that must have a declared owner whenever they change."""
    empty_tree_diff_exempt: bool = False
    pre_approved_rollback: bool = False
    """Whether taking the last change back, to what was approved and deployed before, is a standard
    change."""
    promotion_of_reviewed_commits: bool = False
    """Whether a pull request that brings nothing but commits of approved ones needs no approval of
    its own."""
    emergency_labels: tuple[str, ...] = ("emergency",)
    """Labels of a pull request or ticket that declare an emergency."""
    emergency_ticket_types: tuple[str, ...] = ("Incident",)
    """Types of ticket that declare one by being linked."""
    emergency_authorisers: tuple[str, ...] = ()
    """Names of people in the map, or account keys, who may authorise one. Empty: who did is not
    tested, and the packet says so."""
    emergency_approval_limit: int = 86_400_000_000
    """Microseconds after its deployment within which what was deployed is approved."""
    emergency_test_limit: int = 86_400_000_000
    """Microseconds after its deployment within which the required tests pass; 0: as for any other
    change."""
    emergency_closing_limit: int = 432_000_000_000
    """Microseconds after its deployment within which its ticket is closed."""
    emergency_review_marks: tuple[str, ...] = ()
    """Labels or statuses of a ticket that say that the review after an emergency was held. Empty:
    the closing is tested, that review is not."""
    emergency_not_tested: tuple[str, ...] = ()
    """Conditions that are switched off: `justification`, `tests`, `closing`."""
    emergency_share_limit: int = 10
    """Percent of the changes above which the share of emergencies is flagged."""
    clock_tolerance: int = 120_000_000
    """Microseconds inside which two systems' clocks decide nothing."""
    checks_kept: int = 90 * 86_400_000_000
    """Microseconds for which the forge shows a check, 0: for ever. What was read later than that
    after the moment that counts does not show that a check never ran."""
    pending_limit: int = 0
    """Microseconds after which a merged, not deployed change is an orphan; 0: never while the
    branch is ahead of production."""
    non_deployable_paths: tuple[str, ...] = ()
    """Glob patterns: a change that touches nothing else needs no deployment (rule
    `non-deployable`)."""
    persons: tuple[Person, ...] = ()
    automations: tuple[Automation, ...] = ()
    repositories: tuple[Repository, ...] = ()
    applications: tuple[Application, ...] = ()
    image_maps: tuple[ImageMap, ...] = ()
    builders: tuple[TrustedBuilder, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    health_limit: int = 3_600_000_000
    """Microseconds after a deployment within which it must be healthy or taken back."""
    required_environment: str = ""
    """Environment that must have run the same content before production; empty: none is asked."""
    event_limit: int = 86_400_000_000
    """Microseconds within which drift is reverted or has a ticket."""
    attribution_required: bool = False
    """Whether drift that nobody is known to have made stays unknown."""
    origin_level: str = "strong"
    """What CM-11 asks of the link from an image to its commit: `strong` or `proved`."""
    controls: tuple[ControlScope, ...] = ()
    access_approved: tuple[str, ...] = ()
    """Keys (`system:kind:id`) of everyone who may merge, deploy or bypass; empty: not declared."""
    access_reviews: tuple[int, ...] = ()
    """Microseconds UTC at which access was reviewed, as declared."""
    access_review_limit: int = 7_776_000_000_000
    """Microseconds after which a review of access is too old."""
    shared_accounts: tuple[str, ...] = ()
    """Keys of accounts at the forge that several people use."""
    disposition_limit: int = 7_776_000_000_000
    """Microseconds that a disposition may be valid for."""
    accepted_afterwards: tuple[str, ...] = (
        "emergency",
        "compensating-control",
        "false-positive",
        "accepted-deviation",
    )
    """Classes of dispositions that may be approved after the event; all others before it."""
    scope_start: int = 0
    """Microseconds UTC from which changes are in scope; 0: from the first observed deployment."""
