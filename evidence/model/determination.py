"""The outcome of one attribute tested on one change or deployment, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The four outcomes. Absence of data never yields `not_applicable` or `pass`."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Verdict(StrEnum):
    """How a determination is counted: its outcome, and what stands beside it."""

    FAIL = "fail"
    """A deviation without a disposition that holds."""
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    """A deviation with one: still a deviation, and never a pass."""
    ALTERNATIVE = "alternative"
    """An unknown that alternative evidence resolves: a pass that is counted apart."""
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not_applicable"


class SubjectKind(StrEnum):
    """What a control is tested on (the unit of test)."""

    CHANGE = "change"
    DEPLOYMENT = "deployment"
    INTERVAL = "interval"
    """An interval of a setting: listed by itself, never rolled up into changes."""
    EVENT = "event"
    """Drift, or an act beside the deployer: listed by itself, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """One attribute's outcome. Pure function of (evidence, policy, rule version, as_of)."""

    control: str
    """`CM-03`."""
    subject_kind: SubjectKind
    subject: str
    """Change id or deployment id."""
    outcome: Outcome
    reason: str
    """Stable reason code, e.g. `approved`, `no-approval`, `stale-approval`, `not-collected`."""
    sentence: str
    """What was seen and why it decides, in words an auditor can quote."""
    entries: tuple[int, ...] = ()
    """Ledger entries it rests on, ascending."""
    flags: tuple[str, ...] = ()
    """Things to look at that do not decide: `flaky`, `rebound`, `gate modified`, `group`."""
    missing: str = ""
    """For `unknown`: what would decide it and how to have it (a permission, a mapping...)."""
    rule_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInterval:
    """What was determined of one setting over one span of time."""

    repository: str
    """Configured repository id."""
    setting: str
    """The production branch, or `access`."""
    begin: int
    end: int
    """Microseconds UTC, half-open; equal where a single look shows it."""
    determination: Determination
