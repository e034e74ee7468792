"""Checks of a commit, as its rollup lists them: check runs, legacy statuses, and the coverage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.reading import (
    actor,
    at,
    identifier,
    mapping,
    rows,
    text,
)
from evidence.collectors.http import iso_micros
from evidence.model.check import CheckCoverage, CheckRun

_FINAL_STATES = frozenset({"SUCCESS", "FAILURE", "ERROR"})


def checks_of(
    repository: str, host: str, sha: str, contexts: list[Any], *, readable: bool
) -> tuple[list[CheckRun], CheckCoverage]:
    """The newest run of each check on `sha`, and how completely they were read.

    `contexts` are the pages of the rollup's connection; none of them and `readable` means that
    GitHub knows of no check on that commit.
    """
    nodes, reported = rows(contexts)
    runs = [run_of(repository, host, sha, node) for node in nodes]
    if not contexts and readable:
        reported = 0
    coverage = CheckCoverage(
        repository=repository,
        sha=sha,
        complete=readable and 0 <= reported <= len(runs),
        all_attempts=False,
        reported=reported,
        read=len(runs),
    )
    return runs, coverage


def run_of(repository: str, host: str, sha: str, node: Mapping[str, Any]) -> CheckRun:
    """A check run with its suite, or a legacy status."""
    if node.get("__typename") == "StatusContext":
        return _status(repository, host, sha, node)
    suite = mapping(node.get("checkSuite"))
    return CheckRun(
        repository=repository,
        sha=sha,
        kind="check_run",
        check_id=identifier(node),
        name=text(node.get("name")),
        app=text(at(suite, "app", "slug")),
        app_id=identifier({"databaseId": at(suite, "app", "databaseId")}),
        status=text(node.get("status")),
        conclusion=text(node.get("conclusion")),
        started_at=iso_micros(node.get("startedAt")),
        completed_at=iso_micros(node.get("completedAt")),
        url=text(node.get("detailsUrl")),
        suite_id=identifier({"databaseId": suite.get("databaseId")}),
        run_id=identifier({"databaseId": at(suite, "workflowRun", "databaseId")}),
    )


def _status(repository: str, host: str, sha: str, node: Mapping[str, Any]) -> CheckRun:
    state = text(node.get("contextState"))
    final = state in _FINAL_STATES
    created = iso_micros(node.get("createdAt"))
    return CheckRun(
        repository=repository,
        sha=sha,
        kind="status",
        check_id=identifier(node),
        name=text(node.get("context")),
        app="",
        app_id="",
        status="COMPLETED" if final else state,
        conclusion=state if final else "",
        started_at=created,
        completed_at=created,
        creator=actor(host, node.get("creator")),
        url=text(node.get("targetUrl")),
    )
