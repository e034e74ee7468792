"""Facts about what was done to a forge's branches: rule suites and repository activity."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEvaluation:
    """How one rule of a suite came out."""

    rule_type: str
    result: str
    """`pass` or `fail`."""
    enforcement: str = ""
    """`active`, `evaluate` or `deleted ruleset`."""
    source_type: str = ""
    source_id: str = ""
    """Ruleset id; empty for classic protection."""
    source_name: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSuite(Fact):
    """GitHub's own record of judging one push or merge by its rules. History: evented.

    None exists for an actor whose bypass mode is `exempt`. The list reaches back one month; that a
    record is missing says something only inside the window of an `Observation` of `rule_suites`.
    """

    repository: str
    suite_id: str
    actor: Actor | None
    """None for a deploy key, or where nobody is named."""
    ref: str
    """Full name: `refs/heads/main`."""
    before_sha: str
    after_sha: str
    """All zeros where the ref was made or deleted."""
    pushed_at: int
    """Microseconds UTC, server-assigned."""
    result: str
    """Of the active rules: `pass`, `fail` (refused) or `bypass`."""
    evaluation_result: str = ""
    """As if rules in `evaluate` were active, too; empty where none are."""
    evaluations: tuple[RuleEvaluation, ...] = ()
    detail_read: bool = False
    """Whether `evaluations` was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryActivity(Fact):
    """One change of a ref with who did it. History: evented.

    That one is missing says something only inside the window of an `Observation` of `activity`.
    """

    repository: str
    activity_id: str
    kind: str
    """`push`, `force_push`, `branch_creation`, `branch_deletion`, `pr_merge`,
    `merge_queue_merge`."""
    ref: str
    """Full name."""
    before_sha: str
    after_sha: str
    """All zeros where the ref was made or deleted."""
    at: int
    """Microseconds UTC, server-assigned."""
    actor: Actor | None
    """None where the source names nobody (a deleted account, a deploy key)."""
