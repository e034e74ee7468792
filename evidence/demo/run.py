"""Runs the real program on a simulated organisation: the demo, the golden cases and the load.

This is the only module of the demo that knows the program; the world and its servers do not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.demo.organisation import demo_polls, demo_world
from evidence.demo.simulation import Moment, Simulation
from evidence.demo.steps import CommentStep
from evidence.demo.world import World
from evidence.demo.writing import inline
from evidence.errors import ConfigError
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.sync import Outcome, sync
from evidence.verify import read_trust, verify_packet


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """A simulated organisation and a data directory that a real program collects into."""

    simulation: Simulation
    home: Path
    keys: Path
    overrides: Mapping[str, Any]
    """Sections of the configuration that differ from what the world implies."""

    def loaded(self, moment: Moment) -> Loaded:
        """The configuration that reads the world as it stands at a moment."""
        values = configuration(self.simulation.world, moment, self.home)
        merged = _merged(values, self.overrides)
        merged.setdefault("seal", {})["keys"] = str(self.keys)
        return Loaded(
            settings=Settings.model_validate(merged), path=None, origins={}, home=self.home
        )

    def sync_at(
        self, when: int | str, sources: Sequence[str] = (), progress: Progress = no_progress
    ) -> Outcome:
        """Moves the world to a moment and syncs."""
        return sync(
            self.loaded(self.simulation.at(when)), sources=tuple(sources), progress=progress
        )


@contextmanager
def rehearse(
    world: World, directory: Path, overrides: Mapping[str, Any] | None = None
) -> Iterator[Rehearsal]:
    """Serves a world from `directory` and gives what collects from it; servers end with it."""
    directory = directory.resolve()
    home = directory / "data"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Simulation(world, directory / "world") as simulation:
        yield Rehearsal(
            simulation=simulation,
            home=home,
            keys=directory / "keys",
            overrides=overrides or {},
        )


def configuration(world: World, moment: Moment, home: Path) -> dict[str, Any]:
    """The sections that a person would write for this world, tokens as files in `home`."""
    github = _secret(home / "github.token", moment.github_token)
    flux = [_flux(moment, home)] if moment.flux_url else []
    cluster = _cluster(world, moment, home)
    jira = [_jira(world, moment, home)] if moment.jira_url else []
    return {
        "organisation": {"name": world.name, "time_zone": "UTC", "simulated": True},
        "source": [
            {
                "id": "github",
                "kind": "github",
                "url": moment.github_api_url,
                "secret": github,
                "system": "github.example",
                "settings_hours": 0,
                "job_logs": False,
                "line_comments": _has_line_comments(world),
            },
            _argocd(world, moment, home),
            *flux,
            *cluster,
            *_deployments(world, moment, github),
            *jira,
            *_registry(world, moment),
        ],
        "repository": [
            {
                "id": repository.key,
                "name": moment.repositories[repository.key],
                "source": "github",
                "clone": moment.git_urls[repository.key],
                "addresses": [moment.repo_urls[repository.key]],
                "production_branches": [repository.default_branch],
                "role": "configuration" if repository.kind == "config" else "application",
            }
            for repository in world.repository
        ],
        "application": _applications(world),
    }


def _has_line_comments(world: World) -> bool:
    return any(
        isinstance(step, CommentStep) and bool(step.path)
        for change in world.change
        for step in change.steps
    )


def _jira(world: World, moment: Moment, home: Path) -> dict[str, Any]:
    return {
        "id": "jira",
        "kind": "jira",
        "url": moment.jira_url,
        "secret": _secret(home / "jira.token", moment.jira_token),
        "email": moment.jira_email,
        "deployment": world.jira,
        "system": "jira.example",
    }


def _registry(world: World, moment: Moment) -> list[dict[str, Any]]:
    """The registry of the world's images, which anybody may read."""
    if not moment.registry_url:
        return []
    host = world.image[0].name.partition("/")[0]
    return [{"id": "registry", "kind": "oci", "url": moment.registry_url, "system": host}]


def _flux(moment: Moment, home: Path) -> dict[str, Any]:
    return {
        "id": "flux",
        "kind": "flux",
        "url": moment.flux_url,
        "secret": _secret(home / "flux.token", moment.flux_token),
        "system": "cluster.example",
    }


def _argocd(world: World, moment: Moment, home: Path) -> dict[str, Any]:
    if world.argocd_api == "kubernetes":
        secret = _secret(home / "cluster.token", moment.flux_token)
        place = {"url": moment.cluster_url, "secret": secret, "api": "kubernetes"}
        return {"id": "argocd", "kind": "argocd", **place}
    secret = _secret(home / "argocd.token", moment.argocd_token)
    return {"id": "argocd", "kind": "argocd", "url": moment.argocd_url, "secret": secret}


def _cluster(world: World, moment: Moment, home: Path) -> list[dict[str, Any]]:
    """Sources beside deployers that are read from the cluster."""
    kinds = list(dict.fromkeys(one.tool for one in world.delivery))
    if world.event:
        kinds.append("kubernetes-events")
    return [
        {
            "id": kind,
            "kind": kind,
            "url": moment.cluster_url,
            "secret": _secret(home / "cluster.token", moment.flux_token),
            "system": "cluster.example",
        }
        for kind in kinds
    ]


def _deployments(world: World, moment: Moment, secret: str) -> list[dict[str, Any]]:
    """GitHub as a deployer, where it was told of deployments."""
    if not world.github_deployment:
        return []
    return [
        {
            "id": "github-deployments",
            "kind": "github-deployments",
            "url": moment.github_api_url,
            "secret": secret,
            "system": "github.example",
        }
    ]


def _applications(world: World) -> list[dict[str, Any]]:
    known = {repository.key for repository in world.repository}
    found: list[dict[str, Any]] = []
    for application in world.application:
        source = application.sources[0]
        inside = source.repository in known
        found.append(
            {
                "id": application.key,
                "source": application.deployer,
                "selector": f"{application.namespace}/{application.key}",
                "repository": source.repository if inside else "",
                "path": "" if source.path in (".", "") else source.path,
                "values_files": [f"{source.path}/{name}" for name in source.values],
            }
        )
    return found


def _secret(path: Path, value: str) -> str:
    path.write_text(value, encoding="utf-8")
    path.chmod(0o600)
    return f"file:{path}"


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; lists of tables with an `id` merge by it; all else replaces."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = _merged(below, value)
        elif _tables(value) and _tables(below):
            merged[key] = _merged_tables(below or [], value)
        else:
            merged[key] = value
    return merged


def _merged_tables(base: Sequence[Any], over: Sequence[Any]) -> list[Any]:
    rows = {row["id"]: row for row in base}
    for row in over:
        rows[row["id"]] = _merged(rows.get(row["id"], {}), row)
    return list(rows.values())


def _tables(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, Mapping) and "id" in row for row in value)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a demo leaves behind."""

    packet: Path
    trust: Path
    configuration: Path
    example: str
    """A commit or pull request worth tracing."""
    receipts: int
    summary: tuple[str, ...]
    verdict: str


def demo_configuration() -> dict[str, Any]:
    """What a person adds to the configuration that the demo world implies."""
    text = files("evidence.demo").joinpath("worlds", "demo.config.toml").read_text("utf-8")
    return tomllib.loads(text)


def show(directory: Path, progress: Progress = no_progress) -> Shown:
    """Collects the demo world week by week, exports its packet and verifies it.

    Raises:
        ConfigError: the directory holds something already.
        EvidenceError: anything that a real run could meet.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(
            f"{directory} is not empty.", next_step="Name another with --output, or remove it."
        )
    directory.mkdir(parents=True, exist_ok=True)
    with rehearse(demo_world(), directory, demo_configuration()) as rehearsal:
        held = keys.init(rehearsal.keys, name="Simulated organisation")
        trust = directory / "trust"
        trust.write_text(keys.trust_file(held), encoding="utf-8")
        polls = demo_polls()
        for done, when in enumerate(polls):
            progress("weeks collected", done, len(polls))
            rehearsal.sync_at(when)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        request = ReportRequest(
            start="2026-07-06",
            end="2026-09-14",
            destination=directory / "packet",
        )
        result = report(loaded, request, progress)
        configuration_file = directory / "evidence.toml"
        configuration_file.write_text(settings_text(loaded.settings), encoding="utf-8")
        number = rehearsal.simulation.history.pulls["gift-cards"].number
    verdict = verify_packet(result.directory, read_trust(trust))
    return Shown(
        packet=result.directory,
        trust=trust,
        configuration=configuration_file,
        example=f"shop:pr:{number}",
        receipts=len(polls) * 5,
        summary=tuple(result.summary()),
        verdict=verdict.summary,
    )


def settings_text(settings: Settings) -> str:
    """The settings as a configuration file; what is at its default is left out."""
    lines: list[str] = []
    for section, value in settings.model_dump(exclude_defaults=True).items():
        tables = value if isinstance(value, list) else [value]
        mark = "[[{}]]" if isinstance(value, list) else "[{}]"
        for table in tables:
            lines.append("\n" + mark.format(section))
            lines.extend(f"{key} = {inline(_plain(inner))}" for key, inner in table.items())
    return "\n".join(lines).lstrip() + "\n"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
