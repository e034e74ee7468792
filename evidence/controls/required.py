"""The checks that a merge needed: the policy's list, and what the branch itself required then.

Today's settings say nothing about then: only what is known to have held at the merge is added.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.controls.landing import landed_at
from evidence.controls.rules import rules_at
from evidence.controls.timeline import timeline_of
from evidence.model.chain import Chain
from evidence.model.settings import RequiredContext
from evidence.policy import Policy, RequiredCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """What was required of one change."""

    checks: tuple[RequiredCheck, ...]
    """The policy's own first; a check that it names is not taken from the settings as well."""
    observed: bool = False
    """Whether it is known what the branch itself required."""
    entries: tuple[int, ...] = ()
    """Ledger entries of the settings."""


def required_of(chain: Chain, policy: Policy) -> Required:
    """The union for one change, as of its merge or of its recorded push."""
    at = timeline_of(chain.evidence).merged_at or landed_at(chain.evidence)
    if not at or not chain.change.branch:
        return Required(checks=policy.required_checks)
    rules = rules_at(chain.evidence.settings, chain.change.branch, at)
    if rules.problem:
        return Required(checks=policy.required_checks)
    named = {one.name for one in policy.required_checks}
    more = [demanded(chain, one) for one in rules.checks if one.name not in named]
    return Required(checks=(*policy.required_checks, *more), observed=True, entries=rules.entries)


def demanded(chain: Chain, context: RequiredContext) -> RequiredCheck:
    """A check of the branch's own rules, from the app that it names.

    Settings name an app by its number, checks by its name as well: any run tells both.
    """
    known = {run.app_id: run.app for run in chain.evidence.checks if run.app and run.app_id}
    expected = known.get(context.app_id, f"app {context.app_id}") if context.app_id else ""
    return RequiredCheck(name=context.name, app=expected)
