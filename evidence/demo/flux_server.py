"""The simulated Flux: its objects through the API of a Kubernetes cluster, as of a moment.

Shapes: kustomize-controller and source-controller API v1; lists, discovery and `Status` by the
Kubernetes API concepts page. History is bounded and rewritten as `fluxcd/pkg apis/meta/history.go`
does it: rows that rendered alike are one row, the newest use in front, five at most.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evidence.demo.faults import Answer
from evidence.demo.history import History, RepositoryRecord
from evidence.demo.history_deployed import ApplicationRecord, OperationRecord
from evidence.demo.kubernetes_lists import group as group_document
from evidence.demo.kubernetes_lists import listed, resources, status
from evidence.demo.moments import MINUTE, iso
from evidence.demo.serving import Request
from evidence.demo.world import World
from evidence.demo.world_deployed import AppSource

HISTORY_LIMIT: Final = 5
_SOURCE, _KUSTOMIZE = "source.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io"
RESOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "gitrepositories": (_SOURCE, "GitRepository"),
    "ocirepositories": (_SOURCE, "OCIRepository"),
    "kustomizations": (_KUSTOMIZE, "Kustomization"),
}
"""Plural -> (group, kind). The Helm controller is not installed in this cluster."""


@dataclass(slots=True)
class Flux:
    """Answers requests as of a moment that can be moved."""

    world: World
    history: History
    token: str
    at: int
    git_urls: dict[str, str]
    """Repository key -> `spec.url` that GitRepositories show."""

    def respond(self, request: Request) -> Answer:
        """One request: discovery or a list."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return status(401, "Unauthorized", "Unauthorized")
        found = re.fullmatch(r"/apis/([^/]+)(?:/v1(?:/([a-z]+))?)?", request.path)
        if not found or found[1] not in (_SOURCE, _KUSTOMIZE):
            return status(404, "NotFound", "the server could not find the requested resource")
        if found[2]:
            return self._listed(found[1], found[2], request)
        if "/v1" not in request.path:
            return group_document(found[1], "v1")
        own = [(plural, kind) for plural, (home, kind) in RESOURCES.items() if home == found[1]]
        return resources(f"{found[1]}/v1", own)

    def kubectl_list(self) -> dict[str, Any]:
        """The same objects as `kubectl get kustomizations,... -A -o json` prints them."""
        items = [item for plural in RESOURCES for item in self.objects(plural)]
        return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}}

    def objects(self, plural: str) -> list[dict[str, Any]]:
        """Every object of a resource."""
        apps = [app for app in self.history.applications.values() if self._there(app)]
        if plural == "kustomizations":
            return [self._kustomization(app) for app in apps]
        found: dict[str, dict[str, Any]] = {}
        for app in apps:
            source = app.world.sources[0]
            if bool(source.oci) == (plural == "ocirepositories"):
                found.setdefault(_source_name(source), self._source(app, source))
        return list(found.values())

    def _there(self, app: ApplicationRecord) -> bool:
        deleted = 0 < app.deleted_at <= self.at
        return app.world.deployer == "flux" and app.created_at <= self.at and not deleted

    def _listed(self, group: str, plural: str, request: Request) -> Answer:
        if RESOURCES.get(plural, ("", ""))[0] != group:
            return status(404, "NotFound", "the server could not find the requested resource")
        if plural in self.world.access.flux_forbidden:
            told = f'{plural}.{group} is forbidden: User "evidence" cannot list resource "{plural}"'
            return status(403, "Forbidden", told)
        items = self.objects(plural)
        version = f"{group}/v1"
        return listed(version, RESOURCES[plural][1], items, request, self.at)

    # --- objects

    def _head(self, plural: str, name: str, namespace: str, uid: str) -> dict[str, Any]:
        group, kind = RESOURCES[plural]
        return {
            "apiVersion": f"{group}/v1",
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid,
                "resourceVersion": str(self.at // MINUTE),
                "generation": 1,
                "managedFields": [{"manager": "kustomize-controller"}],
            },
        }

    def _source(self, app: ApplicationRecord, source: AppSource) -> dict[str, Any]:
        plural = "ocirepositories" if source.oci else "gitrepositories"
        name = _source_name(source)
        spec: dict[str, Any] = {"interval": "1m0s"}
        if source.oci:
            spec |= {"url": source.oci, "ref": {"tag": "latest"}}
        else:
            spec |= {"url": self.git_urls.get(source.repository, source.repository)}
            spec["ref"] = {"branch": self._branch(source)}
        return {
            **self._head(plural, name, app.world.namespace, f"uid-{plural}-{name}"),
            "spec": spec,
            "status": {"conditions": [self._ready(True, "Succeeded")], **self._artifact(source)},
        }

    def _artifact(self, source: AppSource) -> dict[str, Any]:
        where = self.history.repositories.get(source.repository)
        if where is None:
            return {}
        ref = f"refs/heads/{self._branch(source)}"
        moves = [(at, sha) for at, name, sha in where.ref_log if name == ref and at <= self.at]
        if not moves:
            return {}
        at, sha = moves[-1]
        artifact: dict[str, Any] = {
            "revision": self._revision(source, sha),
            "lastUpdateTime": iso(at),
        }
        if source.oci and source.origin:
            artifact["metadata"] = {
                "org.opencontainers.image.source": self.git_urls[source.repository],
                "org.opencontainers.image.revision": self._origin(source, sha),
            }
        return {"artifact": artifact}

    def _kustomization(self, app: ApplicationRecord) -> dict[str, Any]:
        source, name = app.world.sources[0], app.world.name or app.world.key
        kind = "OCIRepository" if source.oci else "GitRepository"
        spec: dict[str, Any] = {
            "interval": "10m0s",
            "path": f"./{source.path}",
            "prune": True,
            "sourceRef": {"kind": kind, "name": _source_name(source)},
        }
        if app.world.target_namespace:
            spec["targetNamespace"] = app.world.target_namespace
        if app.world.suspended:
            spec["suspend"] = True
        return {
            **self._head("kustomizations", name, app.world.namespace, app.uid),
            "spec": spec,
            "status": self._status(app, source),
        }

    def _status(self, app: ApplicationRecord, source: AppSource) -> dict[str, Any]:
        done = [one for one in app.operations if 0 < one.finished_at <= self.at]
        if not done:
            return {"conditions": [self._ready(False, "DependencyNotReady")]}
        applied = [one for one in done if one.full]
        status: dict[str, Any] = {
            "conditions": [self._ready(done[-1].full, _reason(done[-1]))],
            "lastAttemptedRevision": self._revision(source, done[-1].revisions[0]),
            "history": self._rows(source, done),
        }
        if applied:
            sha = applied[-1].revisions[0]
            status["lastAppliedRevision"] = self._revision(source, sha)
            if source.oci and source.origin:
                status["lastAppliedOriginRevision"] = self._origin(source, sha)
        return status

    def _rows(self, source: AppSource, done: list[OperationRecord]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for one in done:
            sha, at = one.revisions[0], iso(one.finished_at)
            metadata = {"revision": self._revision(source, sha)}
            if source.oci and source.origin:
                metadata["originRevision"] = self._origin(source, sha)
            new: dict[str, Any] = {
                "digest": self._digest(source, sha),
                "firstReconciled": at,
                "lastReconciledStatus": _reason(one),
                "totalReconciliations": 0,
            }
            same = [row for row in rows if all(row[name] == new[name] for name in _SAME)]
            row = same[0] if same else new
            count = row["totalReconciliations"] + 1
            told = {"lastReconciled": at, "metadata": metadata, "totalReconciliations": count}
            rows = [{**row, **told}, *(each for each in rows if each is not row)]
        return rows[:HISTORY_LIMIT]

    def _digest(self, source: AppSource, sha: str) -> str:
        """Digest of what would be rendered: here of the files below the path."""
        where = self.history.repositories.get(source.repository)
        commit = where.objects.commits.get(sha) if where else None
        home = "" if source.path in (".", "") else f"{source.path}/"
        files = sorted(commit.files.items()) if commit else []
        told = repr([(path, blob) for path, (_, blob) in files if path.startswith(home)])
        return f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"

    def _revision(self, source: AppSource, sha: str) -> str:
        if source.oci:
            return f"latest@sha256:{hashlib.sha256(sha.encode()).hexdigest()}"
        return self._origin(source, sha)

    def _origin(self, source: AppSource, sha: str) -> str:
        return f"{self._branch(source)}@sha1:{sha}"

    def _branch(self, source: AppSource) -> str:
        where: RepositoryRecord | None = self.history.repositories.get(source.repository)
        default = where.default_at(self.at) if where else "main"
        return default if source.target_revision in ("", "HEAD") else source.target_revision

    def _ready(self, ready: bool, reason: str) -> dict[str, Any]:
        return {
            "type": "Ready",
            "status": "True" if ready else "False",
            "reason": reason,
            "message": "Applied revision" if ready else "health check failed",
            "lastTransitionTime": iso(self.at),
            "observedGeneration": 1,
        }


_SAME: Final = ("digest", "lastReconciledStatus")


def _reason(one: OperationRecord) -> str:
    return "ReconciliationSucceeded" if one.full else "HealthCheckFailed"


def _source_name(source: AppSource) -> str:
    return source.oci.rpartition("/")[2] if source.oci else source.repository
