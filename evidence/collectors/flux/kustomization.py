"""A Kustomization as deployments: one per observed revision, applied or tried. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence import canonical
from evidence.collectors.flux.applied import SUCCEEDED, Applied, current_key, observations
from evidence.collectors.flux.reading import FluxObject, automated, state
from evidence.collectors.flux.revisions import commit
from evidence.collectors.lenient import at, mapping, text
from evidence.errors import MalformedError
from evidence.model.capture import GapReason
from evidence.model.deployment import ApplicationState, DeployedSource, Deployment


def kustomization(found: FluxObject) -> Iterator[Deployment | ApplicationState]:
    """Deployments by start, then the present state."""
    told = observations(found.body)
    starts = _starts(found)
    made = [_deployment(found, one, starts.get(one.key) or one.first) for one in told.values()]
    for one in made:
        if not one.started_at:
            found.gap(GapReason.MALFORMED, f"An application of {found.name} has no time.")
    yield from sorted((one for one in made if one.started_at), key=lambda one: one.started_at)
    current = told.get(current_key(found.body))
    yield state(found, (source(found, current),) if current else ())


def _starts(found: FluxObject) -> Mapping[str, int]:
    """Key of an application -> its start, as the looks up to this one fixed it."""
    try:
        fixed = canonical.loads(found.context("starts") or "{}")
    except MalformedError:
        return {}
    return {key: at for key, at in mapping(fixed).items() if type(at) is int and 0 < at < 2**63}


def _deployment(found: FluxObject, one: Applied, started_at: int) -> Deployment:
    """Flux tells when it was done, not when it began: both times are that moment."""
    return Deployment(
        source=found.capture.source,
        application_uid=found.uid,
        application=found.application,
        started_at=started_at,
        finished_at=started_at,
        phase=one.phase,
        sources=(source(found, one),),
        initiator=None,
        automated=automated(found, started_at),
        message="" if one.phase == SUCCEEDED else one.message,
        origin="status",
    )


def source(found: FluxObject, one: Applied) -> DeployedSource:
    """Where a revision came from: Git, or an artifact with or without the commit it was made of."""
    kind = text(at(found.spec, "sourceRef", "kind"))
    url, path = found.context("source_url"), text(found.spec.get("path"))
    if kind == "GitRepository":
        return DeployedSource(
            repo_url=url,
            path=path,
            target_revision=found.context("source_ref"),
            revision=commit(one.revision) or one.revision,
        )
    made_of = commit(one.origin)
    if made_of:
        # The path lies inside the artifact, whose root may be any directory of the repository.
        return DeployedSource(
            repo_url=found.context("origin_url"),
            path="",
            target_revision=one.revision,
            revision=made_of,
        )
    return DeployedSource(
        repo_url=url,
        path=path,
        target_revision=found.context("source_ref"),
        revision=one.revision,
        kind="bucket" if kind == "Bucket" else "oci",
    )
