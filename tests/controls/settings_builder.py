"""Builds the settings of a repository for the tests of controls: rulesets, looks, holders."""

from __future__ import annotations

from dataclasses import replace

from chain_builder import ALICE, FORGE, minute

from evidence.model.protection import SettingsHistory
from evidence.model.settings import (
    AccessHolder,
    AccessSnapshot,
    BranchProtection,
    Observation,
    RequiredContext,
    Rule,
    Ruleset,
    RulesetListing,
    SettingActor,
    Subject,
)

PULL_REQUEST = Rule(type="pull_request", approvals_required=1)
CHECKS = Rule(type="required_status_checks", required_checks=(RequiredContext(name="ci/test"),))
ALWAYS = SettingActor(system=FORGE, kind="user", id=ALICE.id, name="alice", mode="always")
EXEMPT = replace(ALWAYS, mode="exempt")


def look(subject: Subject, at: float, key: str = "", outcome: str = "read", **more) -> Observation:
    return Observation(
        repository="app",
        subject=subject,
        key=key,
        at=minute(at),
        outcome=outcome,
        observed_at=minute(at),
        **more,
    )


def rules(
    *found: Rule, bypass=(), enforcement: str = "active", protected: bool = False, until: float = 60
) -> SettingsHistory:
    """One ruleset on main, seen an hour before the merge and again some minutes after the start."""
    ruleset = Ruleset(
        repository="app",
        ruleset_id="5",
        name="main",
        target="branch",
        enforcement=enforcement,
        source_type="Repository",
        source="acme/shop",
        include=("~DEFAULT_BRANCH",),
        rules=found,
        bypass_actors=bypass,
        entry_seq=41,
        observed_at=minute(-60),
    )
    listing = RulesetListing(
        repository="app",
        ruleset_ids=("5",),
        default_branch="main",
        entry_seq=42,
        observed_at=minute(-60),
    )
    classic = BranchProtection(
        repository="app", branch="main", protected=protected, entry_seq=43, observed_at=minute(-60)
    )
    return SettingsHistory(
        repository="app",
        protections=(classic,),
        listings=(listing,),
        rulesets=(ruleset,),
        observations=tuple(
            look(subject, at, key, "unchanged")
            for at in (-60, until)
            for subject, key in (
                (Subject.BRANCH_PROTECTION, "main"),
                (Subject.RULESETS, ""),
                (Subject.RULESET, "5"),
            )
        ),
    )


def account_list(*people, until: float, complete: bool, permission: str) -> SettingsHistory:
    """Who had access, seen an hour before the start and again later; no deploy keys."""
    holders = tuple(
        AccessHolder(
            actor=SettingActor(system=FORGE, kind="user", id=one.id, name=one.login),
            permission=permission,
        )
        for one in people
    )
    lists = {"collaborators": holders, "deploy_keys": ()}
    return SettingsHistory(
        repository="app",
        access=tuple(
            AccessSnapshot(
                repository="app",
                scope=scope,
                holders=who,
                complete=complete,
                entry_seq=44,
                observed_at=minute(-60),
            )
            for scope, who in lists.items()
        ),
        observations=tuple(
            look(Subject.ACCESS, at, scope, "unchanged") for at in (-60, until) for scope in lists
        ),
    )
