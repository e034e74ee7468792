"""Everything stored about a repository's settings, as of a ledger size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import func, select

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.capture import Gap
from evidence.model.fact import Fact
from evidence.model.identity import AccountIdentity, IdentityHistory
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
    Subject,
)
from evidence.store import queries
from evidence.store.audit_log import audit_events, audited_since
from evidence.store.escaped import from_text
from evidence.store.facts import fact_table
from evidence.store.session import Store

F = TypeVar("F", bound=Fact)

_LIVES = ("branch_creation", "branch_deletion")
GAP_KINDS = frozenset(
    {
        "github.repository_settings",
        "github.branch_protection",
        "github.rulesets",
        "github.ruleset",
        "github.ruleset_history",
        "github.rule_suite",
        "github.activity",
        "github.push_holes",
        "github.codeowners_errors",
        "github.environments",
        "github.access",
    }
)
"""Capture kinds of the forge's settings and records: gaps of them are told with the settings."""


def settings_history(
    store: Store,
    repository: str,
    gaps: Iterable[Gap] = (),
    *,
    branches: Iterable[str] = (),
    at: int | None = None,
) -> SettingsHistory:
    """Every version and every look, oldest first; `gaps` are the open ones of the repository.

    `branches`: short names of those whose making and deletion are told as well.
    """

    def versions(cls: type[F]) -> tuple[F, ...]:
        found = queries.load_versions(store, cls, at=at, repository=repository)
        return tuple(sorted(found, key=lambda one: (one.observed_at, one.entry_seq)))

    observations = tuple(
        sorted(
            queries.load_versions(store, Observation, at=at, repository=repository),
            key=lambda one: (one.at, one.subject, one.key),
        )
    )
    return SettingsHistory(
        repository=repository,
        protections=versions(BranchProtection),
        listings=versions(RulesetListing),
        rulesets=versions(Ruleset),
        ruleset_versions=versions(RulesetVersion),
        codeowners=versions(CodeownersErrors),
        environments=versions(EnvironmentSettings),
        access=versions(AccessSnapshot),
        audit=audit_events(store, repository, observations, at),
        observations=observations,
        movements=_movements(store, repository, branches, at),
        gaps=tuple(gap for gap in gaps if gap.kind in GAP_KINDS and gap.repository == repository),
    )


def _movements(
    store: Store, repository: str, branches: Iterable[str], at: int | None
) -> tuple[RepositoryActivity, ...]:
    refs = {f"refs/heads/{branch}" for branch in branches}
    found = [
        one
        for kind in _LIVES
        for one in queries.load_in(
            store, RepositoryActivity, "ref", refs, at=at, repository=repository, kind=kind
        )
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.activity_id)))


def identities(store: Store, *, at: int | None = None) -> IdentityHistory:
    """Who stands behind accounts, as organisations said it: every version and every look."""
    versions = queries.load_versions(store, AccountIdentity, at=at)
    looks = queries.load_versions(
        store, Observation, at=at, repository="", subject=Subject.IDENTITIES
    )
    return IdentityHistory(
        identities=tuple(sorted(versions, key=lambda one: (one.observed_at, one.entry_seq))),
        observations=tuple(sorted(looks, key=lambda one: (one.at, one.key))),
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


def settings_since(store: Store, since: int) -> dict[str, int]:
    """Repository -> the moment from which entries from `since` on can tell more of its settings.

    That is the look before the new one, microseconds UTC: what lies between two looks is known
    only once both are there. A ruleset that was supplied, and a first look, reach back to 0. Of
    what belongs to an organisation (who stands behind an account) the repository is empty; who is
    newly known may have been anybody at any time. An audit log reaches back to the looks around it.
    """
    new, old = fact_table(Observation).table, fact_table(Observation).table.alias("old")
    same = [old.c[name] == new.c[name] for name in ("repository", "subject", "key")]
    before = select(func.max(old.c.at)).where(*same, old.c.at < new.c.at).scalar_subquery()
    looked = (
        select(new.c.repository, func.min(func.coalesce(before, 0)))
        .where(new.c.entry_seq >= since)
        .group_by(new.c.repository)
    )
    table = fact_table(Ruleset).table
    supplied = (
        select(table.c.repository)
        .where(table.c.entry_seq >= since, table.c.origin == "administrator")
        .distinct()
    )
    with store.read() as connection:
        found = {from_text(row[0]): int(row[1]) for row in connection.execute(looked)}
        found |= {from_text(row): 0 for row in connection.execute(supplied).scalars()}
        known = fact_table(AccountIdentity).table
        newly = select(known.c.entry_seq).where(known.c.entry_seq >= since).limit(1)
        if connection.execute(newly).first() is not None:
            found[""] = 0
    for repository, moment in audited_since(store, since).items():
        found[repository] = min(found.get(repository, moment), moment)
    return found


def recorded_since(store: Store, since: int) -> frozenset[str]:
    """Repositories of which entries from `since` on hold rule suites or activity."""
    found: set[str] = set()
    with store.read() as connection:
        for cls in (RuleSuite, RepositoryActivity):
            table = fact_table(cls).table
            query = select(table.c.repository).where(table.c.entry_seq >= since).distinct()
            found.update(map(from_text, connection.execute(query).scalars()))
    return frozenset(found)
