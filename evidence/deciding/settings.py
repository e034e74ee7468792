"""Controls whose unit of test is an interval of a setting, over a span of time."""

from __future__ import annotations

from dataclasses import replace

from evidence.controls.evaluate import evaluate_settings
from evidence.deciding.case import Case
from evidence.in_scope import Repository
from evidence.model.determination import SettingInterval
from evidence.model.policy_result import AUDIT, PolicyResult
from evidence.model.protection import SettingsHistory
from evidence.store import queries
from evidence.store.settings import settings_history


def setting_intervals(case: Case, begin: int, end: int) -> tuple[SettingInterval, ...]:
    """What held of the settings of every repository in scope, by repository, control and time.

    `begin` and `end` in microseconds UTC; nothing after the case's moment is judged.
    """
    until = min(end, case.as_of)
    return tuple(
        interval
        for repository in sorted(case.policy.repositories, key=lambda one: one.id)
        for interval in evaluate_settings(
            _history(case, repository), repository, case.policy, begin, until
        )
    )


def _history(case: Case, repository: Repository) -> SettingsHistory:
    history = settings_history(
        case.store,
        repository.id,
        case.gaps().get(repository.id, ()),
        branches=repository.production_branches,
        at=case.at,
    )
    starts = (
        one.started_at
        for one in case.population.deployments
        if any(each.repository == repository.id for each in one.ranges)
        or any(each.repository == repository.id for each in one.running)
    )
    reporting = _reporting(case, repository)
    return replace(history, deployed_from=min(starts, default=0), reporting=reporting)


def _reporting(case: Case, repository: Repository) -> tuple[PolicyResult, ...]:
    """Results of engines that only report, on commits of the repository or handed over for it."""
    graph = case.inputs.graphs.get(repository.id)
    found = queries.load(case.store, PolicyResult, at=case.at, enforcement=AUDIT)
    return tuple(
        one
        for one in found
        if one.repository == repository.id or (graph is not None and one.subject in graph.index)
    )
