"""The audit log of a simulated cluster, as its API server would have written it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from evidence.demo.moments import iso, moment
from evidence.demo.world import World
from evidence.demo.world_deployed import Application, ClusterWrite


def audit_log(world: World) -> str:
    """One line per write: `audit.k8s.io/v1`, stage ResponseComplete, level RequestResponse."""
    return "".join(json.dumps(line) + "\n" for line in _lines(world))


def _lines(world: World) -> Iterator[dict[str, Any]]:
    apps = {one.key: one for one in world.application}
    for number, one in enumerate(world.write):
        at = iso(moment(one.at, moment(world.epoch, 0)))
        app = apps.get(one.app)
        namespace = one.namespace or (_namespace(app) if app else "default")
        yield {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "RequestResponse",
            "auditID": f"audit-{number}",
            "stage": "ResponseComplete",
            "verb": one.verb,
            "user": {"username": one.user, "uid": f"uid-{one.user}"},
            "userAgent": "kubectl/v1.33.0",
            "objectRef": {"resource": one.resource, "namespace": namespace, "name": one.name},
            "responseStatus": {"code": one.status},
            "responseObject": {"metadata": _marked(app, one, namespace) if app else {}},
            "requestReceivedTimestamp": at,
            "stageTimestamp": at,
        }


def _namespace(app: Application) -> str:
    return app.target_namespace or app.name or app.key


def _marked(app: Application, one: ClusterWrite, namespace: str) -> dict[str, Any]:
    """The mark that a deployer leaves on what it applies."""
    name = app.name or app.key
    if app.deployer == "flux":
        group = "kustomize.toolkit.fluxcd.io"
        return {"labels": {f"{group}/name": name, f"{group}/namespace": app.namespace}}
    mark = f"{name}:apps/{one.resource}:{namespace}/{one.name}"
    return {"annotations": {"argocd.argoproj.io/tracking-id": mark}}
