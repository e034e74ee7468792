"""The simulated API server of a cluster: Flux, Argo CD's Applications, Rollouts, Flagger, events.

One address serves them all, as in a real cluster; what the world does not have is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from evidence.demo.argocd_server import ArgoCD
from evidence.demo.deliveries import analysis_runs, canaries, rollouts
from evidence.demo.faults import Answer
from evidence.demo.flux_server import Flux
from evidence.demo.history import History
from evidence.demo.kubernetes_lists import group, listed, resources, status
from evidence.demo.moments import iso, moment
from evidence.demo.serving import Request
from evidence.demo.world import World

VERSIONS: Final = {"argoproj.io": "v1alpha1", "flagger.app": "v1beta1"}
KINDS: Final = {
    "argoproj.io": {
        "applications": "Application",
        "rollouts": "Rollout",
        "analysisruns": "AnalysisRun",
    },
    "flagger.app": {"canaries": "Canary"},
}
EVENT_LIFE: Final = 3_600_000_000
"""Microseconds for which the API server keeps an event (its default)."""


@dataclass(slots=True)
class Cluster:
    """Answers requests as of the moment at which Flux and Argo CD stand."""

    world: World
    history: History
    flux: Flux
    argocd: ArgoCD

    def respond(self, request: Request) -> Answer:
        """One request: discovery or a list; what is Flux's is answered by Flux."""
        if request.headers.get("authorization") != f"Bearer {self.flux.token}":
            return status(401, "Unauthorized", "Unauthorized")
        if request.path.startswith("/api/v1"):
            return self._core(request)
        found = re.fullmatch(r"/apis/([^/]+)(?:/([^/]+)(?:/([a-z]+))?)?", request.path)
        name = found[1] if found else ""
        if name not in self._installed() or not found:
            return self.flux.respond(request)
        version = VERSIONS[name]
        if not found[2]:
            return group(name, version)
        if found[2] != version:
            return status(404, "NotFound", "the server could not find the requested resource")
        if not found[3]:
            return resources(f"{name}/{version}", KINDS[name].items())
        return self._list(name, found[3], request)

    def objects(self, plural: str) -> list[dict[str, Any]]:
        """Every object of a resource beside Flux's own."""
        makers: dict[str, Callable[[World, History, int], list[dict[str, Any]]]] = {
            "rollouts": rollouts,
            "analysisruns": analysis_runs,
            "canaries": canaries,
        }
        if plural == "applications":
            items: list[dict[str, Any]] = self.argocd.kubectl_list()["items"]
            return items
        return makers[plural](self.world, self.history, self.flux.at)

    def events(self) -> list[dict[str, Any]]:
        """Events of the last hour."""
        start = moment(self.world.epoch, 0)
        timed = [(moment(one.at, start), one) for one in self.world.event]
        return [
            {
                "metadata": {
                    "name": f"{one.object.rpartition('/')[2]}.{number:x}",
                    "namespace": one.namespace,
                    "uid": f"uid-event-{number}",
                    "resourceVersion": str(number + 1),
                    **({"annotations": {"user": one.user}} if one.user else {}),
                },
                "involvedObject": {
                    "kind": one.object.partition("/")[0],
                    "name": one.object.rpartition("/")[2],
                    "namespace": one.namespace,
                },
                "reason": one.reason,
                "message": one.message,
                "type": "Normal",
                "count": one.count,
                "firstTimestamp": iso(at),
                "lastTimestamp": iso(at),
                "source": {"component": one.component},
                "reportingComponent": one.component,
                "eventTime": None,
            }
            for number, (at, one) in enumerate(timed)
            if at <= self.flux.at < at + EVENT_LIFE
        ]

    def _installed(self) -> set[str]:
        tools = {one.tool for one in self.world.delivery}
        found = {"argoproj.io"} if self._has_argo() or "argo-rollouts" in tools else set()
        return found | ({"flagger.app"} if "flagger" in tools else set())

    def _has_argo(self) -> bool:
        return any(one.deployer == "argocd" for one in self.world.application)

    def _core(self, request: Request) -> Answer:
        if request.path == "/api/v1":
            return resources("v1", [("events", "Event")])
        if request.path == "/api/v1/events":
            return listed("v1", "Event", self.events(), request, self.flux.at)
        return status(404, "NotFound", "the server could not find the requested resource")

    def _list(self, name: str, plural: str, request: Request) -> Answer:
        kind = KINDS[name].get(plural)
        if kind is None:
            return status(404, "NotFound", "the server could not find the requested resource")
        if plural in self.world.access.flux_forbidden:
            told = f'{plural}.{name} is forbidden: User "evidence" cannot list resource "{plural}"'
            return status(403, "Forbidden", told)
        version = f"{name}/{VERSIONS[name]}"
        return listed(version, kind, self.objects(plural), request, self.flux.at)
