"""Whether each rule of a branch is shown to have been met by a merge, not met, or neither.

Rules are read as the forge reads them, not as the policy does: its approvals may be by
contributors, its checks may be skipped. What cannot be tested from evidence stays open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evidence.controls.approvals import distinct
from evidence.controls.attributes import cm_04, cm_10
from evidence.controls.case import Case, case_of
from evidence.controls.gates import Gate, gate_of, up_to_date
from evidence.controls.reasons import REASONS
from evidence.controls.required import demanded
from evidence.controls.rules import Rules
from evidence.controls.validation import PASSED, examine
from evidence.controls.words import clip
from evidence.model.chain import Chain
from evidence.model.change import MergeMethod
from evidence.model.determination import Outcome
from evidence.model.settings import RequiredContext
from evidence.policy import Policy

_ACCEPTED = ("SUCCESS", "SKIPPED", "NEUTRAL")
"""Conclusions that GitHub takes as success for a required check (GitHub Docs, "Troubleshooting
required status checks")."""
_HARMLESS = frozenset({"deletion", "non_fast_forward", "creation"})
"""Rule types that a merge of a pull request cannot break."""
_TESTED = frozenset({"pull_request", "required_status_checks", "required_linear_history"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One rule and whether evidence shows it met; None where it shows neither."""

    met: bool | None
    words: str


def shown(chain: Chain, policy: Policy, rules: Rules, as_of: int) -> list[Shown]:
    """One row per rule that stood between the pull request and its branch."""
    found: list[Shown] = []
    if rules.pull_request_required:
        found.append(Shown(met=True, words="it came by a pull request"))
    if rules.approvals:
        found.append(_approvals(case_of(chain, policy), rules.approvals))
    gate = gate_of(chain, policy, as_of)
    found += [_check(chain, one, gate) for one in rules.checks]
    if rules.strict:
        found.append(_fresh(chain))
    if rules.linear:
        merged = chain.change.merge_method == MergeMethod.MERGE
        words = "it made a merge commit on a linear branch" if merged else "its history is linear"
        found.append(Shown(met=not merged, words=words))
    if rules.code_owner_review:
        found.append(_owners(chain, policy, as_of))
    return [*found, *_freshness(chain, policy, rules, as_of), *_untested(rules)]


def _approvals(case: Case, needed: int) -> Shown:
    """The forge counts every approval but the opener's; a dismissed one counts no more."""
    approvals = case.approvals
    sure = distinct(approvals.counting)
    forge = [one for one in approvals.refused if one.reason == "self-approval"]
    possible = distinct([*approvals.counting, *approvals.open, *forge])
    words = f"{sure} of {needed} approvals that it needed count"
    if sure >= needed:
        return Shown(met=True, words=words)
    if possible < needed and approvals.whole:
        return Shown(met=False, words=f"it had {possible} of {needed} approvals")
    return Shown(met=None, words=f"whether it had {needed} approvals is open")


def _check(chain: Chain, context: RequiredContext, gate: Gate) -> Shown:
    name = clip(context.name)
    if not gate.shas or not gate.moment.at:
        return Shown(met=None, words=f"the commit on which {name} had to run is not known")
    required = replace(demanded(chain, context), accept=_ACCEPTED)
    results = [examine(chain.evidence, required, sha, gate.moment) for sha in gate.shas]
    if any(one.reason == PASSED for one in results):
        return Shown(met=True, words=f"{name} succeeded")
    failed = all(REASONS[one.reason].outcome == Outcome.FAIL for one in results)
    if failed:
        return Shown(met=False, words=f"{results[0].words}")
    return Shown(met=None, words=f"{name} is open: {results[0].words}")


def _fresh(chain: Chain) -> Shown:
    fresh = up_to_date(chain)
    words = {
        True: "its head held the base",
        False: "its head did not hold the base",
        None: "whether its head held the base is not known",
    }
    return Shown(met=fresh, words=words[fresh])


def _owners(chain: Chain, policy: Policy, as_of: int) -> Shown:
    """An owner may have contributed, which the forge accepts: only no approval at all disproves."""
    found = cm_10.determine(chain, policy, as_of)
    if found.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}:
        return Shown(met=True, words="code owners approved what they own")
    approvals = case_of(chain, policy).approvals
    if found.outcome == Outcome.FAIL and approvals.whole and not approvals.everyone():
        return Shown(met=False, words="no code owner approved what they own")
    return Shown(met=None, words="whether a code owner approved it is open")


def _freshness(chain: Chain, policy: Policy, rules: Rules, as_of: int) -> Iterator[Shown]:
    """Stale approvals are dismissed, the last push needs another's approval: shown by CM-04."""
    classic = rules.protection
    stale = bool(classic and classic.dismiss_stale) or any(one.dismiss_stale for one in rules.rules)
    last = bool(classic and classic.last_push_approval) or any(
        one.last_push_approval for one in rules.rules
    )
    if (stale or last) and rules.approvals:
        current = cm_04.determine(chain, policy, as_of).outcome == Outcome.PASS
        words = (
            "its approvals were current" if current else "whether approvals were current is open"
        )
        yield Shown(met=True if current else None, words=words)


def _untested(rules: Rules) -> Iterator[Shown]:
    for kind in sorted(rules.kinds - _HARMLESS - _TESTED):
        yield Shown(met=None, words=f"the rule {clip(kind)} cannot be tested here")
    classic = rules.protection
    if classic is not None and classic.required_signatures:
        yield Shown(met=None, words="required signatures cannot be tested here")
