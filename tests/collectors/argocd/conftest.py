"""Applications in Argo CD's own shape, served as a list or written to a file."""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evidence.collectors.argocd import ArgoCdCollector

REPOSITORY = "https://github.test/acme/config.git"


def stamp(minute: int) -> str:
    return f"2026-09-01T10:{minute:02d}:00Z"


def source(path: str = "apps/shop", **fields: Any) -> dict[str, Any]:
    return {"repoURL": REPOSITORY, "path": path, "targetRevision": "main", **fields}


def row(number: int, **fields: Any) -> dict[str, Any]:
    """A history row that started in minute `number`."""
    return {
        "id": number,
        "revision": f"{number:040x}",
        "deployStartedAt": stamp(number),
        "deployedAt": stamp(number + 1),
        "source": source(),
        "initiatedBy": {"automated": True},
        **fields,
    }


def operation(minute: int, phase: str = "Succeeded", **sync: Any) -> dict[str, Any]:
    """The last operation, started in a minute."""
    revision = f"{minute:040x}"
    return {
        "phase": phase,
        "message": "done",
        "startedAt": stamp(minute),
        "finishedAt": stamp(minute + 1),
        "operation": {
            "initiatedBy": {"username": "robin@people.test"},
            "sync": {"revision": revision, **sync},
        },
        "syncResult": {
            "revision": revision,
            "source": source(),
            "resources": [
                {
                    "kind": "Deployment",
                    "name": "shop",
                    "status": "Synced",
                    "images": ["registry.test/shop:1"],
                }
            ],
        },
    }


def application(name: str = "shop-prod", **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "uid": f"uid-{name}",
            "resourceVersion": "1",
            "generation": 3,
            "labels": {"env": "production"},
        },
        "spec": {
            "project": "shop",
            "destination": {"server": "https://cluster.test", "namespace": "shop"},
            "source": source(),
            "syncPolicy": {"automated": {"selfHeal": True}},
        },
        "status": {
            "reconciledAt": stamp(50),
            "sync": {"status": "Synced", "revision": f"{12:040x}"},
            "health": {"status": "Healthy", "lastTransitionTime": stamp(13)},
            "summary": {"images": ["registry.test/shop:1"]},
            "history": [row(number) for number in (10, 11, 12)],
            "operationState": operation(12),
            **status,
        },
    }


class FakeArgoCd:
    """Serves one list of applications."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.items: list[dict[str, Any]] | None = [application("shop-prod"), application("till")]
        self.asked: list[str] = []

    def handle(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        if request.headers.get("Authorization") != "Bearer " + "a" * 9:
            return Response(b'{"error":"invalid session"}', 401)
        items = copy.deepcopy(self.items)
        for item in items or ():
            item["metadata"]["resourceVersion"] = str(len(self.asked))
            item["status"]["reconciledAt"] = stamp(len(self.asked) % 60)
        return Response(
            json.dumps({"metadata": {}, "items": items}), content_type="application/json"
        )


@pytest.fixture
def argocd(httpserver: HTTPServer) -> FakeArgoCd:
    fake = FakeArgoCd(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/api/v1/applications").respond_with_handler(fake.handle)
    return fake


@pytest.fixture
def make(argocd: FakeArgoCd) -> Callable[..., ArgoCdCollector]:
    def maker(**fields: Any) -> ArgoCdCollector:
        given = {"source": "cd", "url": argocd.url, "token": "a" * 9, "system": "cd.test", **fields}
        return ArgoCdCollector(**given)

    return maker


@pytest.fixture
def build() -> Any:
    """The builders of this file, for test modules."""
    return types.SimpleNamespace(
        application=application, operation=operation, row=row, source=source, stamp=stamp
    )
