"""A small Kubernetes API that serves any lists, and builders of rollouts, canaries and events."""

from __future__ import annotations

import copy
import json
import re
import types
from typing import Any

import pytest
from werkzeug import Response

TOKEN = "k" * 9
ARGO, FLAGGER = "argoproj.io/v1alpha1", "flagger.app/v1beta1"


class FakeCluster:
    """Lists by `group/version/plural` (core: `v1/plural`), in chunks of two."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.forbidden: set[str] = set()
        self.asked = 0

    def handle(self, request: Any) -> Response:
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return answer(401, {"kind": "Status"})
        path = re.sub("^/apis?/", "", request.path)
        groups = {name.rpartition("/")[0] for name in self.lists}
        if path in self.lists:
            return self.listed(path, request)
        if path in groups:
            plurals = [name.rpartition("/")[2] for name in self.lists if name.startswith(path)]
            return answer(200, {"resources": [{"name": each} for each in plurals]})
        versions = [each.partition("/")[2] for each in groups if each.startswith(f"{path}/")]
        if versions:
            return answer(200, {"versions": [{"version": each} for each in versions]})
        return answer(404, {"kind": "Status"})

    def listed(self, path: str, request: Any) -> Response:
        if path.rpartition("/")[2] in self.forbidden:
            return answer(403, {"kind": "Status"})
        begin = int(request.args.get("continue", "0"))
        shown = copy.deepcopy(self.lists[path][begin : begin + 2])
        for one in shown:
            one["metadata"]["resourceVersion"] = str(self.asked)
        more = {"continue": str(begin + 2)} if begin + 2 < len(self.lists[path]) else {}
        return answer(200, {"metadata": more, "items": shown})


def answer(status: int, body: Any) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def stamp(minute: int) -> str:
    return f"2026-09-01T10:{minute:02d}:00Z"


def rollout(name: str = "web", **status: Any) -> dict[str, Any]:
    tracking = {"argocd.argoproj.io/tracking-id": f"shop-prod:argoproj.io/Rollout:shop/{name}"}
    steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": 60}}]
    containers = [{"name": "web", "image": "registry.test/web:2"}]
    return {
        "apiVersion": ARGO,
        "kind": "Rollout",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "annotations": tracking,
        },
        "spec": {
            "strategy": {"canary": {"steps": steps}},
            "template": {"spec": {"containers": containers}},
        },
        "status": {
            "phase": "Paused",
            "currentPodHash": "new",
            "stableRS": "old",
            "currentStepIndex": 1,
            "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": stamp(5)}],
            "conditions": [
                {
                    "type": "Progressing",
                    "status": "Unknown",
                    "reason": "RolloutPaused",
                    "message": "Rollout is paused",
                    "lastTransitionTime": stamp(5),
                }
            ],
            **status,
        },
    }


def analysis(name: str = "web-new-1", phase: str = "Failed") -> dict[str, Any]:
    measurements = [{"startedAt": stamp(6), "finishedAt": stamp(7), "phase": phase, "value": "1"}]
    return {
        "apiVersion": ARGO,
        "kind": "AnalysisRun",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "labels": {"rollouts-pod-template-hash": "new"},
            "ownerReferences": [{"kind": "Rollout", "name": "web"}],
        },
        "spec": {},
        "status": {
            "phase": phase,
            "startedAt": stamp(6),
            "metricResults": [
                {
                    "name": "errors",
                    "phase": phase,
                    "count": 3,
                    "failed": 2,
                    "measurements": measurements,
                }
            ],
        },
    }


def canary(phase: str = "Failed", name: str = "till", **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": FLAGGER,
        "kind": "Canary",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "labels": {
                "kustomize.toolkit.fluxcd.io/name": "shop",
                "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            },
        },
        "spec": {
            "analysis": {"webhooks": [{"type": "confirm-promotion", "name": "ask", "url": "x"}]}
        },
        "status": {
            "phase": phase,
            "canaryWeight": 20,
            "iterations": 0,
            "lastAppliedSpec": "new",
            "lastPromotedSpec": "old",
            "lastTransitionTime": stamp(9),
            "conditions": [
                {"type": "Promoted", "status": "False", "reason": "Failed", "message": "went back"}
            ],
            **status,
        },
    }


@pytest.fixture
def cluster(httpserver: Any) -> FakeCluster:
    fake = FakeCluster(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(re.compile("/apis?/.*")).respond_with_handler(fake.handle)
    return fake


@pytest.fixture
def build() -> Any:
    """The builders of this file, for test modules."""
    return types.SimpleNamespace(
        analysis=analysis, canary=canary, rollout=rollout, stamp=stamp, token=TOKEN
    )
