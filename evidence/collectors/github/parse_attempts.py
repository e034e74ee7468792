"""All attempts of the checks of one commit, as its check suites list them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evidence.collectors.github.parse_checks import run_of
from evidence.collectors.github.reading import at, identifier, items, mapping, rows, text
from evidence.model.check import CheckCoverage, CheckRun


def attempts_of(
    repository: str, host: str, payload: Mapping[str, Any], *, readable: bool
) -> tuple[list[CheckRun], CheckCoverage]:
    """Every attempt on the commit, numbered by their start, and whether they were read whole.

    Of legacy statuses GitHub shows the newest state only; they are told without a number.
    """
    commit = mapping(payload.get("commit"))
    sha = text(commit.get("oid"))
    tails = [mapping(tail) for tail in items(payload.get("tails"))]
    pages = [commit.get("checkSuites"), *(t["checkSuites"] for t in tails if "checkSuites" in t)]
    suites, suites_total = rows(pages)
    runs: list[CheckRun] = []
    reported, whole = 0, 0 <= suites_total <= len(suites)
    for suite in suites:
        own = [t["checkRuns"] for t in tails if t.get("id") == suite.get("id") and "checkRuns" in t]
        nodes, total = rows([suite.get("checkRuns"), *own])
        whole = whole and 0 <= total <= len(nodes)
        reported += max(total, 0)
        runs += [run_of(repository, host, sha, {**node, "checkSuite": suite}) for node in nodes]
    statuses = list(_statuses(commit, repository, host, sha))
    known = "status" in commit
    coverage = CheckCoverage(
        repository=repository,
        sha=sha,
        complete=readable and whole and known,
        all_attempts=readable and whole,
        reported=reported + len(statuses),
        read=len(runs) + len(statuses),
    )
    return [*_numbered(runs), *statuses], coverage


def _statuses(
    commit: Mapping[str, Any], repository: str, host: str, sha: str
) -> Iterator[CheckRun]:
    for node in map(mapping, items(at(commit, "status", "contexts"))):
        if identifier(node):
            yield run_of(repository, host, sha, {**node, "__typename": "StatusContext"})


def _numbered(runs: list[CheckRun]) -> list[CheckRun]:
    """Runs of one app and name are the attempts of one check, counted in the order of starting."""
    counts: dict[tuple[str, str], int] = {}
    found = []
    for run in sorted(runs, key=_order):
        counts[run.app, run.name] = counts.get((run.app, run.name), 0) + 1
        found.append(replace(run, attempt=counts[run.app, run.name]))
    return found


def _order(run: CheckRun) -> tuple[int, int, str]:
    number = int(run.check_id) if run.check_id.isascii() and run.check_id.isdecimal() else 0
    return (run.started_at or run.completed_at, number, run.check_id)
