"""CM-15: an earlier environment ran the same content successfully before production did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.controls.determine import on_deployment
from evidence.controls.words import clip, when
from evidence.model.aftermath import Aftermath, Stage
from evidence.model.capture import Gap
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

CONTROL = "CM-15"

_REASONS: Mapping[Stage, tuple[str, str]] = {
    Stage.NOT_ASKED: ("stage-not-required", "the policy names no environment that comes before."),
    Stage.NOT_CONFIGURED: ("stage-not-configured", "no application of {where} is configured."),
    Stage.NOTHING_NEW: ("nothing-new", "it brought nothing that {where} had to run first."),
    Stage.SAME: ("staged", "{where} had run it successfully before: {told}."),
    Stage.OTHER: ("staged-otherwise", "{where} ran other content: {told}."),
    Stage.MISSING: ("not-staged", "it did not run in {where} before: {told}."),
    Stage.UNKNOWN: ("stage-unknown", "whether it ran in {where} before is not known: {told}."),
}


def determine(
    deployment: ProductionDeployment,
    after: Aftermath,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
) -> Determination:
    """The same digest or revision was done, and well, in the required environment at its start."""
    del as_of, gaps
    found = after.staged
    stage = found.stage if policy.required_environment else Stage.NOT_ASKED
    reason, told = _REASONS[stage]
    where = clip(policy.required_environment)
    lead = f"Deployment of {clip(deployment.application)} at {when(deployment.started_at)}: "
    return on_deployment(
        CONTROL,
        deployment.deployment_id,
        reason,
        lead + told.format(where=where, told=_clip(found.told)),
        entries={*deployment.entries, *found.entries},
    )


def _clip(told: str) -> str:
    return told if len(told) <= 300 else told[:299] + "…"
