"""The pure half of the Argo CD collector: an Application as deployments and present state.

Facts by `pkg/apis/application/v1alpha1/types.go` and `controller/sync.go` of argo-cd 3.5: only
successful, whole, non-dry-run syncs enter `status.history`; every operation passes through
`status.operationState`, which holds one; an operation seen in both has the same start time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.collectors.argocd.history import holes, named
from evidence.collectors.argocd.observed import drift, owner, runtime_events
from evidence.collectors.argocd.reading import rendered_from, revisions, sources
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.kubernetes import display_name
from evidence.collectors.lenient import at, items, mapping, text, texts
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.deployment import ApplicationState, DeployedSource, Deployment

APPLICATION = "argocd.application"
APPLICATION_LIST = "argocd.application_list"


@dataclass(slots=True, kw_only=True)
class _Application:
    """One Application and the gaps met while reading it."""

    capture: Capture
    body: Mapping[str, Any]
    gaps: list[Gap] = field(default_factory=list)

    @property
    def uid(self) -> str:
        return text(at(self.body, "metadata", "uid")) or self.name

    @property
    def name(self) -> str:
        return display_name(self.body)

    @property
    def status(self) -> Mapping[str, Any]:
        return mapping(self.body.get("status"))

    def gap(self, reason: GapReason, detail: str) -> None:
        self.gaps.append(gap(self.capture, reason, detail))


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    if capture.kind == APPLICATION_LIST and isinstance(body, list):
        return Parsed()
    if capture.kind != APPLICATION or not isinstance(body, dict):
        return malformed(capture, "This is no Application.")
    app = _Application(capture=capture, body=body)
    if app.name == "/":
        return malformed(capture, "The Application has no name.")
    if not text(at(body, "metadata", "uid")):
        app.gap(GapReason.MALFORMED, f"{app.name} has no uid; it is known by its name only.")
    operations = _deployments(app)
    events = runtime_events(capture, body, app.name, app.uid, operations)
    facts = (*operations, _state(app), *events)
    return Parsed(facts=facts, gaps=tuple(app.gaps))


def _deployments(app: _Application) -> list[Deployment]:
    """One per operation, by start time; a history row and the operation state are united."""
    found: dict[int, Deployment] = {}
    for row in items(app.status.get("history")):
        deployment = _from_history(app, mapping(row))
        if not deployment.started_at:
            app.gap(GapReason.MALFORMED, f"A history row of {app.name} has no time.")
            continue
        known = found.setdefault(deployment.started_at, deployment)
        if known.history_id != deployment.history_id:
            ids = f"{known.history_id} and {deployment.history_id}"
            app.gap(GapReason.CONTRADICTION, f"History rows {ids} of {app.name} start together.")
    missing = holes(sorted({each.history_id for each in found.values() if each.history_id >= 0}))
    if missing:
        app.gap(GapReason.HISTORY_LOST, f"{app.name} has no history rows {named(missing)}.")
    operation = _from_operation(app)
    if operation is not None:
        row = found.get(operation.started_at)
        found[operation.started_at] = _united(row, operation) if row else operation
    dry = rendered_from(app.body)
    return [_with_origin(found[start], dry) for start in sorted(found)]


def _with_origin(one: Deployment, dry: tuple[str, str]) -> Deployment:
    """The commit that the source hydrator rendered the deployed one from, where it says so."""
    hydrated, origin = dry
    if not hydrated or hydrated not in {each.revision for each in one.sources}:
        return one
    told = (
        replace(each, origin_revision=origin) if each.revision == hydrated else each
        for each in one.sources
    )
    return replace(one, sources=tuple(told))


def _from_history(app: _Application, row: Mapping[str, Any]) -> Deployment:
    """A history row: by Argo CD's rule a whole sync that succeeded."""
    finished = iso_micros(row.get("deployedAt"))
    initiator, automated = _initiated(app, row.get("initiatedBy"))
    number = row.get("id")
    return Deployment(
        source=app.capture.source,
        application_uid=app.uid,
        application=app.name,
        started_at=iso_micros(row.get("deployStartedAt")) or finished,
        finished_at=finished,
        phase="Succeeded",
        sources=sources(row, revisions(row)),
        initiator=initiator,
        automated=automated,
        history_id=number if type(number) is int and 0 <= number < 2**63 else -1,
        origin="history",
    )


def _from_operation(app: _Application) -> Deployment | None:
    """The last operation, whatever became of it."""
    state = mapping(app.status.get("operationState"))
    if not state:
        return None
    operation, result = mapping(state.get("operation")), mapping(state.get("syncResult"))
    sync = mapping(operation.get("sync"))
    started, phase = iso_micros(state.get("startedAt")), text(state.get("phase"))
    if not started:
        app.gap(GapReason.MALFORMED, f"The last operation of {app.name} has no start time.")
        return None
    initiator, automated = _initiated(app, operation.get("initiatedBy"))
    selective = bool(items(sync.get("resources")))
    healing = sync.get("autoHealAttemptsCount")
    resolved = revisions(result) or revisions(sync)
    return Deployment(
        source=app.capture.source,
        application_uid=app.uid,
        application=app.name,
        started_at=started,
        finished_at=iso_micros(state.get("finishedAt")),
        phase=phase,
        sources=_operation_sources(app, result, sync, resolved),
        initiator=initiator,
        automated=automated,
        dry_run=sync.get("dryRun") is True,
        selective=selective,
        local_manifests=bool(items(sync.get("manifests"))),
        self_heal=automated is True and (selective or (type(healing) is int and healing > 0)),
        images=_images(result),
        message=text(state.get("message")),
        origin="operation_state",
        resources=_resources(result) if selective or phase != "Succeeded" else (),
        retries=_count(state.get("retryCount")),
    )


def _operation_sources(
    app: _Application,
    result: Mapping[str, Any],
    sync: Mapping[str, Any],
    resolved: tuple[str, ...],
) -> tuple[DeployedSource, ...]:
    """Where the operation took its content from: its result, its request, else the spec."""
    holders = (result, sync, mapping(app.body.get("spec")))
    return next((found for each in holders if (found := sources(each, resolved))), ())


def _united(row: Deployment, operation: Deployment) -> Deployment:
    """One deployment from both places: identity and sources as kept, outcome as observed."""
    return replace(
        operation,
        history_id=row.history_id,
        finished_at=operation.finished_at or row.finished_at,
        sources=row.sources or operation.sources,
        initiator=row.initiator or operation.initiator,
        automated=operation.automated if row.automated is None else row.automated,
        origin="history,operation_state",
    )


def _initiated(app: _Application, value: object) -> tuple[Actor | None, bool | None]:
    """Who asked for it. Nothing said (Argo CD before 2.11) is unknown, never automated."""
    found = mapping(value)
    user, automated = text(found.get("username")), found.get("automated")
    if not user:
        return None, True if automated is True else None
    system = app.capture.context.get("system", "")
    who = Actor(system=system, id=user, type=ActorType.NAME_ONLY, login=user)
    return who, automated is True


def _images(result: Mapping[str, Any]) -> tuple[str, ...]:
    found = {each for r in items(result.get("resources")) for each in texts(at(r, "images"))}
    return tuple(sorted(found))


def _resources(result: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{text(at(each, 'kind'))}/{text(at(each, 'name'))}: {text(at(each, 'status'))}"
        for each in items(result.get("resources"))
    )


def _state(app: _Application) -> ApplicationState:
    """What the Application looked like when it was read."""
    spec, status = mapping(app.body.get("spec")), app.status
    live = revisions(mapping(status.get("sync")))
    labels = mapping(at(app.body, "metadata", "labels"))
    ids = (at(row, "id") for row in items(status.get("history")))
    target = mapping(spec.get("destination"))
    cluster = text(target.get("server")) or text(target.get("name"))
    return ApplicationState(
        source=app.capture.source,
        application_uid=app.uid,
        application=app.name,
        destination=f"{cluster}/{text(target.get('namespace'))}",
        project=text(spec.get("project")),
        sync_status=text(at(status, "sync", "status")),
        health=text(at(status, "health", "status")),
        health_since=iso_micros(at(status, "health", "lastTransitionTime")),
        revisions=live,
        sources=sources(spec, live),
        images=texts(at(status, "summary", "images")),
        history_ids=tuple(each for each in ids if type(each) is int and 0 <= each < 2**63),
        auto_sync=_auto_sync(spec),
        labels=tuple(sorted(f"{name}={text(value)}" for name, value in labels.items())),
        owner=owner(app.body),
        drift=drift(app.body),
    )


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**31 else 0


def _auto_sync(spec: Mapping[str, Any]) -> bool | None:
    if not spec:
        return None
    automated = at(spec, "syncPolicy", "automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False
