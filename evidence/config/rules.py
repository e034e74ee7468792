"""Settings of how changes are judged: people, automations, controls, parameters, access."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from evidence.config.section import CLOSED, Id
from evidence.model.disposition import DispositionClass


class _Section(BaseModel):
    model_config = CLOSED


class PersonSettings(_Section):
    """One human and their accounts."""

    name: str
    accounts: list[str] = []
    emails: list[str] = []
    left: str = ""
    """RFC 3339 time; empty while they are here."""


class StandardRuleSettings(_Section):
    """A standard change that was approved beforehand."""

    diff: Literal["image-bump", "version-bump", "lockfile"]
    bumps: list[Literal["patch", "minor", "major"]] = ["patch"]
    repositories: list[str] = []
    checks: list[str] | None = None
    """None: the required checks of the policy; of an image bump none."""
    approved_by: str
    valid_from: str
    """RFC 3339 time."""
    valid_to: str = ""
    is_request: bool = False


class AutomationSettings(_Section):
    """A registered bot or app."""

    id: Id
    accounts: list[str]
    emails: list[str] = []
    paths: list[str] = []
    operator: str = ""
    ignore_commits: bool = False
    rule: StandardRuleSettings | None = None


class ControlSettings(_Section):
    """The entity's own words for one control."""

    in_scope: bool = True
    id: str = ""
    wording: str = ""
    owner: str = ""
    frequency: str = ""


class CheckSettings(_Section):
    """One required check."""

    name: str
    app: str = ""
    accept: list[str] = ["SUCCESS"]
    unless_only_paths: list[str] = []
    source: str = ""
    """Name of the system that runs it, where that is not the forge and is not collected."""


class ScanSettings(_Section):
    """One required scan or policy test."""

    tool: str = Field(min_length=1)
    subject: Literal["commit", "image"] = "commit"
    threshold: Literal["critical", "high", "medium", "low", "info"] = "high"
    repositories: list[str] = []
    max_age_days: int = Field(default=30, ge=0, le=3650)
    """0: a result is never too old."""
    database: bool | None = None
    """Whether a result must name its database; None: as the tool has one (Trivy, Grype)."""
    complete_from: str = ""
    """RFC 3339 time from which every result is handed over; empty: not declared."""


class WaiverSettings(_Section):
    """What was found and is accepted for a time."""

    id: Id
    rule: str = Field(min_length=1)
    repository: str = Field(min_length=1)
    package: str = ""
    version: str = ""
    location: str = ""
    approved_by: str = Field(min_length=1)
    valid_from: str
    valid_to: str
    """RFC 3339 times, at most 90 days apart: a longer need is a new waiver."""
    reason: str = Field(min_length=1)


class PolicySettings(_Section):
    """Parameters of the controls; docs/reference/controls.md explains each."""

    profile: Literal["P0", "P-exact", "P-time", "P-strict", "P-4role"] = "P0"
    approvals_required: int = Field(default=1, ge=0, le=10)
    required_checks: list[CheckSettings] = []
    required_check_moment: Literal["before_merge", "before_deploy"] = "before_merge"
    required_scans: list[ScanSettings] = []
    ticket_required: bool = True
    ticket_sources: list[Literal["closing", "title", "branch", "body"]] = [
        "closing",
        "title",
        "branch",
        "body",
    ]
    ticket_projects: list[str] = []
    ticket_types: list[str] = []
    authorised_labels: list[str] = []
    authorised_statuses: list[str] = []
    authorised_approvals: list[str] = []
    """Names of approvals of Jira Service Management; `*`: any of them."""
    authorised_before: Literal["merge", "deploy"] = "merge"
    request_is_pull_request: bool = False
    comment_approval: bool = False
    pusher_resolves_unmapped: bool = True
    require_mapped_approvers: bool = False
    owner_required_paths: list[str] = []
    empty_tree_diff_exempt: bool = False
    pre_approved_rollback: bool = False
    promotion_of_reviewed_commits: bool = False
    emergency_labels: list[str] = ["emergency"]
    emergency_ticket_types: list[str] = ["Incident"]
    emergency_authorisers: list[str] = []
    """People of the map, or accounts; empty: who authorised an emergency is not tested."""
    emergency_approval_hours: int = Field(default=24, ge=1, le=8760)
    emergency_test_hours: int = Field(default=24, ge=0, le=8760)
    """0: the required tests must have passed before, as for any other change."""
    emergency_closing_days: int = Field(default=5, ge=1, le=365)
    emergency_review_marks: list[str] = []
    emergency_not_tested: list[Literal["justification", "tests", "closing"]] = []
    emergency_share_percent: int = Field(default=10, ge=0, le=100)
    clock_tolerance_seconds: int = Field(default=120, ge=0, le=3600)
    checks_kept_days: int = Field(default=90, ge=0, le=3650)
    pending_limit_days: int = Field(default=0, ge=0, le=3650)
    non_deployable_paths: list[str] = []
    scope_start: str = ""
    origin_level: Literal["strong", "proved"] = "strong"
    health_minutes: int = Field(default=60, ge=1, le=100_000)
    """Within which a deployment must be healthy or taken back."""
    required_environment: str = ""
    event_hours: int = Field(default=24, ge=1, le=8760)
    """Within which drift is reverted or has a ticket."""
    attribution_required: bool = False
    disposition_days: int = Field(default=90, ge=1, le=366)
    """For how long a disposition may be valid."""
    accepted_afterwards: list[DispositionClass] = [
        DispositionClass.EMERGENCY,
        DispositionClass.COMPENSATING_CONTROL,
        DispositionClass.FALSE_POSITIVE,
        DispositionClass.ACCEPTED_DEVIATION,
    ]
    """Classes of dispositions that may be approved after the event."""


class AccessSettings(_Section):
    """Who may merge, deploy or bypass, and when that was reviewed."""

    approved: list[str] = []
    shared_accounts: list[str] = []
    reviews: list[str] = []
    review_days: int = Field(default=90, ge=1, le=3650)
