"""A world made real on this machine: Git repositories on disk; forge, deployers, Jira on loopback.

    with Simulation(world, directory) as simulation:
        view = simulation.at("2026-07-20T12:00:00Z")     # or "+14d", or microseconds
        ... collect from view.github_url, view.argocd_url, view.git_urls ...
        simulation.at("+15d")                             # the same addresses, a day later

Nothing here is real: `simulated` is True, and the organisation's name says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from evidence.demo.argocd_server import ArgoCD
from evidence.demo.build import build
from evidence.demo.cluster_server import Cluster
from evidence.demo.flux_server import Flux
from evidence.demo.github_server import GitHub
from evidence.demo.jira_server import EMAIL, Jira
from evidence.demo.moments import moment
from evidence.demo.oci_images import Images
from evidence.demo.oci_server import Registry
from evidence.demo.series import as_of
from evidence.demo.served import ServedRepository
from evidence.demo.serving import LoopbackServer
from evidence.demo.world import World
from evidence.errors import ConfigError

PUBLIC_URL: Final = "https://github.example"
"""Host of the web addresses that the servers show: fixed, so that two runs show the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where to collect from, and the moment at which the world stands (microseconds UTC)."""

    at: int
    github_url: str
    """Root of the simulated host; REST at `github_api_url`, GraphQL at `github_graphql_url`."""
    github_api_url: str
    github_graphql_url: str
    github_token: str
    argocd_url: str
    argocd_token: str
    flux_url: str
    """The API server of a cluster in which Flux runs; empty where the world has none."""
    flux_token: str
    cluster_url: str
    """The same API server, also where Flux does not run; empty where the world has no cluster."""
    repositories: Mapping[str, str]
    """Repository key -> `owner/name` at that moment."""
    repository_ids: Mapping[str, int]
    """Repository key -> numeric id at GitHub."""
    git_urls: Mapping[str, str]
    """Repository key -> `file://` address to clone from."""
    git_paths: Mapping[str, Path]
    jira_url: str
    """Empty where the world keeps nothing in Jira."""
    jira_token: str
    jira_email: str
    """Empty for Jira Server."""
    registry_url: str
    """A registry with the images of the world; empty where it has none."""
    repo_urls: Mapping[str, str]
    """Repository key -> address that Argo CD shows as `repoURL` (nothing answers there)."""


class Simulation:
    """A running world. Tokens are made at its start; addresses stay the same until it is closed."""

    simulated = True

    def __init__(self, world: World, directory: Path) -> None:
        if "(simulated)" not in world.name:
            raise ConfigError(
                f"The world `{world.name}` does not say that it is simulated.",
                next_step='Write "(simulated)" into its name.',
            )
        self.world = world
        self.history = build(world)
        directory.mkdir(parents=True, exist_ok=True)
        self.repositories = {
            key: ServedRepository(record, directory, self._cut(key))
            for key, record in self.history.repositories.items()
        }
        now = self.history.ends_at
        urls = {
            key: f"{PUBLIC_URL}/{one.name}.git" for key, one in self.history.repositories.items()
        }
        self.github = GitHub(world, self.history, secrets.token_hex(20), now, PUBLIC_URL)
        self.argocd = ArgoCD(world, self.history, secrets.token_hex(20), now, urls)
        self.flux = Flux(world, self.history, secrets.token_hex(20), now, urls)
        self.flux_server: LoopbackServer | None = None
        self.cluster = Cluster(world, self.history, self.flux, self.argocd)
        if _has_cluster(world):
            self.flux_server = LoopbackServer("flux", self.cluster.respond, lambda: self.flux.at)
        self.github_server = LoopbackServer("github", self.github.respond, lambda: self.github.at)
        self.argocd_server = LoopbackServer("argocd", self.argocd.respond, lambda: self.argocd.at)
        self.jira = Jira(world, self.history, secrets.token_hex(20), now)
        self.jira_server: LoopbackServer | None = None
        if self.history.tickets:
            self.jira_server = LoopbackServer("jira", self.jira.respond, lambda: self.jira.at)
        self.registry = Registry(repositories=_held(self.history.images))
        self.registry_server: LoopbackServer | None = None
        if world.image:
            self.registry_server = LoopbackServer("registry", self.registry.respond, lambda: now)
            self.registry.realm = f"{self.registry_server.url}/token"
        self._repo_urls = urls
        for fault in world.fault:
            self.server(fault.server).fail(fault)
        self.at(now)

    def _cut(self, key: str) -> str:
        """Where the history of a repository is cut off; empty where it is whole."""
        reference = self.world.access.shallow.get(key, "")
        if reference and reference not in self.history.names:
            raise ConfigError(f"`{reference}`, at which `{key}` is cut off, names no commit.")
        return self.history.names[reference][1] if reference else ""

    def server(self, name: str) -> LoopbackServer:
        """`github`, `argocd`, `flux`, `jira` or `registry`: counts of calls, latency, faults."""
        servers = {"github": self.github_server, "argocd": self.argocd_server}
        if self.flux_server is not None:
            servers["flux"] = self.flux_server
        if self.jira_server is not None:
            servers["jira"] = self.jira_server
        if self.registry_server is not None:
            servers["registry"] = self.registry_server
        if name not in servers:
            known = ", ".join(servers)
            raise ConfigError(f"There is no simulated server `{name}`; known: {known}.")
        return servers[name]

    @property
    def points(self) -> int:
        """GraphQL points used since the start."""
        return self.github.budget.total

    def at(self, when: int | str) -> Moment:
        """Moves the world to a moment: microseconds UTC, ISO text, or an offset from `epoch`."""
        now = when if isinstance(when, int) else moment(when, moment(self.world.epoch, 0))
        self.github.at = self.argocd.at = self.flux.at = self.jira.at = now
        self.registry.at = now
        for one in self.repositories.values():
            one.set_moment(now)
        root = self.github_server.url
        records = self.history.repositories
        return Moment(
            at=now,
            github_url=root,
            github_api_url=f"{root}/api/v3",
            github_graphql_url=f"{root}/api/graphql",
            github_token=self.github.token,
            argocd_url=self.argocd_server.url,
            argocd_token=self.argocd.token,
            flux_url=self.flux_server.url if self.flux_server and _has_flux(self.world) else "",
            cluster_url=self.flux_server.url if self.flux_server else "",
            flux_token=self.flux.token,
            repositories={key: as_of(r.names, now, r.name) for key, r in records.items()},
            repository_ids={key: record.id for key, record in records.items()},
            git_urls={key: one.url for key, one in self.repositories.items()},
            git_paths={key: one.path for key, one in self.repositories.items()},
            registry_url=self.registry_server.url if self.registry_server else "",
            jira_url=self.jira_server.url if self.jira_server else "",
            jira_token=self.jira.token,
            jira_email=EMAIL if self.world.jira == "cloud" else "",
            repo_urls=self._repo_urls,
        )

    def end(self) -> Moment:
        """The moment at which the story is over."""
        return self.at(self.history.ends_at)

    def close(self) -> None:
        """Stops the servers; the repositories stay on disk."""
        self.github_server.close()
        self.argocd_server.close()
        if self.flux_server is not None:
            self.flux_server.close()
        if self.jira_server is not None:
            self.jira_server.close()
        if self.registry_server is not None:
            self.registry_server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _held(images: Mapping[str, Images]) -> dict[str, Images]:
    """By repository, which is an image's name without its registry."""
    return {name.partition("/")[2]: held for name, held in images.items()}


def _has_flux(world: World) -> bool:
    return any(one.deployer == "flux" for one in world.application)


def _has_cluster(world: World) -> bool:
    """Whether anything is read from the API server of a cluster."""
    wanted = world.delivery or world.event or world.argocd_api == "kubernetes"
    return _has_flux(world) or bool(wanted)
