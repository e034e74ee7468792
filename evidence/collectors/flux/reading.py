"""One object of Flux while it is parsed, and what Kustomizations and HelmReleases share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.flux.applied import condition
from evidence.collectors.flux.kinds import CAPTURED, HELM_RELEASE
from evidence.collectors.http import iso_micros
from evidence.collectors.kubernetes import display_name
from evidence.collectors.lenient import at, mapping, text
from evidence.collectors.parsing import gap
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.deployment import ApplicationState, DeployedSource

MANUAL = 600 * 1_000_000
"""Microseconds before an application in which a request to reconcile may have caused it."""
HELM_PREFIX = "helmrelease/"


@dataclass(slots=True, kw_only=True)
class FluxObject:
    """One object and the gaps met while reading it."""

    capture: Capture
    body: Mapping[str, Any]
    gaps: list[Gap] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`namespace/name`."""
        return display_name(self.body)

    @property
    def has_uid(self) -> bool:
        """Whether its identity outlives its name."""
        return bool(text(at(self.body, "metadata", "uid")))

    @property
    def uid(self) -> str:
        """Its uid, else its name as applications are named."""
        return text(at(self.body, "metadata", "uid")) or self.application

    @property
    def application(self) -> str:
        """Its name among all that Flux deploys: both kinds may have an object of one name."""
        helm = self.capture.kind == CAPTURED[HELM_RELEASE]
        return HELM_PREFIX + self.name if helm else self.name

    @property
    def spec(self) -> Mapping[str, Any]:
        """What was asked for."""
        return mapping(self.body.get("spec"))

    @property
    def status(self) -> Mapping[str, Any]:
        """What the controller says."""
        return mapping(self.body.get("status"))

    def context(self, name: str) -> str:
        """What the collector knew of it from other objects."""
        return self.capture.context.get(name, "")

    def gap(self, reason: GapReason, detail: str) -> None:
        """Notes what is missing."""
        self.gaps.append(gap(self.capture, reason, detail))


def automated(found: FluxObject, started_at: int) -> bool | None:
    """Whether Flux applied it by itself: None where somebody asked for it just before.

    Flux keeps the last request to reconcile (`reconcile.fluxcd.io/requestedAt`), not who made it.
    """
    asked = text(found.status.get("lastHandledReconcileAt"))
    if not asked:
        return True
    when = iso_micros(asked)
    return None if not when or started_at - MANUAL <= when <= started_at else True


def state(found: FluxObject, sources: tuple[DeployedSource, ...]) -> ApplicationState:
    """What the object looked like when it was read. A suspended one is no longer synced."""
    ready = condition(found.body, "Ready")
    labels = mapping(at(found.body, "metadata", "labels"))
    target = text(found.spec.get("targetNamespace"))
    cluster = text(at(found.spec, "kubeConfig", "secretRef", "name"))
    return ApplicationState(
        source=found.capture.source,
        application_uid=found.uid,
        application=found.application,
        destination=f"{cluster}/{target}",
        project="",
        sync_status=_sync_status(found, ready),
        health=text(ready.get("reason")),
        health_since=iso_micros(ready.get("lastTransitionTime")),
        revisions=tuple(each.revision for each in sources),
        sources=sources,
        images=(),
        history_ids=(),
        auto_sync=found.spec.get("suspend") is not True if found.spec else None,
        labels=tuple(sorted(f"{name}={text(value)}" for name, value in labels.items())),
    )


def _sync_status(found: FluxObject, ready: Mapping[str, Any]) -> str:
    """`Suspended`, else the Ready condition in the words of the other deployers."""
    if found.spec.get("suspend") is True:
        return "Suspended"
    return {"True": "Synced", "False": "OutOfSync"}.get(text(ready.get("status")), "Unknown")
