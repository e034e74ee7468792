"""CM-08: the rules of the production branch were not bypassed when the change landed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.chain.answers import MergeContent, merge_content
from evidence.controls.attributes import cm_03
from evidence.controls.bypass import Landing, landing_of
from evidence.controls.determine import on_change
from evidence.controls.rules import Rules, rules_at
from evidence.controls.satisfied import Shown, shown
from evidence.controls.standard import Covered, standard_lane
from evidence.controls.timeline import timeline_of
from evidence.controls.tracks import tracks_of
from evidence.controls.words import clip, listing, short, when, who
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind, MergeMethod
from evidence.model.determination import Determination, Outcome
from evidence.model.fact import Fact
from evidence.policy import Policy

CONTROL = "CM-08"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What decides, gathered once."""

    chain: Chain
    landing: Landing
    moment: int
    rules: Rules


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """By the forge's own record of the merge; without one, by the rules shown to be satisfied.

    A record of a bypass, an exempt actor, a direct push or a force-push is a deviation.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    if chain.change.kind == ChangeKind.DIRECT:
        return _direct(chain, policy, as_of)
    landing = landing_of(chain)
    moment = timeline_of(chain.evidence).merged_at or chain.change.merged_at
    rules = rules_at(chain.evidence.settings, chain.change.branch, moment)
    case = _Case(chain=chain, landing=landing, moment=moment, rules=rules)
    return _pull_request(case, policy, as_of)


# --- direct commits


def _direct(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """A commit without a pull request bypassed whatever the branch should demand.

    A rule for standard changes may let automation push, but not rewrite what stands there.
    """
    change = chain.change
    if not change.branch:
        sentence = f"Commit {short(change.landing_sha)} {cm_03.OFF_BRANCH}."
        return on_change(CONTROL, chain, "not-a-production-branch", sentence)
    landing = landing_of(chain)
    lane = standard_lane(chain, policy)
    standard = lane.covered == Covered.STANDARD
    if standard and not landing.forced:
        sentence = f"A registered rule lets {clip(lane.automation)} push it: {lane.words}."
        return on_change(CONTROL, chain, "standard-rule", sentence, facts=lane.facts)
    approval = cm_03.determine(chain, policy, as_of)
    if approval.outcome != Outcome.FAIL and not standard:
        return on_change(
            CONTROL, chain, approval.reason, approval.sentence, entries=approval.entries
        )
    forced = landing.forced
    how = "a force-push" if forced else "a direct push"
    by = f" by {who(landing.actor)}" if landing.actor else ""
    at = f" at {when(landing.at)}" if landing.at else ""
    told = f", which the forge recorded as {landing.result}" if landing.result else ""
    sentence = (
        f"Commit {short(change.landing_sha)} came to {clip(change.branch)} by {how}{by}{at}{told}."
    )
    reason = "force-push" if forced else "direct-push"
    return on_change(
        CONTROL, chain, reason, sentence, facts=landing.facts, entries=approval.entries
    )


# --- pull requests


def _pull_request(case: _Case, policy: Policy, as_of: int) -> Determination:
    chain, landing, rules = case.chain, case.landing, case.rules
    number = chain.change.number
    if landing.forced:
        by = f" by {who(landing.actor)}" if landing.actor else ""
        sentence = f"Pull request #{number} landed by a force-push{by} at {when(landing.at)}."
        return _say(case, "force-push", sentence)
    if landing.result == "bypass":
        failed = listing(clip(name) for name in landing.failed_rules)
        which = f": {failed}" if failed else ""
        forge = "The organisation's audit log tells" if landing.logged else "The forge recorded"
        sentence = (
            f"{forge} that {who(landing.actor)} bypassed rules when #{number} "
            f"landed at {when(landing.at)}{which}."
        )
        return _say(case, "rules-bypassed", sentence)
    if _added_locally(chain):
        sentence = f"#{number} was merged outside the forge, and the push added content of its own."
        return _say(case, "direct-push", sentence)
    if landing.enforced is False or (not rules.problem and rules.demands_nothing):
        sentence = (
            f"No rule protected {clip(chain.change.branch)} when #{number} landed at "
            f"{when(case.moment)}."
        )
        return _say(case, "rules-not-in-force", sentence)
    if landing.hidden:
        sentence = (
            f"The forge's record of pushes to {clip(chain.change.branch)} has a hole where "
            f"#{number} landed: a push lies in it of which nothing is known."
        )
        return _say(case, "push-record-broken", sentence)
    if tracks_of(chain.evidence.settings).trail.lacks(landing.at or case.moment):
        sentence = (
            f"The audit log named entries at the time when #{number} landed that are not here."
        )
        return _say(case, "audit-entry-missing", sentence)
    if landing.result == "pass" and (landing.enforced or not rules.problem):
        sentence = f"The forge recorded that #{number} met its rules at {when(landing.at)}."
        return _say(case, "rules-met", sentence)
    return _deduced(case, policy, as_of)


def _added_locally(chain: Chain) -> bool:
    local = chain.change.merge_method == MergeMethod.LOCAL
    return local and merge_content(chain).outcome == MergeContent.DIFFERENT


def _deduced(case: _Case, policy: Policy, as_of: int) -> Determination:
    """No record: the rules as of the merge, one by one."""
    chain, rules = case.chain, case.rules
    number = chain.change.number
    if rules.problem:
        sentence = f"The forge's record of how #{number} landed was not read, and {rules.problem}."
        return _say(case, "rules-unknown", sentence)
    exempt = _exempt(case)
    if exempt:
        sentence = f"{exempt} landed #{number} and is exempt from the rules, so none was evaluated."
        return _say(case, "exempt-actor", sentence)
    found = shown(chain, policy, rules, as_of)
    unmet = [one for one in found if one.met is False]
    loose = [one for one in found if one.met is None]
    if unmet:
        sentence = (
            f"#{number} landed at {when(case.moment)} although {_words(unmet)}, "
            "so the rule was bypassed."
        )
        return _say(case, "rule-not-met", sentence)
    if loose or not found:
        sentence = (
            f"No record of how #{number} landed was read, and of the rules then in force "
            f"{_words(loose) or 'none could be tested'}."
        )
        return _say(case, "rules-not-shown", sentence)
    sentence = (
        f"No record of how #{number} landed was read; every rule then in force was met: "
        f"{_words(found)}."
    )
    return _say(case, "rules-deduced", sentence, flags=("deduced",))


def _exempt(case: _Case) -> str:
    """Who landed it, where the bypass list of then names them as exempt."""
    actor = case.landing.actor or case.chain.change.merged_by
    exempt = {one.key for one in case.rules.bypass or () if one.mode == "exempt"}
    return who(actor) if actor is not None and actor.key in exempt else ""


def _words(found: Iterable[Shown]) -> str:
    return "; ".join(one.words for one in found)


def _say(case: _Case, reason: str, sentence: str, flags: Iterable[str] = ()) -> Determination:
    facts: list[Fact] = [*case.landing.facts]
    pull = case.chain.evidence.pull_request
    if pull is not None:
        facts.append(pull)
    flags = [*flags, *(["bypass-list-not-visible"] if case.rules.bypass is None else [])]
    return on_change(
        CONTROL,
        case.chain,
        reason,
        sentence,
        facts=facts,
        entries=case.rules.entries,
        flags=flags,
    )
