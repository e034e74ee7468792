"""Facts about progressive delivery: rollouts and canaries step by step, and their analyses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.fact import Fact


class Verdict(StrEnum):
    """What became of one progressive delivery, in words that both tools share."""

    PROGRESSING = "progressing"
    PAUSED = "paused"
    PROMOTED = "promoted"
    """All of production runs it."""
    ABORTED = "aborted"
    """It was stopped after it had reached production; the stable version serves again."""
    ROLLED_BACK = "rolled_back"
    """The tool itself took it back because its analysis failed."""
    FAILED = "failed"
    """It ended without success, and the tool does not say that the stable version serves again."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStep(Fact):
    """One progressive delivery of one workload, as a look found it. History: snapshot.

    (source, uid, revision) is one delivery; each look that differs is a version of it, so that the
    steps that were seen stay. Argo Rollouts and Flagger keep no history of their own.
    """

    source: str
    tool: str
    """`argo-rollouts` or `flagger`."""
    uid: str
    name: str
    """`namespace/name`."""
    revision: str
    """What is delivered: the pod template's hash, or the digest of the spec that was applied."""
    stable: str
    """What serves when it is stopped."""
    verdict: Verdict
    phase: str
    """As the tool says it."""
    step: int = -1
    """Index of the current step; -1 where there is none."""
    steps: int = 0
    weight: int = -1
    """Percent of the traffic asked for; -1 where it is not said."""
    started_at: int = 0
    ended_at: int = 0
    """Microseconds UTC; 0 where the tool does not say."""
    aborted_at: int = 0
    message: str = ""
    images: tuple[str, ...] = ()
    """Images of the pod template, where the object has one."""
    application: str = ""
    """The deployer's application that owns it by its tracking mark: `namespace/name` or `name`."""
    gates: tuple[str, ...] = ()
    """Human approval gates: `confirm-promotion: name`, `pause`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis(Fact):
    """One AnalysisRun: measurements on which a delivery goes on or stops. History: evented."""

    source: str
    uid: str
    name: str
    rollout: str
    """`namespace/name` of the Rollout that owns it; empty where it has no owner."""
    revision: str
    """The pod template's hash that it judged; empty where it does not say."""
    phase: str
    """`Successful`, `Failed`, `Error`, `Inconclusive`, `Running`, `Pending`."""
    started_at: int = 0
    ended_at: int = 0
    message: str = ""
    metrics: tuple[str, ...] = ()
    """`name: phase (n measured, f failed)`, in the order of the object."""
    dry_run: bool = False
    """All of its metrics are dry runs: its verdict stops nothing."""
