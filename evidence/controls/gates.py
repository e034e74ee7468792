"""Gate commits: whose checks decide, in which order, and by which moment they must have ended."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.chain.answers import ask, member, value_of
from evidence.controls.landing import landed_at
from evidence.controls.timeline import timeline_of
from evidence.controls.validation import Moment
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind, LinkKind, MergeMethod, Strength
from evidence.model.git import QuestionKind
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

NOT_YET = "time of evaluation"
"""Name of the moment of a change that is not deployed yet."""

_RELIED_ON = frozenset({Strength.PROVED, Strength.STRONG, Strength.INFERRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Commits whose results decide, in order: the first that holds the check speaks."""

    shas: tuple[str, ...]
    moment: Moment
    queued: bool = False
    groups: tuple[str, ...] = ()
    """Heads of merge-queue groups among `shas`."""


def gate_of(chain: Chain, policy: Policy, as_of: int) -> Gate:
    """The queue's head if queued, else the test merge if it has checks, else the head (3.3).

    Where the policy tests before deployment, deployed and landed commits come first.
    """
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
    kept = policy.checks_kept
    moment = Moment(at=timeline_of(chain.evidence).merged_at, kept=kept)
    if change.kind == ChangeKind.DIRECT and not moment.at:
        moment = Moment(at=landed_at(chain.evidence), kept=kept, name="push")
    if policy.required_check_moment == "before_deploy":
        shas = (*deployed_revisions(chain), change.landing_sha, *shas)
        moment = _deploy_moment(chain, policy, as_of)
    found = tuple(dict.fromkeys(sha for sha in shas if sha))
    return Gate(shas=found, moment=moment, queued=queued, groups=groups)


def _deploy_moment(chain: Chain, policy: Policy, as_of: int) -> Moment:
    """The first deployment's start; before there is one, the last reading of its checks."""
    starts = [one.started_at for one in chain.evidence.deployments if one.started_at]
    at = min(starts, default=chain.change.first_deployed_at)
    if not at:
        read = max((one.observed_at for one in chain.evidence.coverage), default=as_of)
        return Moment(at=min(as_of, read), name=NOT_YET)
    return Moment(
        at=at,
        tolerance=policy.clock_tolerance,
        kept=policy.checks_kept,
        name="start of the deployment",
    )


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
    shas = {run.sha for run in chain.evidence.checks if run.check_id in wanted}
    return tuple(sorted(shas - {chain.change.landing_sha}))


def _group_heads(chain: Chain, policy: Policy) -> tuple[str, ...]:
    """Heads of merge-queue groups that were deployed, with checks that ended before the merge."""
    merged_at = timeline_of(chain.evidence).merged_at
    names = {required.name for required in policy.required_checks}
    deployed = set(deployed_revisions(chain)) - {chain.change.landing_sha}
    tested = {
        run.sha
        for run in chain.evidence.checks
        if run.sha in deployed and run.name in names and 0 < run.completed_at <= merged_at
    }
    return tuple(dict.fromkeys((*_linked(chain, ("queue", "group")), *sorted(tested))))


def deployments_in_order(chain: Chain) -> list[ProductionDeployment]:
    """The deployments that first carried the change, by start."""
    return sorted(chain.evidence.deployments, key=lambda one: (one.started_at, one.deployment_id))


def deployed_revisions(chain: Chain) -> tuple[str, ...]:
    """Revisions of the change's repository that its production deployments set."""
    return tuple(
        span.revision
        for deployment in deployments_in_order(chain)
        for span in deployment.ranges
        if span.repository == chain.change.repository and span.revision
    )


def up_to_date(chain: Chain) -> bool | None:
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
