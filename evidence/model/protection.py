"""Everything stored about the settings of one repository, in one record that its changes share."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.audit import AuditEvent
from evidence.model.capture import Gap
from evidence.model.policy_result import PolicyResult
from evidence.model.pushes import LostPush
from evidence.model.settings import (
    AccessSnapshot,
    BranchProtection,
    CodeownersErrors,
    EnvironmentSettings,
    Observation,
    Ruleset,
    RulesetListing,
    RulesetVersion,
    Subject,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsHistory:
    """Every observed version of every setting of one repository, oldest observation first.

    Empty where the settings were never read: then nothing about them is known.
    """

    repository: str = ""
    protections: tuple[BranchProtection, ...] = ()
    listings: tuple[RulesetListing, ...] = ()
    rulesets: tuple[Ruleset, ...] = ()
    """Observed and supplied versions (`origin`) of all rulesets."""
    ruleset_versions: tuple[RulesetVersion, ...] = ()
    codeowners: tuple[CodeownersErrors, ...] = ()
    environments: tuple[EnvironmentSettings, ...] = ()
    access: tuple[AccessSnapshot, ...] = ()
    audit: tuple[AuditEvent, ...] = ()
    """What the organisation's log says of it and of all its repositories, by time."""
    observations: tuple[Observation, ...] = ()
    """By time."""
    movements: tuple[RepositoryActivity, ...] = ()
    """Makings and deletions of production branches that the forge recorded, by time."""
    deployed_from: int = 0
    """Start of the first production deployment that was seen of it, microseconds UTC; 0: none."""
    reporting: tuple[PolicyResult, ...] = ()
    """What policy engines said of its commits that only report what they find, and let it in."""
    gaps: tuple[Gap, ...] = ()
    """Open gaps of these kinds in this repository: why something was not visible."""

    def of(self, subject: Subject, key: str = "") -> tuple[Observation, ...]:
        """The looks at one subject, by time."""
        return tuple(one for one in self.observations if one.subject == subject and one.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingRecords:
    """What the forge recorded about how one change came to its branch."""

    suites: tuple[RuleSuite, ...] = ()
    """Rule suites of a production branch that end in, or pass through, a commit it landed."""
    activity: tuple[RepositoryActivity, ...] = ()
    """Likewise: who moved the branch, when, and whether by force."""
    pushes: tuple[RepositoryActivity, ...] = ()
    """Movements of the pull request's own branch to commits of it, oldest first. That one is
    missing says nothing: a fork's are not told, nor those from before the first reading."""
    lost: tuple[LostPush, ...] = ()
    """Holes in the record of either branch that may hide a movement of what it landed."""
