"""Flagger: Canaries as they stand, look by look.

A Canary keeps no history: the present delivery alone. Flagger itself takes back what fails its
analysis. Fields by the CRD `canaries.flagger.app/v1beta1` (flagger v1.44).
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
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.capture import Capture, GapReason
from evidence.model.rollout import RolloutStep, Verdict

CANARY = "flagger.canary"
PLAN = Plan(
    collector="flagger",
    version="1",
    kinds={Resource(group="flagger.app", plural="canaries", kind="Canary"): CANARY},
    volatile=(*VOLATILE, "/status/conditions/*/lastUpdateTime"),
)
PHASES: Mapping[str, Verdict] = {
    "Initializing": Verdict.PROGRESSING,
    "Initialized": Verdict.PROMOTED,
    "Waiting": Verdict.PAUSED,
    "Progressing": Verdict.PROGRESSING,
    "WaitingPromotion": Verdict.PAUSED,
    "Promoting": Verdict.PROGRESSING,
    "Finalising": Verdict.PROGRESSING,
    "Succeeded": Verdict.PROMOTED,
    "Failed": Verdict.ROLLED_BACK,
    "Terminating": Verdict.FAILED,
    "Terminated": Verdict.FAILED,
}
"""Every phase of the CRD; `Failed` means that all traffic went back to the primary."""
_ENDED = frozenset({Verdict.PROMOTED, Verdict.ROLLED_BACK, Verdict.FAILED})


@dataclass(slots=True, kw_only=True)
class FlaggerCollector(ObjectCollector):
    """The Canaries of one cluster."""

    plan: Plan = field(default=PLAN, init=False)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)


@of_json
def parse(capture: Capture, value: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    body = named(value)
    if not body:
        return malformed(capture, "This is no Canary, or it has no name.")
    gaps = known_by_name(capture, body)
    phase = text(at(body, "status", "phase"))
    if not phase:  # Flagger has not looked at it yet
        return Parsed(gaps=gaps)
    if phase not in PHASES:
        detail = f"{display_name(body)} is in the phase {phase!r}, which is not known."
        gaps += (gap(capture, GapReason.UNSUPPORTED, detail),)
    return Parsed(facts=(_canary(capture, body, phase),), gaps=gaps)


def _canary(capture: Capture, body: Mapping[str, Any], phase: str) -> RolloutStep:
    status = mapping(body.get("status"))
    verdict = PHASES.get(phase, Verdict.UNKNOWN)
    moved = iso_micros(status.get("lastTransitionTime"))
    analysis = mapping(at(body, "spec", "analysis") or at(body, "spec", "canaryAnalysis"))
    return RolloutStep(
        source=capture.source,
        tool="flagger",
        uid=text(at(body, "metadata", "uid")) or display_name(body),
        name=display_name(body),
        revision=text(status.get("lastAppliedSpec")),
        stable=text(status.get("lastPromotedSpec")),
        verdict=verdict,
        phase=phase,
        step=_number(status.get("iterations")),
        steps=max(0, _number(analysis.get("iterations"))),
        weight=100 if verdict is Verdict.PROMOTED else _number(status.get("canaryWeight")),
        ended_at=moved if verdict in _ENDED else 0,
        aborted_at=moved if verdict is Verdict.ROLLED_BACK else 0,
        message=_message(status),
        application=tracked_by(body),
        gates=tuple(_gate(each) for each in items(analysis.get("webhooks")) if _confirms(each)),
    )


def _number(value: object) -> int:
    """Flagger writes whole numbers, the CRD allows any number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**31 else -1


def _message(status: Mapping[str, Any]) -> str:
    """What the condition `Promoted` says."""
    for each in items(status.get("conditions")):
        if at(each, "type") == "Promoted":
            return f"{text(at(each, 'reason'))}: {text(at(each, 'message'))}"
    return ""


def _confirms(webhook: object) -> bool:
    """A webhook by which a person lets the canary start or be promoted."""
    return text(at(webhook, "type")).startswith("confirm-")


def _gate(webhook: object) -> str:
    return f"{text(at(webhook, 'type'))}: {text(at(webhook, 'name'))}"
