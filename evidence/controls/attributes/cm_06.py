"""CM-06: the required tests ran on what was implemented and passed before it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evidence.chain.answers import changed_paths
from evidence.controls.attributes import cm_03
from evidence.controls.determine import on_change
from evidence.controls.gates import (
    NOT_YET,
    Gate,
    deployed_revisions,
    deployments_in_order,
    gate_of,
    up_to_date,
)
from evidence.controls.reasons import REASONS
from evidence.controls.required import Required, required_of
from evidence.controls.validation import ABSENT, PASSED, UNREAD, Moment, Result, examine
from evidence.controls.words import clip, listing, short, when
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.check import CheckRun
from evidence.model.determination import Determination, Outcome
from evidence.model.globs import all_match, matches
from evidence.policy import Policy, RequiredCheck

CONTROL = "CM-06"

_GATE_FILES = (".github/workflows/**", ".github/actions/**")
"""Files that define what the checks do."""


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """Every applicable required check: latest attempt in time, on a gate commit, successful."""
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    if not chain.evidence.github_observed:
        sentence = f"The forge was not asked about this commit, {cm_03.why_unasked(chain.change)}."
        return on_change(CONTROL, chain, "not-collected", sentence)
    gate = gate_of(chain, policy, as_of)
    wanted = required_of(chain, policy)
    if not wanted.checks:
        return on_change(CONTROL, chain, "required-set-unknown", _nothing_required(wanted))
    results = [_one(chain, required, gate) for required in wanted.checks]
    results += _deployed_between(chain, wanted, policy.checks_kept)
    if any(result.reason != "exempt-paths" for result in results):
        results += _behind_base(chain, policy, gate)
    return _decide(chain, gate, wanted, results)


def by_deadline(
    chain: Chain, policy: Policy, as_of: int, deadline: int, deployed: Iterable[str]
) -> list[Result]:
    """What each required check came to by a later moment, on what was deployed, landed or gated.

    By the rules of this control, but for a change whose tests may follow it (CM-12). The moment is
    the last look at its checks where that was earlier than `deadline`, microseconds UTC.
    """
    before = gate_of(chain, policy, as_of)
    shas = tuple(dict.fromkeys((*deployed, chain.change.landing_sha, *before.shas)))
    looks = [one.observed_at for one in chain.evidence.coverage if one.sha in shas]
    moment = Moment(
        at=min(deadline, as_of, max(looks, default=as_of)),
        tolerance=policy.clock_tolerance,
        name="end of the time for tests",
    )
    gate = replace(before, shas=tuple(one for one in shas if one), moment=moment, queued=False)
    return [_one(chain, one, gate) for one in required_of(chain, policy).checks]


def _nothing_required(wanted: Required) -> str:
    if wanted.observed:
        return "The policy lists no required check, and the branch required none then."
    return "The policy lists no required check, and what the branch required then was not observed."


# --- one required check


def _one(chain: Chain, required: RequiredCheck, gate: Gate) -> Result:
    exempt = _exempt(chain, required)
    if exempt:
        words = f"{clip(required.name)} does not apply to the changed files"
        return Result(reason="exempt-paths", words=words)
    result = _on_gate(chain, required, gate)
    if exempt is None:
        words = f"{result.words}; whether only exempt files changed was not read"
        return replace(result, reason="paths-not-read", words=words)
    return result


def _exempt(chain: Chain, required: RequiredCheck) -> bool | None:
    """Whether the policy's path rule lifts the check; None where the files were not read."""
    if not required.unless_only_paths:
        return False
    paths = changed_paths(chain)
    return None if paths is None else all_match(paths, required.unless_only_paths)


def _on_gate(chain: Chain, required: RequiredCheck, gate: Gate) -> Result:
    if required.source:
        words = f"{clip(required.name)} runs in {clip(required.source)}, which is not collected"
        return Result(reason="ci-not-collected", words=words)
    if not gate.shas:
        reason = "queue-head-unknown" if gate.queued else "head-unknown"
        return Result(reason=reason, words="the commit to test is not known")
    if not gate.moment.at:
        return _without_moment(chain, required, gate)
    results: list[Result] = []
    for sha in gate.shas:
        result = examine(chain.evidence, required, sha, gate.moment)
        if result.present:
            return _in_group(chain, sha, result) if sha in gate.groups else result
        results.append(result)
        if result.reason == UNREAD and not _never_asked(chain, sha):
            break
    return _absent(chain, required, gate, results)


def _never_asked(chain: Chain, sha: str) -> bool:
    """A later deployed revision whose checks nobody asked for: the next gate may speak."""
    asked = {one.sha for one in chain.evidence.coverage}
    asked |= {one.sha for one in chain.evidence.checks}
    return sha not in asked and sha not in {chain.change.landing_sha, chain.change.head_sha}


def _without_moment(chain: Chain, required: RequiredCheck, gate: Gate) -> Result:
    """A direct commit: a check that failed or never ran decides without knowing the moment."""
    now = Moment(at=max((one.observed_at for one in chain.evidence.coverage), default=0))
    result = examine(chain.evidence, required, gate.shas[0], now)
    if result.reason != PASSED:
        return result
    words = f"{result.words}; when the commit reached the branch was not observed"
    return replace(result, reason="merge-time-unknown", words=words)


def _absent(chain: Chain, required: RequiredCheck, gate: Gate, results: list[Result]) -> Result:
    """No gate commit holds the check: missing only where every one of them was read whole."""
    unread = [result for result in results if result.reason == UNREAD]
    if unread:
        return unread[0]
    first = results[0]
    elsewhere = [
        run.sha
        for run in chain.evidence.checks
        if run.name == required.name
        and run.sha not in gate.shas
        and run.conclusion.upper() in required.accept
    ]
    if gate.queued or not elsewhere:
        return first
    words = f"{first.words}; it succeeded on {listing(short(sha) for sha in elsewhere)}"
    return replace(first, reason="wrong-sha", words=words)


def _in_group(chain: Chain, sha: str, result: Result) -> Result:
    """The group's head was tested; deploying this change's own commit alone was not."""
    own = chain.change.landing_sha
    if result.reason == PASSED and own in deployed_revisions(chain):
        words = f"{short(own)} was deployed, but only the group's head {short(sha)} was tested"
        return replace(result, reason="tree-not-tested", words=words)
    return replace(result, flags=(*result.flags, "group"))


# --- what else decides


def _deployed_between(chain: Chain, wanted: Required, kept: int) -> list[Result]:
    """A deployed commit between base and head has a tree of its own, which must be tested."""
    change = chain.change
    between = set(change.commits) - {change.landing_sha, change.head_sha}
    results = _unread_deployments(chain) if between else []
    for deployment in deployments_in_order(chain):
        for span in deployment.ranges:
            if span.repository != change.repository or span.revision not in between:
                continue
            moment = Moment(at=deployment.started_at, kept=kept, name="start of the deployment")
            results += [
                _between(examine(chain.evidence, required, span.revision, moment), span.revision)
                for required in wanted.checks
                if _exempt(chain, required) is False
            ]
    return results


def _unread_deployments(chain: Chain) -> list[Result]:
    """A deployment that carried it and was not read may have set a commit in between."""
    known = {one.deployment_id for one in chain.evidence.deployments}
    lost = [one for one in chain.change.deployments if one not in known]
    words = f"deployment {listing(clip(one) for one in lost)} was not read"
    return [Result(reason="deployments-incomplete", words=words)] if lost else []


def _between(result: Result, sha: str) -> Result:
    if result.reason != ABSENT:
        return result
    words = f"{short(sha)} was deployed: tree not tested, {result.words}"
    return replace(result, reason="tree-not-tested", words=words)


def _behind_base(chain: Chain, policy: Policy, gate: Gate) -> list[Result]:
    """Where the base had moved and no queue tested the result: a flag, or what policy says."""
    if gate.queued or chain.change.kind == ChangeKind.DIRECT:
        return []
    fresh = up_to_date(chain)
    if fresh:
        return []
    if not policy.require_up_to_date:
        flags = ("not up to date",) if fresh is False else ()
        return [Result(reason="exempt-paths", words="", flags=flags)]
    base = short(chain.change.base_sha)
    if fresh is None:
        return [Result(reason="up-to-date-unknown", words=f"whether {base} was in it is not known")]
    words = f"the branch did not hold {base}, on which it was merged"
    return [Result(reason="not-up-to-date", words=words, flags=("not up to date",))]


# --- the outcome


def _decide(chain: Chain, gate: Gate, wanted: Required, results: list[Result]) -> Determination:
    told = [result for result in results if result.words]
    outcomes = {id(result): REASONS[result.reason].outcome for result in told}
    worst = min(told, key=lambda one: _RANK[outcomes[id(one)]])
    same = [result for result in told if outcomes[id(result)] == outcomes[id(worst)]]
    open_still = gate.moment.name == NOT_YET and outcomes[id(worst)] == Outcome.FAIL
    at = f" at {when(gate.moment.at)}" if gate.moment.at else ", whose time was not observed"
    lead = f"Required before the {gate.moment.name}{at}, by the policy's list"
    if wanted.observed:
        sentence = f"{lead} and what the branch required then: {_words(same)}."
    else:
        sentence = f"{lead} (the branch's own settings then were not observed): {_words(same)}."
    return on_change(
        CONTROL,
        chain,
        "not-yet-deployed" if open_still else worst.reason,
        sentence,
        facts=[fact for result in results for fact in result.facts],
        entries=wanted.entries,
        flags=[
            *_flags(chain, wanted),
            *(flag for result in results for flag in result.flags),
            *_soft(chain, results),
        ],
    )


def _soft(chain: Chain, results: Iterable[Result]) -> list[str]:
    """A required job succeeded although a step of it failed, as its log shows."""
    passed = {
        fact.check_id
        for result in results
        if result.reason == PASSED
        for fact in result.facts
        if isinstance(fact, CheckRun)
    }
    soft = any(log.soft_fail and log.check_id in passed for log in chain.evidence.logs)
    return ["soft-fail"] if soft else []


_RANK = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 3}


def _words(results: Iterable[Result]) -> str:
    return "; ".join(dict.fromkeys(result.words for result in results))


def _flags(chain: Chain, wanted: Required) -> list[str]:
    paths = changed_paths(chain) or ()
    touched = any(matches(path, _GATE_FILES) for path in paths)
    unseen = [] if wanted.observed else ["protection-not-observed"]
    return [*unseen, *(["gate modified"] if touched else [])]
