"""What an Application shows beside operations: owner, drift, repairs, hydrated commits, retries."""

from __future__ import annotations

import json

import pytest

from evidence.collectors.argocd import parse as parsing
from evidence.model.capture import Capture, Form
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.runtime import RuntimeEvent, RuntimeKind


def parsed(body):
    capture = Capture(
        source="cd",
        kind=parsing.APPLICATION,
        key="uid",
        series="applications/1",
        observed_at=99,
        form=Form.SLICE,
        payload=json.dumps(body).encode(),
        collector="argocd",
        collector_version="2",
        context={"system": "cd.test"},
    )
    return parsing.parse(capture).facts


def facts(body, cls):
    return [one for one in parsed(body) if isinstance(one, cls)]


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({}, ""),
        ({"ownerReferences": [{"kind": "ApplicationSet", "name": "all"}]}, "ApplicationSet/all"),
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:a/b"}},
            "Application/root",
        ),
        ({"labels": {"app.kubernetes.io/instance": "root"}}, "Application/root"),
        ({"labels": {"app.kubernetes.io/instance": "shop-prod"}}, ""),
        ({"ownerReferences": 7, "annotations": [], "labels": None}, ""),
    ],
)
def test_a_child_says_what_made_it(build, metadata, owner):
    body = build.application()
    body["metadata"] |= metadata
    assert facts(body, ApplicationState)[0].owner == owner


def out_of_sync(build, revision):
    resources = [
        {"kind": "Deployment", "namespace": "shop", "name": "web", "status": "OutOfSync"},
        {"kind": "Service", "namespace": "shop", "name": "web", "status": "Synced"},
    ]
    return build.application(
        sync={"status": "OutOfSync", "revision": revision}, resources=resources
    )


def test_a_difference_to_what_was_synced_is_drift(build):
    body = out_of_sync(build, f"{12:040x}")
    (state,) = facts(body, ApplicationState)
    (event,) = facts(body, RuntimeEvent)
    assert state.drift == ("Deployment/shop/web: OutOfSync",)
    assert (event.kind, event.at, event.actor) == (RuntimeKind.DRIFT, 99, None)
    assert "Deployment/shop/web" in event.message


def test_git_ahead_of_the_cluster_is_pending_and_no_drift(build):
    body = out_of_sync(build, f"{13:040x}")
    assert facts(body, ApplicationState)[0].drift == ()
    assert facts(body, RuntimeEvent) == []


def test_a_self_heal_is_told_with_its_attempts(build):
    operation = build.operation(
        20, resources=[{"kind": "Deployment", "name": "web"}], autoHealAttemptsCount=400
    )
    operation["operation"]["initiatedBy"] = {"automated": True}
    (event,) = facts(build.application(operationState=operation), RuntimeEvent)
    assert (event.kind, event.count, event.automated) == (RuntimeKind.SELF_HEAL, 400, True)


def test_the_hydrated_commit_names_the_one_it_was_rendered_from(build):
    done = {"drySHA": "d" * 40, "hydratedSHA": f"{12:040x}"}
    body = build.application(sourceHydrator={"lastSuccessfulOperation": done})
    told = {one.history_id: one.sources[0].origin_revision for one in facts(body, Deployment)}
    assert told == {10: "", 11: "", 12: "d" * 40}


def test_tries_within_an_operation_are_counted(build):
    operation = {**build.operation(20, "Failed"), "retryCount": 3}
    assert facts(build.application(operationState=operation), Deployment)[-1].retries == 3


@pytest.mark.parametrize(
    ("files", "home"),
    [
        (["$values/envs/prod/web.yaml"], "envs/prod"),
        (["$values/envs/prod/web.yaml", "$values/envs/base.yaml"], "envs"),
        (["$values/web.yaml", "$values/envs/base.yaml"], ""),
        (["local.yaml", "$other/envs/x.yaml"], ""),
        ([], ""),
    ],
)
def test_a_source_of_values_alone_is_held_to_where_they_stand(build, files, home):
    chart = {"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.0.0"}
    sources = [
        {**chart, "helm": {"valueFiles": files}},
        {"repoURL": "https://git.test/config.git", "targetRevision": "main", "ref": "values"},
    ]
    row = build.row(12, source=None, sources=sources, revision="", revisions=["1.0.0", "a" * 40])
    (one,) = facts(build.application(history=[row], operationState={}), Deployment)
    assert [each.path for each in one.sources] == ["", home]
    assert [each.revision for each in one.sources] == ["1.0.0", "a" * 40]
