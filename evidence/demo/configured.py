"""The configuration that a person would write for a simulated organisation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from evidence.demo.simulation import Moment
from evidence.demo.steps import CommentStep
from evidence.demo.world import World


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
                "security": bool(world.code_scan or world.alert),
                "security_hours": 0,
                "identities": bool(world.identity),
                "audit_log": bool(world.audit),
                "attestations": bool(world.attestation),
                "deployment_records": bool(world.artifact_record),
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
            if repository.kind != "outside"
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


def overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; lists of tables with an `id` merge by it; all else replaces."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = overlaid(below, value)
        elif _tables(value) and _tables(below):
            merged[key] = _merged_tables(below or [], value)
        else:
            merged[key] = value
    return merged


def _merged_tables(base: Sequence[Any], over: Sequence[Any]) -> list[Any]:
    rows = {row["id"]: row for row in base}
    for row in over:
        rows[row["id"]] = overlaid(rows.get(row["id"], {}), row)
    return list(rows.values())


def _tables(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, Mapping) and "id" in row for row in value)
    )


def demo_configuration() -> dict[str, Any]:
    """What a person adds to the configuration that the demo world implies."""
    text = files("evidence.demo").joinpath("worlds", "demo.config.toml").read_text("utf-8")
    return tomllib.loads(text)
