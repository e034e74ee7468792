"""Rollouts and AnalysisRuns: what a look says, from the API and from a file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.argo_rollouts import ArgoRolloutsCollector
from evidence.errors import ConfigError, MalformedError
from evidence.model.capture import GapReason, Window
from evidence.model.rollout import Analysis, RolloutStep, Verdict

ALL = Window(since=0, until=2**62)


@pytest.fixture
def make(cluster, build):
    cluster.lists = {
        "argoproj.io/v1alpha1/rollouts": [build.rollout(name) for name in ("web", "api", "jobs")],
        "argoproj.io/v1alpha1/analysisruns": [build.analysis()],
    }

    def maker(**fields):
        given = {"source": "ro", "url": cluster.url, "token": build.token, **fields}
        return ArgoRolloutsCollector(**given)

    return maker


def read(collector, cls):
    return [
        fact
        for page in collector.fetch(ALL, "")
        for capture in page.captures
        for fact in collector.parse(capture).facts
        if isinstance(fact, cls)
    ]


def of_file(tmp_path, *objects):
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"kind": "List", "items": objects}), encoding="utf-8")
    return ArgoRolloutsCollector(source="ro", file=path)


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@pytest.fixture
def sample(make, contract):
    return contract.captures(contract.run(make))


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


def test_a_paused_rollout_says_its_step_its_weight_and_whose_it_is(make):
    first = read(make(), RolloutStep)[0]
    assert (first.name, first.revision, first.stable) == ("shop/web", "new", "old")
    assert (first.verdict, first.step, first.steps, first.weight) == (Verdict.PAUSED, 1, 4, 20)
    assert first.application == "shop-prod"
    assert first.images == ("registry.test/web:2",)
    assert first.gates == ("pause",)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({"abort": True, "abortedAt": "2026-09-01T10:08:00Z"}, Verdict.ABORTED),
        ({"stableRS": "new", "phase": "Healthy"}, Verdict.PROMOTED),
        ({"stableRS": "", "canary": {"stableRS": "new"}}, Verdict.PROMOTED),
        ({"phase": "Degraded"}, Verdict.FAILED),
        ({"pauseConditions": [], "phase": "Progressing"}, Verdict.PROGRESSING),
        ({"pauseConditions": [], "controllerPause": True}, Verdict.PAUSED),
        ({"pauseConditions": [], "phase": "", "conditions": []}, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_is_read_from_the_state(tmp_path, build, status, verdict):
    (one,) = read(of_file(tmp_path, build.rollout(**status)), RolloutStep)
    assert one.verdict is verdict


def test_an_abort_has_its_time(tmp_path, build):
    aborted = build.rollout(abort=True, abortedAt=build.stamp(8))
    (one,) = read(of_file(tmp_path, aborted), RolloutStep)
    assert one.aborted_at == one.ended_at == 1788257280000000


def test_a_rollout_whose_controller_said_nothing_yet_is_no_delivery(tmp_path, build):
    body = build.rollout()
    body["status"] = {}
    assert read(of_file(tmp_path, body), RolloutStep) == []


def test_an_analysis_says_what_it_measured_and_for_which_rollout(make):
    (one,) = read(make(), Analysis)
    assert (one.rollout, one.revision, one.phase) == ("shop/web", "new", "Failed")
    assert one.metrics == ("errors: Failed (3 measured, 2 failed)",)
    assert one.ended_at > one.started_at > 0


def test_what_may_not_be_listed_is_a_gap(make, cluster):
    cluster.forbidden = {"analysisruns"}
    gaps = [gap for page in make().fetch(ALL, "") for gap in page.gaps]
    assert [(gap.kind, gap.reason) for gap in gaps] == [
        ("rollouts.analysis_run", GapReason.FORBIDDEN)
    ]


def test_a_cluster_without_rollouts_and_a_file_without_them_are_told(make, cluster, tmp_path):
    cluster.lists = {"apps/v1/deployments": []}
    with pytest.raises(ConfigError, match="serves none of"):
        list(make().fetch(ALL, ""))
    with pytest.raises(MalformedError, match="holds none of"):
        list(of_file(tmp_path, {"kind": "Pod", "metadata": {"name": "x"}}).fetch(ALL, ""))
