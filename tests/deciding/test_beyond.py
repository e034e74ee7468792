"""Commits beyond a change's own: heads that were pushed away, deployed heads of merge-queue groups."""

from __future__ import annotations

from evidence.chain.graph import CommitGraph
from evidence.deciding.beyond import gate_revisions, unlisted
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, ChangeKind, MergeMethod
from evidence.model.production import DeploymentKind, ProductionDeployment, RevisionRange
from evidence.model.pull_request import PullRequestEvent
from evidence.policy import Policy

# root - base - landed; old1 - old2 were cut from root and pushed away.
GRAPH = CommitGraph(["root", "base", "landed", "old1", "old2"], [(), (0,), (1,), (0,), (3,)])


def change(**fields):
    return Change(
        change_id="shop:pr:7",
        kind=ChangeKind.PULL_REQUEST,
        repository="shop",
        number=7,
        **{"base_sha": "base", "landing_sha": "landed", **fields},
    )


def force_push(before):
    return PullRequestEvent(
        repository="shop",
        number=7,
        event_id="e1",
        position=0,
        kind="HeadRefForcePushed",
        actor=None,
        at=1,
        before_sha=before,
        after_sha="landed",
        entry_seq=1,
        observed_at=1,
    )


def deployed(repository, revision):
    span = RevisionRange(
        repository=repository,
        path="",
        previous="base",
        revision=revision,
        kind=DeploymentKind.FORWARD,
    )
    return ProductionDeployment(
        deployment_id="argocd:u:1",
        application="shop-prod",
        environment="production",
        kind=DeploymentKind.FORWARD,
        started_at=1,
        finished_at=2,
        phase="Succeeded",
        initiator=None,
        automated=True,
        ranges=(span,),
    )


def found(events, graph=GRAPH, *, cut=False, **fields):
    return unlisted(change(**fields), events, graph, cut=cut)


def test_a_head_that_was_pushed_away_brings_its_commits_down_to_the_branch():
    assert found([force_push("old2")]) == {"old1", "old2"}


def test_a_pushed_away_head_that_git_does_not_hold_brings_nothing():
    assert found([force_push("gone")]) == set()


def test_a_listing_that_was_cut_is_completed_from_git():
    assert found([], cut=True, head_sha="old2") == {"old1", "old2"}
    assert found([], cut=False, head_sha="old2") == set()


def test_without_graph_or_base_nothing_is_added():
    assert found([force_push("old2")], None) == set()
    assert found([force_push("old2")], base_sha="") == set()


def test_what_a_merge_queue_deployed_may_be_the_gate_of_each_of_its_group():
    queued = ChangeEvidence(
        change=change(merge_method=MergeMethod.QUEUE),
        deployments=(deployed("shop", "group-head"), deployed("deploy", "other")),
    )

    assert gate_revisions(queued, Policy()) == {"group-head"}


def test_a_deployed_commit_is_a_gate_of_others_only_where_the_policy_tests_before_deployment():
    squashed = ChangeEvidence(
        change=change(merge_method=MergeMethod.SQUASH), deployments=(deployed("shop", "later"),)
    )

    assert gate_revisions(squashed, Policy()) == set()
    assert gate_revisions(squashed, Policy(required_check_moment="before_deploy")) == {"later"}
