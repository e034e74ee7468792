"""Check runs, check suites, commit statuses and their rollup, as of the moment of a view."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_view import Node, View
from evidence.demo.history import CheckRecord, RepositoryRecord
from evidence.demo.moments import DAY, iso

_PASSING: Final = frozenset(("SUCCESS", "NEUTRAL", "SKIPPED"))
_APP_IDS: Final = {"github-actions": 15368}


def visible(view: View, where: RepositoryRecord, sha: str) -> list[CheckRecord]:
    """All attempts that had started by then, in the order of their ids."""
    days = view.world.access.checks_days
    oldest = view.at - days * DAY if days else 0
    return [
        one
        for one in where.checks.get(sha, ())
        if one.started_at <= view.at and (one.completed_at or one.started_at) >= oldest
    ]


def newest(checks: Iterable[CheckRecord]) -> list[CheckRecord]:
    """The newest attempt of each check: all that the rollup shows."""
    return list({_series(one): one for one in checks}.values())


def _series(one: CheckRecord) -> tuple[str, str, str]:
    """What a later attempt replaces: a status by its context, a check run by app and name."""
    return one.kind, "" if one.kind == "status" else one.app, one.name


def rollup(view: View, where: RepositoryRecord, sha: str) -> Node | None:
    """The rollup of a commit; None where no check was ever reported for it."""
    checks = newest(visible(view, where, sha))
    if not checks:
        return None
    runs = [one for one in checks if one.kind == "check_run"]
    return {
        "__typename": "StatusCheckRollup",
        "id": node_id("StatusCheckRollup", where.id, sha),
        "state": _rolled_up([_state(view, one) for one in checks]),
        "commit": lambda: view.commit(where, sha),
        "contexts": lambda **given: connection(
            "contexts",
            checks,
            lambda one: context_node(view, where, one),
            given,
            checkRunCount=len(runs),
            statusContextCount=len(checks) - len(runs),
        ),
    }


def status(view: View, where: RepositoryRecord, sha: str) -> Node | None:
    """The legacy statuses of a commit."""
    found = newest(one for one in visible(view, where, sha) if one.kind == "status")
    if not found:
        return None
    return {
        "__typename": "Status",
        "id": node_id("Status", where.id, sha),
        "state": _rolled_up([_state(view, one) for one in found]),
        "contexts": [context_node(view, where, one) for one in found],
    }


def suites(view: View, where: RepositoryRecord, sha: str, given: dict[str, Any]) -> Node:
    """The check suites of a commit, each with all its runs."""
    groups: dict[int, list[CheckRecord]] = {}
    for one in visible(view, where, sha):
        if one.kind == "check_run":
            groups.setdefault(one.suite, []).append(one)
    return connection(
        "checkSuites", list(groups.values()), lambda runs: _suite(view, where, runs), given
    )


def _suite(view: View, where: RepositoryRecord, runs: Sequence[CheckRecord]) -> Node:
    first = runs[0]
    states = [_state(view, one) for one in runs]
    done = all(one != "PENDING" for one in states)
    ended = max((one.completed_at for one in runs), default=0)
    return {
        "__typename": "CheckSuite",
        "id": node_id("CheckSuite", first.suite),
        "databaseId": first.suite,
        "status": "COMPLETED" if done else "IN_PROGRESS",
        "conclusion": _rolled_up(states) if done else None,
        "createdAt": iso(first.started_at),
        "updatedAt": iso(ended if done else first.started_at),
        "app": app_node(first.app),
        "workflowRun": _workflow_run(view, where, first),
        "checkRuns": lambda **given: connection(
            "checkRuns",
            _filtered(runs, given.get("filterBy") or {}),
            lambda one: context_node(view, where, one),
            given,
        ),
    }


def _filtered(runs: Sequence[CheckRecord], wanted: dict[str, Any]) -> Sequence[CheckRecord]:
    shown = runs if wanted.get("checkType") == "ALL" else newest(runs)
    name = wanted.get("checkName")
    return [one for one in shown if name is None or one.name == name]


def context_node(view: View, where: RepositoryRecord, one: CheckRecord) -> Node:
    """A check run or a legacy status."""
    finished = 0 < one.completed_at <= view.at
    if one.kind == "status":
        return {
            "__typename": "StatusContext",
            "id": node_id("StatusContext", one.id),
            "context": one.name,
            "state": _state(view, one),
            "description": None,
            "targetUrl": None,
            # Each state of a status is a record of its own: this is when the present one was set.
            "createdAt": iso(one.completed_at if finished else one.started_at),
            "creator": view.actor(one.creator),
            "isRequired": lambda **_: False,
        }
    return {
        "__typename": "CheckRun",
        "id": node_id("CheckRun", one.id),
        "databaseId": one.id,
        "name": one.name,
        "status": "COMPLETED" if finished else "IN_PROGRESS",
        "conclusion": one.conclusion if finished else None,
        "startedAt": iso(one.started_at),
        "completedAt": iso(one.completed_at) if finished else None,
        "detailsUrl": view.url(where, "runs", one.id),
        "externalId": "",
        "title": None,
        "isRequired": lambda **_: False,
        "checkSuite": lambda: _suite(
            view,
            where,
            [run for run in visible(view, where, one.sha) if run.suite == one.suite],
        ),
    }


def _workflow_run(view: View, where: RepositoryRecord, one: CheckRecord) -> Node | None:
    if one.app != "github-actions":
        return None
    run, workflow = one.suite + 5, one.name.split("/")[0]
    return {
        "__typename": "WorkflowRun",
        "id": node_id("WorkflowRun", run),
        "databaseId": run,
        "event": "pull_request" if where.commit_pulls.get(one.sha) else "push",
        "runNumber": one.suite % 100_000,
        "url": view.url(where, "actions/runs", run),
        "workflow": {
            "__typename": "Workflow",
            "id": node_id("Workflow", workflow),
            "databaseId": zlib.crc32(workflow.encode()) % 1_000_000,
            "name": workflow,
        },
    }


def app_node(slug: str) -> Node:
    """The GitHub App that reported a check."""
    number = _APP_IDS.get(slug, 200_000 + zlib.crc32(slug.encode()) % 100_000)
    return {"__typename": "App", "id": node_id("App", slug), "slug": slug, "databaseId": number}


def _state(view: View, one: CheckRecord) -> str:
    if not 0 < one.completed_at <= view.at:
        return "PENDING"
    if one.kind == "status":
        return one.conclusion
    return "SUCCESS" if one.conclusion in _PASSING else "FAILURE"


def _rolled_up(states: Sequence[str]) -> str:
    for state in ("ERROR", "FAILURE", "PENDING", "EXPECTED"):
        if state in states:
            return state
    return "SUCCESS"
