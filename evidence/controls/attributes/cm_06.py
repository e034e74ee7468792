"""CM-06: the required tests ran on what was implemented and passed before it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evidence.chain.answers import ask, changed_paths, member, value_of
from evidence.controls.attributes import cm_03
from evidence.controls.determine import on_change
from evidence.controls.paths import all_match, matches
from evidence.controls.reasons import REASONS
from evidence.controls.timeline import timeline_of
from evidence.controls.validation import ABSENT, PASSED, UNREAD, Moment, Result, examine
from evidence.controls.words import clip, listing, short, when
from evidence.model.change import (
    Chain,
    ChangeKind,
    LinkKind,
    MergeMethod,
    ProductionDeployment,
    Strength,
)
from evidence.model.determination import Determination, Outcome
from evidence.model.git import QuestionKind
from evidence.policy import Policy, RequiredCheck

CONTROL = "CM-06"

_GATE_FILES = (".github/workflows/**", ".github/actions/**")
"""Files that define what the checks do."""

_NOT_YET = "time of evaluation"

_RELIED_ON = frozenset({Strength.PROVED, Strength.STRONG, Strength.INFERRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """Commits whose results decide, in order: the first that holds the check speaks."""

    shas: tuple[str, ...]
    moment: Moment
    queued: bool = False
    groups: tuple[str, ...] = field(default=())
    """Heads of merge-queue groups among `shas`."""


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """Every applicable required check: latest attempt in time, on a gate commit, successful."""
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    if not chain.evidence.github_observed:
        sentence = "The forge was never read for this repository, so no check is known."
        return on_change(CONTROL, chain, "not-collected", sentence)
    if not policy.required_checks:
        sentence = (
            "The policy lists no required check, and what the branch required then was not "
            "observed."
        )
        return on_change(CONTROL, chain, "required-set-unknown", sentence)
    gate = _gate(chain, policy, as_of)
    results = [_one(chain, required, gate) for required in policy.required_checks]
    results += _deployed_between(chain, policy)
    if any(result.reason != "exempt-paths" for result in results):
        results += _behind_base(chain, policy, gate)
    return _decide(chain, gate, results)


# --- which commits and which moment


def _gate(chain: Chain, policy: Policy, as_of: int) -> _Gate:
    change, pull = chain.change, chain.evidence.pull_request
    head = change.head_sha or (pull.head_sha if pull else "")
    queued = change.merge_method == MergeMethod.QUEUE or bool(pull and pull.merge_queue)
    groups = _group_heads(chain, policy) if queued else ()
    if queued:
        shas: tuple[str, ...] = (change.landing_sha, *groups)
    elif change.kind == ChangeKind.DIRECT:
        shas = (change.landing_sha,)
    else:
        shas = (*_linked(chain, ("test_merge",)), head)
    moment = Moment(at=timeline_of(chain.evidence).merged_at)
    if policy.required_check_moment == "before_deploy":
        shas = (*_deployed(chain), change.landing_sha, *shas)
        moment = _deploy_moment(chain, policy, as_of)
    found = tuple(dict.fromkeys(sha for sha in shas if sha))
    return _Gate(shas=found, moment=moment, queued=queued, groups=groups)


def _deploy_moment(chain: Chain, policy: Policy, as_of: int) -> Moment:
    """The first deployment's start; before there is one, the time of evaluation."""
    starts = [one.started_at for one in chain.evidence.deployments if one.started_at]
    at = min(starts, default=chain.change.first_deployed_at)
    if not at:
        read = max((one.observed_at for one in chain.evidence.coverage), default=as_of)
        return Moment(at=min(as_of, read), name=_NOT_YET)
    return Moment(at=at, tolerance=policy.clock_tolerance, name="start of the deployment")


def _linked(chain: Chain, bases: tuple[str, ...]) -> tuple[str, ...]:
    """Commits of checks that a link rule tied to the change by one of these bases."""
    wanted = {
        reference.partition(":")[2]
        for link in chain.links
        if link.kind == LinkKind.VALIDATION
        and link.basis.startswith(bases)
        and link.strength in _RELIED_ON
        for reference in (link.source, link.target)
        if reference.startswith("check:")
    }
    shas = [run.sha for run in chain.evidence.checks if run.check_id in wanted]
    return tuple(dict.fromkeys(sha for sha in shas if sha != chain.change.landing_sha))


def _group_heads(chain: Chain, policy: Policy) -> tuple[str, ...]:
    """Heads of merge-queue groups that were deployed, with checks that ended before the merge."""
    merged_at = timeline_of(chain.evidence).merged_at
    names = {required.name for required in policy.required_checks}
    deployed = set(_deployed(chain)) - {chain.change.landing_sha}
    tested = [
        run.sha
        for run in chain.evidence.checks
        if run.sha in deployed and run.name in names and 0 < run.completed_at <= merged_at
    ]
    return tuple(dict.fromkeys((*_linked(chain, ("queue", "group")), *tested)))


def _deployed(chain: Chain) -> tuple[str, ...]:
    """Revisions of the change's repository that its production deployments set."""
    return tuple(
        span.revision
        for deployment in _in_order(chain)
        for span in deployment.ranges
        if span.repository == chain.change.repository and span.revision
    )


def _in_order(chain: Chain) -> list[ProductionDeployment]:
    return sorted(chain.evidence.deployments, key=lambda one: (one.started_at, one.deployment_id))


# --- one required check


def _one(chain: Chain, required: RequiredCheck, gate: _Gate) -> Result:
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


def _on_gate(chain: Chain, required: RequiredCheck, gate: _Gate) -> Result:
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


def _without_moment(chain: Chain, required: RequiredCheck, gate: _Gate) -> Result:
    """A direct commit: a check that failed or never ran decides without knowing the moment."""
    now = Moment(at=max((one.observed_at for one in chain.evidence.coverage), default=0))
    result = examine(chain.evidence, required, gate.shas[0], now)
    if result.reason != PASSED:
        return result
    words = f"{result.words}; when the commit reached the branch was not observed"
    return replace(result, reason="merge-time-unknown", words=words)


def _absent(chain: Chain, required: RequiredCheck, gate: _Gate, results: list[Result]) -> Result:
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
    if result.reason == PASSED and own in _deployed(chain):
        words = f"{short(own)} was deployed, but only the group's head {short(sha)} was tested"
        return replace(result, reason="tree-not-tested", words=words)
    return replace(result, flags=(*result.flags, "group"))


# --- what else decides


def _deployed_between(chain: Chain, policy: Policy) -> list[Result]:
    """A deployed commit between base and head has a tree of its own, which must be tested."""
    change = chain.change
    between = set(change.commits) - {change.landing_sha, change.head_sha}
    results: list[Result] = []
    for deployment in _in_order(chain):
        for span in deployment.ranges:
            if span.repository != change.repository or span.revision not in between:
                continue
            moment = Moment(at=deployment.started_at, name="start of the deployment")
            results += [
                _between(examine(chain.evidence, required, span.revision, moment), span.revision)
                for required in policy.required_checks
                if _exempt(chain, required) is False
            ]
    return results


def _between(result: Result, sha: str) -> Result:
    if result.reason != ABSENT:
        return result
    words = f"{short(sha)} was deployed: tree not tested, {result.words}"
    return replace(result, reason="tree-not-tested", words=words)


def _behind_base(chain: Chain, policy: Policy, gate: _Gate) -> list[Result]:
    """Where the base had moved and no queue tested the result: a flag, or what policy says."""
    if gate.queued or chain.change.kind == ChangeKind.DIRECT:
        return []
    fresh = _up_to_date(chain)
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


def _up_to_date(chain: Chain) -> bool | None:
    """Whether the head held the base at merge; None where neither Git nor the parents say."""
    change, evidence = chain.change, chain.evidence
    question = ask(change.repository, QuestionKind.NET_DIFF, change.base_sha, change.head_sha)
    base = member(value_of(evidence.answers, question), "merge_base")
    if isinstance(base, str) and change.base_sha:
        return base == change.base_sha
    listed = {row.sha for row in evidence.pull_request_commits}
    commits = {commit.sha: commit for commit in evidence.commits if commit.sha in listed}
    below = {parent for commit in commits.values() for parent in commit.parents} - listed
    if change.base_sha and change.base_sha in below:
        return True
    pull = evidence.pull_request
    whole = pull is not None and 0 < pull.commits_total <= len(commits)
    return False if whole and change.base_sha and change.head_sha in commits else None


# --- the outcome


def _decide(chain: Chain, gate: _Gate, results: list[Result]) -> Determination:
    told = [result for result in results if result.words]
    outcomes = {id(result): REASONS[result.reason].outcome for result in told}
    worst = min(told, key=lambda one: _RANK[outcomes[id(one)]])
    same = [result for result in told if outcomes[id(result)] == outcomes[id(worst)]]
    open_still = gate.moment.name == _NOT_YET and outcomes[id(worst)] == Outcome.FAIL
    at = when(gate.moment.at)
    lead = f"Required before the {gate.moment.name} at {at}, by the policy's list"
    sentence = f"{lead} (the branch's own settings then were not observed): {_words(same)}."
    return on_change(
        CONTROL,
        chain,
        "not-yet-deployed" if open_still else worst.reason,
        sentence,
        facts=[fact for result in results for fact in result.facts],
        flags=[*_flags(chain), *(flag for result in results for flag in result.flags)],
    )


_RANK = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 3}


def _words(results: Iterable[Result]) -> str:
    return "; ".join(dict.fromkeys(result.words for result in results))


def _flags(chain: Chain) -> list[str]:
    paths = changed_paths(chain) or ()
    touched = any(matches(path, _GATE_FILES) for path in paths)
    return ["protection-not-observed", *(["gate modified"] if touched else [])]
