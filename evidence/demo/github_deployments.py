"""Deployments of the simulated GitHub with their statuses, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import TypedError, connection
from evidence.demo.github_view import Node, View
from evidence.demo.history import RepositoryRecord
from evidence.demo.history_deployed import GitHubDeploymentRecord
from evidence.demo.moments import iso


def deployments(view: View, where: RepositoryRecord, given: Mapping[str, Any]) -> Node:
    """The `deployments` of a repository that exist by then, in the order asked for."""
    wanted = given.get("environments")
    descending = (given.get("orderBy") or {}).get("direction") == "DESC"
    found = [
        one
        for one in view.history.github_deployments
        if one.at <= view.at
        and one.repository == where.world.key
        and (not wanted or one.world.environment in wanted)
    ]
    return connection(
        "deployments",
        sorted(found, key=_place, reverse=descending),
        lambda one: _node(view, where, one),
        given,
        key=_place,
        descending=descending,
    )


def _place(one: GitHubDeploymentRecord) -> tuple[int | str, ...]:
    return (one.at, one.id)


def _node(view: View, where: RepositoryRecord, one: GitHubDeploymentRecord) -> Node:
    statuses = _statuses(view, where, one)
    state = statuses[-1]["state"] if statuses else "PENDING"
    branch = f"refs/heads/{where.default_at(view.at)}"
    return {
        "__typename": "Deployment",
        "id": node_id("Deployment", one.id),
        "databaseId": one.id,
        "environment": one.world.environment,
        "originalEnvironment": one.world.environment,
        "task": "deploy",
        "description": "",
        "payload": '"{}"',
        "state": {"SUCCESS": "ACTIVE"}.get(state, state),
        "createdAt": iso(one.at),
        "commitOid": one.sha,
        "ref": lambda **_given: view.ref(where, branch),
        "creator": _actor(view, one.world.by),
        "statuses": lambda **given: connection(
            "statuses", statuses[::-1], lambda status: status, given
        ),
    }


def _statuses(view: View, where: RepositoryRecord, one: GitHubDeploymentRecord) -> list[Node]:
    """Oldest first; GitHub shows the newest first."""
    run = f"{view.url(where)}/actions/runs/{one.run}/job/{one.id}" if one.run else ""
    return [
        {
            "__typename": "DeploymentStatus",
            "id": node_id("DeploymentStatus", one.id, place),
            "state": state,
            "environment": one.world.environment,
            "createdAt": iso(at),
            "description": "",
            "environmentUrl": None,
            "logUrl": run or None,
            "creator": _actor(view, one.world.by),
        }
        for place, (at, state) in enumerate(one.statuses)
        if at <= view.at
    ]


def _actor(view: View, key: str) -> Node:
    found = view.actor(key)
    if found is None:
        raise TypedError("NOT_FOUND", f"Could not resolve to an actor `{key}`.")
    return found
