"""Commits that a change's evidence needs and that are none of its own.

Heads that a force-push replaced: who wrote them contributed. Deployed commits of other changes:
their checks may be the gate of this one.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.chain.graph import CommitGraph, only_in
from evidence.model.change import Change, ChangeEvidence, MergeMethod
from evidence.model.pull_request import PullRequestEvent
from evidence.policy import Policy


def pushed_away(
    change: Change, events: Iterable[PullRequestEvent], graph: CommitGraph | None
) -> set[str]:
    """Commits of heads that a force-push replaced, without those of the branch it landed on."""
    replaced = {event.before_sha for event in events if event.kind == "HeadRefForcePushed"}
    if graph is None or not replaced or change.base_sha not in graph.index:
        return set()
    base = graph.index[change.base_sha]
    heads = [graph.index[sha] for sha in sorted(replaced) if sha in graph.index]
    return {graph.shas[commit] for head in heads for commit in only_in(graph, head, [base])}


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
