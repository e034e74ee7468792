"""The simulated Argo CD: Application objects and their bounded history, over REST.

Field names: argo-cd `pkg/apis/application/v1alpha1/types.go`. Only successful, full, non-dry-run
syncs enter `status.history`, which keeps the last rows (10 by default) with rising ids.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.demo.faults import Answer, json_answer
from evidence.demo.history import History
from evidence.demo.history_deployed import ApplicationRecord, OperationRecord
from evidence.demo.moments import MINUTE, iso, moment
from evidence.demo.serving import Request
from evidence.demo.world import World
from evidence.demo.world_deployed import AppSource

VERSION = "v3.1.0"


@dataclass(slots=True)
class ArgoCD:
    """Answers requests as of a moment that can be moved."""

    world: World
    history: History
    token: str
    at: int
    git_urls: dict[str, str]
    """Repository key -> `repoURL` that applications show."""

    def respond(self, request: Request) -> Answer:
        """One request. `/api/version` needs no token, as with the real one."""
        if request.path == "/api/version":
            return json_answer(200, {"Version": VERSION})
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _refused(401, 16, "no session information")
        if request.path == "/api/v1/session/userinfo":
            me = {"loggedIn": True, "username": "evidence-reader", "iss": "argocd"}
            return json_answer(200, me)
        if request.path == "/api/v1/applications":
            return json_answer(200, self.listed(request))
        named = re.fullmatch("/api/v1/applications/([^/]+)", request.path)
        for item in self.applications() if named else ():
            if named and item["metadata"]["name"] == named[1]:
                return json_answer(200, item)
        # Argo CD answers alike for what is not there and what may not be seen.
        return _refused(403, 7, "permission denied")

    def listed(self, request: Request) -> dict[str, Any]:
        """The list, narrowed by `projects` where it is asked for."""
        wanted = request.query.get("projects")
        items = [
            item
            for item in self.applications()
            if wanted is None or item["spec"]["project"] == wanted
        ]
        return {"metadata": {"resourceVersion": str(self.at // MINUTE)}, "items": items}

    def kubectl_list(self) -> dict[str, Any]:
        """The same objects as `kubectl get applications -o json` prints them."""
        head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
        items = [{**head, **item} for item in self.applications()]
        return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}}

    def applications(self) -> list[dict[str, Any]]:
        """Every Application object that the token may see."""
        projects = self.world.access.argocd_projects
        return [
            self._application(app)
            for app in self.history.applications.values()
            if app.world.deployer == "argocd"
            and app.created_at <= self.at
            and not 0 < app.deleted_at <= self.at
            and (not projects or app.world.project in projects)
        ]

    # --- one application

    def _application(self, app: ApplicationRecord) -> dict[str, Any]:
        return {
            "metadata": self._metadata(app),
            "spec": self._spec(app),
            "status": self._status(app),
        }

    def _metadata(self, app: ApplicationRecord) -> dict[str, Any]:
        metadata = {
            "name": app.world.name or app.world.key,
            "namespace": app.world.namespace,
            "uid": app.uid,
            "resourceVersion": str(self.at // MINUTE),
            "generation": 1 + len(self._started(app)),
            "creationTimestamp": iso(app.created_at),
            "managedFields": [{"manager": "argocd-application-controller"}],
        }
        return {**metadata, **({"labels": dict(app.world.labels)} if app.world.labels else {})}

    def _spec(self, app: ApplicationRecord) -> dict[str, Any]:
        world = app.world
        policy: dict[str, Any] = {"syncOptions": ["CreateNamespace=true"]}
        if world.auto_sync:
            policy["automated"] = {"prune": True, "selfHeal": world.self_heal}
        return {
            "project": world.project,
            **self._sources(world.sources, self._inline(app)),
            "destination": {
                "server": world.destination,
                "namespace": world.target_namespace or world.name or world.key,
            },
            "syncPolicy": policy,
            **({"revisionHistoryLimit": world.history_limit} if world.history_limit != 10 else {}),
        }

    def _inline(self, app: ApplicationRecord) -> tuple[str, ...]:
        """Images that its own definition sets, as the last operation had them."""
        started = self._started(app)
        return started[-1].inline if started else ()

    def _sources(self, sources: Sequence[AppSource], inline: Sequence[str] = ()) -> dict[str, Any]:
        shown = [self._source(one) for one in sources]
        if inline:
            shown[0]["kustomize"] = {"images": list(inline)}
        return {"source": shown[0]} if len(shown) == 1 else {"sources": shown}

    def _source(self, source: AppSource) -> dict[str, Any]:
        where = self.history.repositories.get(source.repository)
        target = source.target_revision or (where.default_at(self.at) if where else "")
        shown: dict[str, Any] = {
            "repoURL": self.git_urls.get(source.repository, source.repository),
            "targetRevision": target,
        }
        if source.chart:
            shown["chart"] = source.chart
        else:
            shown["path"] = source.path
        if source.values:
            shown["helm"] = {"valueFiles": list(source.values)}
        return shown

    def _status(self, app: ApplicationRecord) -> dict[str, Any]:
        started = self._started(app)
        applied = [one for one in self._finished(app) if one.full]
        live = applied[-1] if applied else None
        status: dict[str, Any] = {
            "sync": self._sync(app, live),
            "health": {
                "status": live.health if live else "Missing",
                "lastTransitionTime": iso(live.finished_at if live else app.created_at),
            },
            "reconciledAt": iso(self.at),
            "resources": self._drifted(app),
            "summary": {"images": list(live.images)} if live and live.images else {},
            "sourceType": "Helm" if any(s.values for s in app.world.sources) else "Kustomize",
        }
        rows = [self._row(app, one) for one in self._finished(app) if one.history_id >= 0]
        if rows and app.world.history_limit:
            status["history"] = rows[-app.world.history_limit :]
        if started:
            status["operationState"] = self._operation(app, started[-1])
        return status

    def _started(self, app: ApplicationRecord) -> list[OperationRecord]:
        return [one for one in app.operations if one.started_at <= self.at]

    def _finished(self, app: ApplicationRecord) -> list[OperationRecord]:
        return [one for one in app.operations if 0 < one.finished_at <= self.at]

    def _sync(self, app: ApplicationRecord, live: OperationRecord | None) -> dict[str, Any]:
        """Sync state compares what is applied with the tip that is tracked now."""
        tips = [self._tip(source) for source in app.world.sources]
        same = live is not None and all(
            tip in ("", deployed) for tip, deployed in zip(tips, live.revisions, strict=True)
        )
        known = live.revisions if live else ("",) * len(tips)
        shown = [tip or old for tip, old in zip(tips, known, strict=True)]
        compared = {
            **self._sources(app.world.sources, self._inline(app)),
            "destination": self._spec(app)["destination"],
        }
        return {
            "status": "Synced" if same and not self._drifted(app) else "OutOfSync",
            "comparedTo": compared,
            **_revisions(shown),
        }

    def _drifted(self, app: ApplicationRecord) -> list[dict[str, str]]:
        """Resources that differ from what was synced last."""
        start = moment(self.world.epoch, 0)
        return [
            {**_resource(name), "status": "OutOfSync"}
            for one in self.world.drift
            if one.app == app.world.key and moment(one.at, start) <= self.at
            if not one.until or self.at < moment(one.until, start)
            for name in one.resources
        ]

    def _tip(self, source: AppSource) -> str:
        where = self.history.repositories.get(source.repository)
        if where is None:
            return source.target_revision
        refs = where.refs_at(self.at)
        target = source.target_revision
        if target in ("", "HEAD"):
            target = where.default_at(self.at)
        found = refs.get(f"refs/heads/{target}") or refs.get(f"refs/tags/{target}", "")
        return where.objects.tags[found][1] if found in where.objects.tags else found

    def _row(self, app: ApplicationRecord, one: OperationRecord) -> dict[str, Any]:
        return {
            "id": one.history_id,
            **_revisions(one.revisions),
            "deployStartedAt": iso(one.started_at),
            "deployedAt": iso(one.finished_at),
            **self._sources(app.world.sources, one.inline),
            "initiatedBy": _initiator(one),
        }

    def _operation(self, app: ApplicationRecord, one: OperationRecord) -> dict[str, Any]:
        running = not 0 < one.finished_at <= self.at
        sync: dict[str, Any] = {**_revisions(one.revisions), "prune": True}
        if one.dry_run:
            sync["dryRun"] = True
        if one.selective:
            sync["resources"] = [_resource(name) for name in one.selective]
        if one.self_heal:
            sync["autoHealAttemptsCount"] = one.heal_attempts
        if one.local_manifests:
            sync["manifests"] = ["(content given by the caller)"]
        state = {
            "operation": {"sync": sync, "initiatedBy": _initiator(one), "retry": {"limit": 5}},
            "phase": "Running" if running else one.phase,
            "message": one.message or _message(one, running=running),
            "startedAt": iso(one.started_at),
            "syncResult": {
                **_revisions(one.revisions),
                **self._sources(app.world.sources, one.inline),
                "resources": [
                    {**_resource(name), "status": "Synced", "message": "configured"}
                    for name in one.selective
                ],
            },
        }
        return state if running else {**state, "finishedAt": iso(one.finished_at)}


def _revisions(revisions: Sequence[str]) -> dict[str, Any]:
    """A single source has `revision`, several have `revisions` and no `revision`."""
    return {"revision": revisions[0]} if len(revisions) == 1 else {"revisions": list(revisions)}


def _initiator(one: OperationRecord) -> dict[str, Any]:
    if one.by:
        return {"username": one.by}
    return {"automated": True} if one.automated else {}


def _resource(name: str) -> dict[str, str]:
    kind, _, own = name.partition("/")
    return {"group": "apps" if kind == "Deployment" else "", "kind": kind, "name": own}


def _message(one: OperationRecord, *, running: bool) -> str:
    if running:
        return "waiting for healthy state of apps/Deployment"
    if one.phase == "Succeeded":
        return "successfully synced (all tasks run)"
    return "one or more objects failed to apply"


def _refused(status: int, code: int, message: str) -> Answer:
    return json_answer(status, {"error": message, "code": code, "message": message})
