"""Argo Rollouts: Rollouts and AnalysisRuns as they stand, look by look.

Neither keeps a history beyond the present delivery (five AnalysisRuns of each outcome): a look is
an observation. No user is recorded for a promotion or an abort. Fields by the API of
argo-rollouts v1.9 (`pkg/apis/rollouts/v1alpha1/types.go`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.cluster_objects import (
    VOLATILE,
    ObjectCollector,
    Plan,
    known_by_name,
    named,
)
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.kubernetes import Resource, display_name, tracked_by
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.parsing import malformed, of_json
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.rollout import Analysis, RolloutStep, Verdict

ROLLOUT, ANALYSIS = "rollouts.rollout", "rollouts.analysis_run"
GROUP = "argoproj.io"
PLAN = Plan(
    collector="argo-rollouts",
    version="1",
    kinds={
        Resource(group=GROUP, plural="rollouts", kind="Rollout"): ROLLOUT,
        Resource(group=GROUP, plural="analysisruns", kind="AnalysisRun"): ANALYSIS,
    },
    volatile=(
        *VOLATILE,
        "/status/conditions/*/lastUpdateTime",
        "/status/availableReplicas",
        "/status/readyReplicas",
        "/status/HPAReplicas",
    ),
)


@dataclass(slots=True, kw_only=True)
class ArgoRolloutsCollector(ObjectCollector):
    """The Rollouts and AnalysisRuns of one cluster."""

    plan: Plan = field(default=PLAN, init=False)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)


@of_json
def parse(capture: Capture, value: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    body = named(value)
    if not body:
        return malformed(capture, "This is no object of Argo Rollouts, or it has no name.")
    gaps = known_by_name(capture, body)
    read = {ROLLOUT: _rollout, ANALYSIS: _analysis}.get(capture.kind)
    fact = read(capture, body) if read else None
    return Parsed(facts=(fact,) if fact else (), gaps=gaps)


def _uid(body: Mapping[str, Any]) -> str:
    return text(at(body, "metadata", "uid")) or display_name(body)


def _rollout(capture: Capture, body: Mapping[str, Any]) -> Fact | None:
    """The delivery that the Rollout is in; None where its controller has said nothing yet."""
    status, canary = mapping(body.get("status")), mapping(at(body, "spec", "strategy", "canary"))
    revision = text(status.get("currentPodHash"))
    if not revision:
        return None
    progressing = _condition(status, "Progressing")
    verdict = _verdict(status, progressing)
    steps, index = items(canary.get("steps")), status.get("currentStepIndex")
    step = index if type(index) is int and 0 <= index < 2**31 else -1
    ended = iso_micros(progressing.get("lastTransitionTime"))
    aborted = iso_micros(status.get("abortedAt"))
    if verdict is Verdict.ABORTED:
        ended = aborted or ended
    return RolloutStep(
        source=capture.source,
        tool="argo-rollouts",
        uid=_uid(body),
        name=display_name(body),
        revision=revision,
        stable=_stable(status),
        verdict=verdict,
        phase=text(status.get("phase")) or text(progressing.get("reason")),
        step=step,
        steps=len(steps),
        weight=_weight(status, steps, step, verdict),
        ended_at=ended if verdict in _ENDED else 0,
        aborted_at=aborted,
        message=text(status.get("message")) or text(progressing.get("message")),
        images=_images(body),
        application=tracked_by(body),
        gates=tuple("pause" for each in steps if _waits(each)),
    )


_ENDED = frozenset({Verdict.PROMOTED, Verdict.ABORTED, Verdict.FAILED})


def _verdict(status: Mapping[str, Any], progressing: Mapping[str, Any]) -> Verdict:
    """Promoted is what all of production runs: the new template is the stable one."""
    if status.get("abort") is True or progressing.get("reason") == "RolloutAborted":
        return Verdict.ABORTED
    if text(status.get("currentPodHash")) == _stable(status):
        return Verdict.PROMOTED
    if status.get("phase") == "Degraded" or progressing.get("status") == "False":
        return Verdict.FAILED
    if items(status.get("pauseConditions")) or status.get("controllerPause") is True:
        return Verdict.PAUSED
    return Verdict.PROGRESSING if progressing or status.get("phase") else Verdict.UNKNOWN


def _stable(status: Mapping[str, Any]) -> str:
    """Where it stands, from version to version of Argo Rollouts."""
    return (
        text(status.get("stableRS"))
        or text(at(status, "canary", "stableRS"))
        or text(at(status, "blueGreen", "activeSelector"))
    )


def _weight(status: Mapping[str, Any], steps: list[Any], step: int, verdict: Verdict) -> int:
    """Percent asked for: as the controller says it, else the last `setWeight` that was reached."""
    told = at(status, "canary", "weights", "canary", "weight")
    if type(told) is int and 0 <= told <= 100:
        return told
    if verdict is Verdict.PROMOTED:
        return 100
    reached = [at(each, "setWeight") for each in steps[: step + 1]] if step >= 0 else []
    known = [each for each in reached if type(each) is int and 0 <= each <= 100]
    return known[-1] if known and verdict in (Verdict.PAUSED, Verdict.PROGRESSING) else -1


def _waits(step: object) -> bool:
    """A pause without end: somebody must let it go on."""
    pause = mapping(step).get("pause")
    return isinstance(pause, dict) and not pause.get("duration")


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found = (mapping(each) for each in items(status.get("conditions")))
    return next((each for each in found if each.get("type") == kind), {})


def _images(body: Mapping[str, Any]) -> tuple[str, ...]:
    pod = at(body, "spec", "template", "spec")
    containers = (*items(at(pod, "initContainers")), *items(at(pod, "containers")))
    return tuple(image for each in containers if (image := text(at(each, "image"))))


def _analysis(capture: Capture, body: Mapping[str, Any]) -> Fact:
    status, metadata = mapping(body.get("status")), mapping(body.get("metadata"))
    owners = [each for each in items(metadata.get("ownerReferences")) if _is_rollout(each)]
    home = text(metadata.get("namespace"))
    results = [mapping(each) for each in items(status.get("metricResults"))]
    measured = [
        iso_micros(at(one, "finishedAt"))
        for each in results
        for one in items(each.get("measurements"))
    ]
    return Analysis(
        source=capture.source,
        uid=_uid(body),
        name=display_name(body),
        rollout=f"{home}/{text(at(owners[0], 'name'))}" if owners else "",
        revision=text(at(metadata, "labels", "rollouts-pod-template-hash")),
        phase=text(status.get("phase")),
        started_at=iso_micros(status.get("startedAt"))
        or iso_micros(metadata.get("creationTimestamp")),
        ended_at=iso_micros(status.get("completedAt")) or max(measured, default=0),
        message=text(status.get("message")),
        metrics=tuple(_metric(each) for each in results),
        dry_run=bool(results) and all(each.get("dryRun") is True for each in results),
    )


def _is_rollout(reference: object) -> bool:
    return bool(at(reference, "kind") == "Rollout")


def _metric(result: Mapping[str, Any]) -> str:
    count, failed = result.get("count"), result.get("failed")
    counts = [each if type(each) is int else 0 for each in (count, failed)]
    name, phase = text(result.get("name")), text(result.get("phase"))
    return f"{name}: {phase} ({counts[0]} measured, {counts[1]} failed)"
