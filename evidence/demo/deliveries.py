"""Rollouts, AnalysisRuns and Canaries of the simulated cluster, as of a moment.

Shapes: argo-rollouts v1.9 `pkg/apis/rollouts/v1alpha1/types.go`; the CRD canaries.flagger.app.
An abort resets the step and the weight, as the controllers do it: only the present state is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evidence.demo.history import History
from evidence.demo.history_deployed import ApplicationRecord, OperationRecord
from evidence.demo.moments import SECOND, iso
from evidence.demo.world import World
from evidence.demo.world_deployed import Delivery
from evidence.errors import ConfigError

_STOPPED = ("aborted", "rolled_back")
OUTCOMES = ("promoted", "progressing", *_STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One workload of one application and its deliveries that have begun, oldest first."""

    app: ApplicationRecord
    workload: str
    begun: tuple[tuple[Delivery, OperationRecord], ...]
    at: int

    @property
    def ends(self) -> int:
        """When the newest delivery ends."""
        delivery, operation = self.begun[-1]
        return operation.finished_at + delivery.seconds * SECOND

    @property
    def outcome(self) -> str:
        """Of the newest delivery, as it stands."""
        return self.begun[-1][0].outcome if self.at >= self.ends else "progressing"

    @property
    def revision(self) -> str:
        """Hash of the pod template that the newest delivery brings."""
        return _hash(self.begun[-1][1].revisions)

    @property
    def stable(self) -> str:
        """Hash of what serves when it is stopped."""
        done = [
            _hash(operation.revisions)
            for delivery, operation in self.begun[:-1]
            if delivery.outcome == "promoted"
        ]
        return self.revision if self.outcome == "promoted" else (done or [_hash(("before",))])[-1]


def stages(world: World, history: History, tool: str, at: int) -> Iterator[Stage]:
    """Every workload that a tool delivers, with what has begun by then."""
    found: dict[tuple[str, str], list[tuple[Delivery, OperationRecord]]] = {}
    for delivery in world.delivery:
        if delivery.tool != tool:
            continue
        app, operation = operation_of(history, delivery)
        if 0 < operation.finished_at <= at:
            found.setdefault((app.world.key, delivery.workload), []).append((delivery, operation))
    for (key, workload), begun in found.items():
        yield Stage(app=history.applications[key], workload=workload, begun=tuple(begun), at=at)


def operation_of(history: History, delivery: Delivery) -> tuple[ApplicationRecord, OperationRecord]:
    """The deployment that a delivery carries out."""
    if delivery.outcome not in OUTCOMES:
        raise ConfigError(f"A delivery has `outcome` one of {', '.join(OUTCOMES)}.")
    for app in history.applications.values():
        for operation in app.operations:
            if operation.key == delivery.deploy:
                return app, operation
    raise ConfigError(f"The world has no deployment `{delivery.deploy}` for a delivery.")


def rollouts(world: World, history: History, at: int) -> list[dict[str, Any]]:
    """Every Rollout object."""
    return [_rollout(stage) for stage in stages(world, history, "argo-rollouts", at)]


def analysis_runs(world: World, history: History, at: int) -> list[dict[str, Any]]:
    """One AnalysisRun of each delivery that has ended."""
    return [
        _analysis(stage)
        for stage in stages(world, history, "argo-rollouts", at)
        if stage.outcome != "progressing"
    ]


def canaries(world: World, history: History, at: int) -> list[dict[str, Any]]:
    """Every Canary object."""
    return [_canary(stage) for stage in stages(world, history, "flagger", at)]


def _metadata(stage: Stage, kind: str, name: str) -> dict[str, Any]:
    app = stage.app.world
    home, own = app.target_namespace or app.name or app.key, app.name or app.key
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": home,
        "uid": f"uid-{kind.lower()}-{app.key}-{name}",
        "resourceVersion": str(stage.at // SECOND),
        "generation": len(stage.begun),
    }
    if app.deployer == "flux":
        mark = "kustomize.toolkit.fluxcd.io"
        metadata["labels"] = {f"{mark}/name": own, f"{mark}/namespace": app.namespace}
    else:
        tracked = f"{own}:argoproj.io/{kind}:{home}/{name}"
        metadata["annotations"] = {"argocd.argoproj.io/tracking-id": tracked}
    return metadata


def _rollout(stage: Stage) -> dict[str, Any]:
    delivery, operation = stage.begun[-1]
    state: dict[str, Any] = {
        "observedGeneration": str(len(stage.begun)),
        "currentPodHash": stage.revision,
        "stableRS": stage.stable,
        "currentStepIndex": {"promoted": 3, "progressing": 1}.get(stage.outcome, 0),
        "canary": {},
    }
    told = {
        "promoted": ("Healthy", "True", "NewReplicaSetAvailable", ""),
        "progressing": ("Paused", "Unknown", "RolloutPaused", "CanaryPauseStep"),
    }
    said = f"Rollout aborted update to revision {len(stage.begun)}: {delivery.message}"
    failed = ("Degraded", "False", "RolloutAborted", said)
    state["phase"], good, reason, message = told.get(stage.outcome, failed)
    moved = iso(stage.ends if stage.outcome != "progressing" else operation.finished_at)
    state["message"] = message
    state["conditions"] = [
        {
            "type": "Progressing",
            "status": good,
            "reason": reason,
            "message": message or "progressed",
            "lastTransitionTime": moved,
            "lastUpdateTime": moved,
        }
    ]
    if stage.outcome == "progressing":
        state["pauseConditions"] = [{"reason": "CanaryPauseStep", "startTime": moved}]
        state["controllerPause"] = True
    elif stage.outcome in _STOPPED:
        state |= {"abort": True, "abortedAt": moved}
    steps = [
        {"setWeight": delivery.weight},
        {"pause": {"duration": "10m"}},
        {"setWeight": 100},
    ]
    images = operation.images or ("registry.example/unknown:1",)
    containers = [{"name": f"c{place}", "image": image} for place, image in enumerate(images)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": _metadata(stage, "Rollout", stage.workload),
        "spec": {
            "strategy": {"canary": {"steps": steps}},
            "template": {"spec": {"containers": containers}},
        },
        "status": state,
    }


def _analysis(stage: Stage) -> dict[str, Any]:
    delivery, operation = stage.begun[-1]
    phase = "Successful" if stage.outcome == "promoted" else "Failed"
    name = f"{stage.workload}-{stage.revision}-{len(stage.begun)}"
    begun, ended = iso(operation.finished_at), iso(stage.ends)
    measured = [{"startedAt": begun, "finishedAt": ended, "phase": phase, "value": "[0.2]"}]
    failed = 0 if phase == "Successful" else 1
    result = {
        "name": "error-rate",
        "phase": phase,
        "count": 1,
        "failed": failed,
        "measurements": measured,
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {
            **_metadata(stage, "AnalysisRun", name),
            "labels": {"rollouts-pod-template-hash": stage.revision},
            "ownerReferences": [
                {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": stage.workload}
            ],
        },
        "spec": {"metrics": [{"name": "error-rate"}]},
        "status": {
            "phase": phase,
            "message": delivery.message,
            "startedAt": begun,
            "metricResults": [result],
        },
    }


def _canary(stage: Stage) -> dict[str, Any]:
    delivery, operation = stage.begun[-1]
    phase = {"promoted": "Succeeded", "progressing": "Progressing"}.get(stage.outcome, "Failed")
    moved = iso(operation.finished_at if stage.outcome == "progressing" else stage.ends)
    said = delivery.message or "Canary analysis"
    condition = {
        "type": "Promoted",
        "status": {"Succeeded": "True", "Failed": "False"}.get(phase, "Unknown"),
        "reason": phase,
        "message": said,
        "lastTransitionTime": moved,
        "lastUpdateTime": moved,
    }
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": _metadata(stage, "Canary", stage.workload),
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": stage.workload},
            "analysis": {"interval": "1m", "threshold": 5, "stepWeight": delivery.weight},
        },
        "status": {
            "phase": phase,
            "failedChecks": 5 if phase == "Failed" else 0,
            "canaryWeight": delivery.weight if phase == "Progressing" else 0,
            "iterations": 0,
            "lastAppliedSpec": stage.revision,
            "lastPromotedSpec": stage.stable,
            "lastTransitionTime": moved,
            "conditions": [condition],
        },
    }


def _hash(revisions: tuple[str, ...]) -> str:
    """As long as a pod template's hash."""
    return hashlib.sha256("+".join(revisions).encode()).hexdigest()[:10]
