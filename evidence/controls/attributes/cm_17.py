"""CM-17: standard changes stay within the rule that was approved for them beforehand."""

from __future__ import annotations

from dataclasses import replace

from evidence.controls.attributes import cm_03, cm_06
from evidence.controls.determine import on_change
from evidence.controls.standard import Covered, Lane, standard_lane
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome
from evidence.policy import Policy, RequiredCheck, StandardRule

CONTROL = "CM-17"


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """A rule covers it by account, files and difference, was in force, and its checks passed.

    A change that no rule covers is an ordinary one: not applicable here, judged by CM-03.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    lane = standard_lane(chain, policy)
    if lane.covered == Covered.OPEN:
        return on_change(CONTROL, chain, lane.reason, f"{_said(lane)}.", facts=lane.facts)
    if lane.covered == Covered.NOT:
        sentence = f"It is no standard change: {lane.words}."
        return on_change(CONTROL, chain, "not-standard", sentence, facts=lane.facts)
    if lane.covered == Covered.LAPSED:
        return _lapsed(chain, policy, as_of, lane)
    return _checked(chain, policy, as_of, lane)


def _said(lane: Lane) -> str:
    return lane.words[:1].upper() + lane.words[1:]


def _lapsed(chain: Chain, policy: Policy, as_of: int, lane: Lane) -> Determination:
    ordinary = cm_03.determine(chain, policy, as_of)
    if ordinary.outcome == Outcome.PASS:
        sentence = f"{_said(lane)}; it was approved as an ordinary change."
        return on_change(CONTROL, chain, "not-standard", sentence, facts=lane.facts)
    return on_change(CONTROL, chain, "rule-not-in-force", f"{_said(lane)}.", facts=lane.facts)


def _checked(chain: Chain, policy: Policy, as_of: int, lane: Lane) -> Determination:
    """The rule's own checks, by the rules of CM-06."""
    required = _required(policy, lane.rule)
    if not required and lane.rule is not None and lane.rule.checks is not None:
        sentence = f"{_said(lane)}; it asks for no check."
        return on_change(CONTROL, chain, "standard-change", sentence, facts=lane.facts)
    asked = replace(policy, required_checks=required)
    checks = cm_06.determine(chain, asked, as_of)
    reason = {
        Outcome.PASS: "standard-change",
        Outcome.NOT_APPLICABLE: "standard-change",
        Outcome.FAIL: "standard-checks-failed",
        Outcome.UNKNOWN: "standard-checks-open",
    }[checks.outcome]
    return on_change(
        CONTROL,
        chain,
        reason,
        f"{_said(lane)}. {checks.sentence}",
        facts=lane.facts,
        entries=(*lane.entries, *checks.entries),
        flags=checks.flags,
        missing=checks.missing,
    )


def _required(policy: Policy, rule: StandardRule | None) -> tuple[RequiredCheck, ...]:
    if rule is None or rule.checks is None:
        return policy.required_checks
    known = {one.name: one for one in policy.required_checks}
    return tuple(known.get(name, RequiredCheck(name=name)) for name in rule.checks)
