"""How production branches were protected, and who could merge or bypass: interval by interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.model.change import Change
from evidence.model.determination import Outcome, SettingInterval
from evidence.report.view import View

TITLE = "Protection and access over the period"


def context(view: View) -> Mapping[str, Any]:
    """The intervals in order, and the changes that landed while protection was a deviation."""
    rows = view.cut(view.data.settings)
    return {
        "intervals": rows,
        "landed": {index: tuple(_landed(view, row)) for index, row in enumerate(rows)},
        "counts": Counter(row.determination.outcome for row in view.data.settings),
    }


def intervals_by_subject(view: View) -> Mapping[str, SettingInterval]:
    """Each interval by what its determination names, for sections that list it beside changes."""
    return {row.determination.subject: row for row in view.data.settings}


def _landed(view: View, interval: SettingInterval) -> Iterator[Change]:
    """Changes of the packet that landed on the branch inside a deviating interval."""
    if interval.determination.outcome != Outcome.FAIL:
        return
    for line in view.lines:
        change = line.change
        inside = interval.begin <= change.merged_at < max(interval.end, interval.begin + 1)
        same = change.repository == interval.repository
        if same and inside and interval.setting in (change.branch, "access"):
            yield change
