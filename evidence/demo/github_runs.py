"""Workflow runs that deploy, their attempts, and who let them pass at an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import Respond, forbidden, lacks, not_found, user_body
from evidence.demo.github_ids import node_id
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.history_deployed import GitHubDeploymentRecord
from evidence.demo.moments import iso
from evidence.demo.serving import Request


def run(view: View, _: Request, where: RepositoryRecord, parts: tuple[str, ...]) -> Answer:
    """A run as its last attempt shows it, or one attempt of it."""
    if lacks(view, "actions"):
        return forbidden()
    found = _attempts(view, where, parts[0])
    wanted = int(parts[1]) if len(parts) > 1 else 0
    found = [one for one in found if not wanted or one.world.attempt == wanted]
    return json_answer(200, _body(view, where, found[-1])) if found else not_found()


def approvals(view: View, _: Request, where: RepositoryRecord, parts: tuple[str, ...]) -> Answer:
    """The reviews of a run, of all its attempts. GitHub names neither time nor attempt."""
    if lacks(view, "actions"):
        return forbidden()
    found = _attempts(view, where, parts[0])
    if not found:
        return not_found()
    rows = [
        {
            "environments": [_environment(view, where, one)],
            "state": state,
            "user": user_body(view, key),
            "comment": one.world.comment,
        }
        for one in found
        for state, keys in (
            ("approved", one.world.approved_by),
            ("rejected", one.world.rejected_by),
        )
        for key in keys
    ]
    return json_answer(200, rows)


def _attempts(view: View, where: RepositoryRecord, number: str) -> list[GitHubDeploymentRecord]:
    """The deployments that a run made by then, by attempt."""
    return sorted(
        (
            one
            for one in view.history.github_deployments
            if str(one.run) == number and one.repository == where.world.key and one.at <= view.at
        ),
        key=lambda one: (one.world.attempt, one.at),
    )


def _body(view: View, where: RepositoryRecord, one: GitHubDeploymentRecord) -> dict[str, Any]:
    ended = [at for at, state in one.statuses if state in ("SUCCESS", "FAILURE", "ERROR")]
    done = bool(ended) and ended[0] <= view.at
    return {
        "id": one.run,
        "node_id": node_id("WorkflowRun", one.run),
        "name": "Deploy",
        "path": ".github/workflows/deploy.yml",
        "event": "workflow_dispatch",
        "head_branch": where.default_at(view.at),
        "head_sha": one.sha,
        "run_number": 1,
        "run_attempt": one.world.attempt,
        "status": "completed" if done else "in_progress",
        "conclusion": "success" if done else None,
        "html_url": f"{view.url(where)}/actions/runs/{one.run}",
        "created_at": iso(one.at),
        "run_started_at": iso(one.at),
        "updated_at": iso(max([one.at, *(at for at, _ in one.statuses if at <= view.at)])),
        "actor": user_body(view, one.world.by),
        "triggering_actor": user_body(view, one.world.started_by or one.world.by),
    }


def _environment(
    view: View, where: RepositoryRecord, one: GitHubDeploymentRecord
) -> dict[str, Any]:
    name = one.world.environment
    return {
        "id": 1 + sum(name.encode()),
        "node_id": node_id("Environment", where.id, name),
        "name": name,
        "html_url": f"{view.url(where)}/deployments/activity_log?environments_filter={name}",
        "created_at": iso(where.created_at),
        "updated_at": iso(where.created_at),
    }


ROUTES: Final[Mapping[str, Respond]] = {
    "actions/runs/([0-9]+)": run,
    "actions/runs/([0-9]+)/attempts/([0-9]+)": run,
    "actions/runs/([0-9]+)/approvals": approvals,
}
"""Path below the repository -> what answers it."""
