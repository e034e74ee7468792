"""Objects of Flux in their own shape, served by a small Kubernetes API or written to a file."""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evidence.collectors.flux import FluxCollector

TOKEN = "a" * 9
GROUPS = {
    "source.toolkit.fluxcd.io": (["gitrepositories", "ocirepositories"], "v1"),
    "kustomize.toolkit.fluxcd.io": (["kustomizations"], "v1"),
    "helm.toolkit.fluxcd.io": (["helmreleases"], "v2"),
}


def stamp(minute: int, second: int = 0) -> str:
    return f"2026-09-01T{10 + minute // 60:02d}:{minute % 60:02d}:{second:02d}Z"


def sha(number: int) -> str:
    return f"{number:040x}"


def revision(number: int) -> str:
    return f"main@sha1:{sha(number)}"


def row(number: int, first: int, last: int = 0, **fields: Any) -> dict[str, Any]:
    """A history row of a revision, first and last reconciled in these minutes."""
    return {
        "digest": f"sha256:{number:064x}",
        "firstReconciled": stamp(first),
        "lastReconciled": stamp(last or first),
        "lastReconciledStatus": "ReconciliationSucceeded",
        "totalReconciliations": 1,
        "metadata": {"revision": revision(number)},
        **fields,
    }


def thing(kind: str, version: str, name: str, spec: Any, status: Any) -> dict[str, Any]:
    group = {"Kustomization": "kustomize", "HelmRelease": "helm"}.get(kind, "source")
    return {
        "apiVersion": f"{group}.toolkit.fluxcd.io/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": "flux-system", "uid": f"uid-{kind}-{name}"},
        "spec": spec,
        "status": status,
    }


def ready(status: str = "True", reason: str = "ReconciliationSucceeded") -> list[dict[str, Any]]:
    return [
        {"type": "Ready", "status": status, "reason": reason, "lastTransitionTime": stamp(50)},
    ]


def kustomization(name: str = "shop", **status: Any) -> dict[str, Any]:
    spec = {
        "path": "./apps/shop",
        "targetNamespace": "shop",
        "sourceRef": {"kind": "GitRepository", "name": "config"},
    }
    told = {
        "conditions": ready(),
        "lastAppliedRevision": revision(2),
        "lastAttemptedRevision": revision(2),
        "history": [row(2, 12), row(1, 10)],
        **status,
    }
    return thing("Kustomization", "v1", name, spec, told)


def git_repository(name: str = "config") -> dict[str, Any]:
    spec = {"url": "https://github.test/acme/config.git", "ref": {"branch": "main"}}
    artifact = {"revision": revision(2), "lastUpdateTime": stamp(11)}
    return thing("GitRepository", "v1", name, spec, {"artifact": artifact, "conditions": ready()})


def oci_repository(name: str = "bundle") -> dict[str, Any]:
    spec = {"url": "oci://registry.test/bundle", "ref": {"tag": "latest"}}
    metadata = {"org.opencontainers.image.source": "https://github.test/acme/config.git"}
    artifact = {"revision": "latest@sha256:" + "b" * 64, "metadata": metadata}
    return thing("OCIRepository", "v1", name, spec, {"artifact": artifact})


def release(number: int, minute: int, **fields: Any) -> dict[str, Any]:
    return {
        "version": number,
        "chartName": "shop",
        "chartVersion": f"1.{number}.0",
        "firstDeployed": stamp(1),
        "lastDeployed": stamp(minute),
        "status": "superseded",
        "action": "upgrade",
        **fields,
    }


def helm_release(name: str = "shop", **status: Any) -> dict[str, Any]:
    chart = {"chart": "shop", "version": "1.x", "sourceRef": {"kind": "HelmRepository"}}
    history = [release(2, 20, status="deployed"), release(1, 15)]
    told = {"conditions": ready(), "history": history, **status}
    return thing("HelmRelease", "v2", name, {"chart": {"spec": chart}}, told)


class FakeCluster:
    """Serves discovery and lists; `expire` makes the next so many `continue` tokens too old."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.groups = copy.deepcopy(GROUPS)
        self.lists: dict[str, list[dict[str, Any]] | None] = {
            "gitrepositories": [git_repository()],
            "ocirepositories": [oci_repository()],
            "kustomizations": [kustomization()],
            "helmreleases": [helm_release()],
        }
        self.forbidden: set[str] = set()
        self.expire = 0
        self.chunk = 100
        self.asked: list[str] = []

    def handle(self, request: Request) -> Response:
        self.asked.append(request.full_path.rstrip("?"))
        if request.headers.get("Authorization") != "Bearer " + TOKEN:
            return answer(401, {"kind": "Status", "reason": "Unauthorized"})
        parts = request.path.strip("/").split("/")[1:]
        if parts[0] not in self.groups:
            return answer(404, {"kind": "Status", "reason": "NotFound"})
        plurals, version = self.groups[parts[0]]
        if len(parts) == 1:
            return answer(200, {"kind": "APIGroup", "versions": [{"version": version}]})
        if len(parts) == 2:
            return answer(200, {"resources": [{"name": each} for each in plurals]})
        return self.listed(parts[2], request)

    def listed(self, plural: str, request: Request) -> Response:
        if plural in self.forbidden:
            return answer(403, {"kind": "Status", "reason": "Forbidden"})
        begin = int(request.args.get("continue", "0"))
        if begin and self.expire:
            self.expire -= 1
            return answer(410, {"kind": "Status", "reason": "Expired"})
        found = copy.deepcopy(self.lists[plural])
        for each in found or ():
            each["metadata"]["resourceVersion"] = str(len(self.asked))
        page = None if found is None else found[begin : begin + self.chunk]
        more = found is not None and begin + self.chunk < len(found)
        token = {"continue": str(begin + self.chunk)} if more else {}
        return answer(200, {"metadata": token, "items": page})


def answer(status: int, body: Any) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def cluster(httpserver: HTTPServer) -> FakeCluster:
    import re

    fake = FakeCluster(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(re.compile("/apis/.*")).respond_with_handler(fake.handle)
    return fake


@pytest.fixture
def make(cluster: FakeCluster) -> Callable[..., FluxCollector]:
    def maker(**fields: Any) -> FluxCollector:
        given = {"source": "fx", "url": cluster.url, "token": TOKEN, "system": "c.test", **fields}
        return FluxCollector(**given)

    return maker


@pytest.fixture
def build() -> Any:
    """The builders of this file, for test modules."""
    return types.SimpleNamespace(
        git_repository=git_repository,
        helm_release=helm_release,
        kustomization=kustomization,
        oci_repository=oci_repository,
        ready=ready,
        release=release,
        revision=revision,
        row=row,
        sha=sha,
        stamp=stamp,
    )
