"""Controls whose unit of test is an interval of a setting, over a span of time."""

from __future__ import annotations

from evidence.controls.evaluate import evaluate_settings
from evidence.deciding.case import Case
from evidence.model.determination import SettingInterval
from evidence.store.settings import settings_history


def setting_intervals(case: Case, begin: int, end: int) -> tuple[SettingInterval, ...]:
    """What held of the settings of every repository in scope, by repository, control and time.

    `begin` and `end` in microseconds UTC; nothing after the case's moment is judged.
    """
    gaps = case.gaps()
    until = min(end, case.as_of)
    return tuple(
        interval
        for repository in sorted(case.policy.repositories, key=lambda one: one.id)
        for interval in evaluate_settings(
            settings_history(case.store, repository.id, gaps.get(repository.id, ()), at=case.at),
            repository,
            case.policy,
            begin,
            until,
        )
    )
