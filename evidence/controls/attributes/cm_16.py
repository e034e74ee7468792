"""CM-16: after a deployment production was healthy in time, or it was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.controls.determine import on_deployment
from evidence.controls.words import clip, when
from evidence.model.aftermath import Aftermath, HealthSeen
from evidence.model.capture import Gap
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

CONTROL = "CM-16"

_BAD = frozenset({"degraded", "missing", "progressing"})
_RUNNING = frozenset({"running", "terminating", "progressing"})


def determine(
    deployment: ProductionDeployment,
    after: Aftermath,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
) -> Determination:
    """Succeeded and seen healthy at its own revision within the time, or a rollback is recorded.

    That it was seen healthy in time decides before everything that came later. A look that shows
    nothing of the time allowed leaves it open.
    """
    del gaps
    reason, sentence, entries = _decide(deployment, after, policy, as_of)
    lead = f"Deployment of {clip(deployment.application)} ended at {when(_ended(deployment))}: "
    flags = ["retry"] if after.retried_by and reason == "healthy" else []
    return on_deployment(
        CONTROL,
        deployment.deployment_id,
        reason,
        lead + sentence,
        entries={*deployment.entries, *entries},
        flags=flags,
    )


_Found = tuple[str, str, tuple[int, ...]]


def _decide(
    deployment: ProductionDeployment, after: Aftermath, policy: Policy, as_of: int
) -> _Found:
    deadline = _ended(deployment) + policy.health_limit
    return (
        _by_delivery(after, deadline, as_of)
        or _healthy(deployment, after, deadline, as_of)
        or _undone(after, as_of)
        or _open(deployment, deadline, as_of)
        or _unhealthy(deployment, after, deadline)
        or ("health-not-observed", "no look shows whether it was healthy in time.", ())
    )


def _ended(deployment: ProductionDeployment) -> int:
    return deployment.finished_at or deployment.started_at


def _by_delivery(after: Aftermath, deadline: int, as_of: int) -> _Found | None:
    """What the rollout or canary that carried it out came to."""
    if after.failed_at:
        return "not-healthy", "what carried it out ended without success, and not taken back.", ()
    if 0 < after.stopped_at <= as_of:
        told = f"it was stopped at {when(after.stopped_at)}, and the version before serves again."
        return "rolled-back", told, ()
    if 0 < after.promoted_at <= min(deadline, as_of):
        return "healthy", f"its rollout was promoted at {when(after.promoted_at)}.", ()
    return None


def _healthy(
    deployment: ProductionDeployment, after: Aftermath, deadline: int, as_of: int
) -> _Found | None:
    succeeded = deployment.phase.casefold() == "succeeded" or after.retried_by
    if not succeeded or "contradictory_phase" in deployment.problems:
        return None
    for one in after.health:
        # Without a time of its own a state is known to hold from the look that showed it.
        since = one.since or one.seen_from
        if _well(one) and since <= min(deadline, as_of):
            told = f"it was {clip(one.status)} since {when(since)}, seen at {when(one.seen_from)}."
            return "healthy", told, (one.entry, *after.entries)
    return None


def _undone(after: Aftermath, as_of: int) -> _Found | None:
    if 0 < after.undone_at <= as_of:
        told = f"a rollback at {when(after.undone_at)} took it back."
        return "rolled-back", told, after.entries
    return None


def _open(deployment: ProductionDeployment, deadline: int, as_of: int) -> _Found | None:
    if as_of < deadline:
        return "health-pending", f"the time for it to be healthy ends at {when(deadline)}.", ()
    if deployment.phase.casefold() in _RUNNING:
        return "health-not-observed", "it was still running when it was last seen.", ()
    if any(one.startswith("contradict") for one in deployment.problems):
        return "health-not-observed", "its sightings contradict each other.", ()
    return None


def _unhealthy(deployment: ProductionDeployment, after: Aftermath, deadline: int) -> _Found | None:
    """A state that is known to have held when the time was over."""
    if deployment.phase.casefold() in {"failed", "error"}:
        return "not-healthy", "it did not succeed, and nothing shows that it was taken back.", ()
    for one in _bad(after.health):
        since = one.since or one.seen_from
        if since <= deadline <= one.seen_until:
            told = f"it was {clip(one.status)} since {when(since)} and still at {when(deadline)}."
            return "not-healthy", f"{told} No rollback is recorded.", (one.entry,)
    return None


def _well(one: HealthSeen) -> bool:
    """Argo CD's word, or a reason that Flux gives where an object is ready."""
    status = one.status.casefold()
    return status == "healthy" or status.endswith("succeeded")


def _bad(health: Iterable[HealthSeen]) -> Iterable[HealthSeen]:
    for one in health:
        status = one.status.casefold()
        if status in _BAD or status.endswith("failed"):
            yield one
