"""Commits that a change's evidence needs and that it does not name.

What no listing names, because a force-push replaced it or the forge's list is too short: who wrote
it contributed. Deployed commits of other changes: their checks may be the gate of this one.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.chain.graph import CommitGraph, only_in
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, MergeMethod
from evidence.model.pull_request import PullRequestEvent
from evidence.policy import Policy

FORCED = "HeadRefForcePushed"
"""The event of a head that was pushed away."""


def unlisted(
    change: Change,
    events: Iterable[PullRequestEvent],
    graph: CommitGraph | None,
    *,
    cut: bool,
) -> set[str]:
    """Commits that a change held and no listing names, without those of the branch it landed on.

    They belong to heads that a force-push replaced, and to its last head where `cut` says that the
    forge counts more commits than it lists.
    """
    heads = {event.before_sha for event in events if event.kind == FORCED}
    heads |= {change.head_sha} if cut else set()
    if graph is None or not heads or change.base_sha not in graph.index:
        return set()
    base = graph.index[change.base_sha]
    known = [graph.index[sha] for sha in sorted(heads) if sha in graph.index]
    return {graph.shas[commit] for head in known for commit in only_in(graph, head, [base])}


def gate_revisions(evidence: ChangeEvidence, policy: Policy) -> set[str]:
    """Deployed revisions of its repository whose checks may stand for those of the change.

    A merge queue tests the head of a group for all of it; and the policy may ask for checks before
    the deployment instead of before the merge.
    """
    queued = evidence.change.merge_method == MergeMethod.QUEUE
    if not queued and policy.required_check_moment != "before_deploy":
        return set()
    return {
        span.revision
        for deployment in evidence.deployments
        for span in deployment.ranges
        if span.repository == evidence.change.repository and span.revision
    }
