"""What of a forge is read by what is stored: logs of required checks, changed repositories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from evidence.model.check import LOG, CheckRun
from evidence.model.pull_request import PullRequest
from evidence.model.settings import BranchProtection, Ruleset
from evidence.store import queries
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import fact_table
from evidence.store.session import Store

ACTIONS = "github-actions"
"""The app whose check runs are jobs with a log."""
_WITHOUT = frozenset({"", "SKIPPED", "STALE", "ACTION_REQUIRED"})
"""Conclusions of jobs that did not run, or not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """One attempt of a required check that ended and left a log."""

    repository: str
    sha: str
    check_id: str
    name: str
    app: str
    conclusion: str
    ended_at: int
    """Microseconds UTC."""


def required_names(store: Store) -> Mapping[str, frozenset[str]]:
    """Repository -> names of checks that its branches require by what was last seen."""
    found: dict[str, set[str]] = {}
    for protection in queries.load(store, BranchProtection):
        names = {one.name for one in protection.required_checks}
        found.setdefault(protection.repository, set()).update(names)
    for ruleset in queries.load(store, Ruleset):
        names = {one.name for rule in ruleset.rules for one in rule.required_checks}
        found.setdefault(ruleset.repository, set()).update(names)
    return {repository: frozenset(names) for repository, names in found.items()}


def unread_jobs(
    store: Store, names: Collection[str], required: Mapping[str, Collection[str]], kept: int
) -> list[EndedJob]:
    """Jobs that ended less than `kept` microseconds before checks were read last, oldest first.

    `names` are required everywhere, `required` in one repository each.
    """
    every = {*names, *(name for some in required.values() for name in some)}
    if not every:
        return []
    table = fact_table(CheckRun).table
    query = (
        select(table)
        .where(
            table.c.name.in_(sorted(to_text(name) for name in every)),
            table.c.completed_at >= select(func.max(table.c.observed_at) - kept).scalar_subquery(),
            table.c.app == ACTIONS,
        )
        .order_by(table.c.entry_seq)
    )
    read: set[tuple[str, str]] = set()
    found: dict[tuple[str, str], EndedJob] = {}
    with store.read() as connection:
        for row in connection.execute(query):
            key = (from_text(row.repository), from_text(row.check_id))
            if row.kind == LOG:
                read.add(key)
                continue
            found[key] = EndedJob(
                repository=key[0],
                sha=from_text(row.sha),
                check_id=key[1],
                name=from_text(row.name),
                app=row.app,
                conclusion=from_text(row.conclusion),
                ended_at=row.completed_at,
            )
    wanted = (
        one
        for key, one in found.items()
        if key not in read
        and one.conclusion.upper() not in _WITHOUT
        and (one.name in names or one.name in required.get(one.repository, ()))
    )
    return sorted(wanted, key=lambda one: (one.ended_at, one.repository, one.check_id))


def newest_pull_requests(store: Store) -> Mapping[str, int]:
    """Repository -> when a version of a pull request of it was observed last, microseconds UTC."""
    table = fact_table(PullRequest).table
    query = select(table.c.repository, func.max(table.c.observed_at)).group_by(table.c.repository)
    with store.read() as connection:
        return {from_text(name): int(at) for name, at in connection.execute(query)}
