"""Everything stored about a repository's settings, as of a ledger size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.capture import Gap
from evidence.model.fact import Fact
from evidence.model.protection import SettingsHistory
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
from evidence.store import queries
from evidence.store.session import Store

F = TypeVar("F", bound=Fact)

GAP_KINDS = frozenset(
    {
        "github.repository_settings",
        "github.branch_protection",
        "github.rulesets",
        "github.ruleset",
        "github.ruleset_history",
        "github.rule_suite",
        "github.activity",
        "github.codeowners_errors",
        "github.environments",
        "github.access",
    }
)
"""Capture kinds of the forge's settings and records: gaps of them are told with the settings."""


def settings_history(
    store: Store, repository: str, gaps: Iterable[Gap] = (), *, at: int | None = None
) -> SettingsHistory:
    """Every version and every look, oldest first; `gaps` are the open ones of the repository."""

    def versions(cls: type[F]) -> tuple[F, ...]:
        found = queries.load_versions(store, cls, at=at, repository=repository)
        return tuple(sorted(found, key=lambda one: (one.observed_at, one.entry_seq)))

    return SettingsHistory(
        repository=repository,
        protections=versions(BranchProtection),
        listings=versions(RulesetListing),
        rulesets=versions(Ruleset),
        ruleset_versions=versions(RulesetVersion),
        codeowners=versions(CodeownersErrors),
        environments=versions(EnvironmentSettings),
        access=versions(AccessSnapshot),
        observations=tuple(
            sorted(
                queries.load_versions(store, Observation, at=at, repository=repository),
                key=lambda one: (one.at, one.subject, one.key),
            )
        ),
        gaps=tuple(gap for gap in gaps if gap.kind in GAP_KINDS and gap.repository == repository),
    )


def records(
    store: Store, repository: str, *, at: int | None = None
) -> tuple[tuple[RuleSuite, ...], tuple[RepositoryActivity, ...]]:
    """Every rule suite and every movement of a ref, oldest first: what the forge recorded."""
    suites = queries.load(store, RuleSuite, at=at, repository=repository)
    moves = queries.load(store, RepositoryActivity, at=at, repository=repository)
    return (
        tuple(sorted(suites, key=lambda one: (one.pushed_at, one.suite_id))),
        tuple(sorted(moves, key=lambda one: (one.at, one.activity_id))),
    )
