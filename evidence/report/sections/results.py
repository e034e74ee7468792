"""Outcomes per control, the deviation rate with its denominator, and the unknown beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from evidence.model.change import Change
from evidence.model.determination import Determination
from evidence.report.text import percent
from evidence.report.view import View

TITLE = "Results"


def context(view: View) -> Mapping[str, Any]:
    """Counts over the whole population, none sampled; promotions are counted apart."""
    return {
        "rolled": view.summary.rolled_up(),
        "counts": view.summary.counts,
        "promotion_counts": view.summary.promotion_counts,
        "promotions": len(view.summary.promotions),
        "undeployed_counts": view.summary.undeployed_counts,
        "setting_counts": view.summary.setting_counts,
        "lanes": _lanes(view),
        "controls": {row.id: row for row in view.data.controls},
    }


_LANES = {"standard-lane": "standard", "emergency-lane": "emergency"}
"""Reason of CM-03 -> the documented lane that a change followed; any other: normal."""


def _lanes(view: View) -> list[tuple[str, int, str, int]]:
    """(lane, changes of the population, their share, promotions), the normal lane first."""
    inside = _counted(view, view.summary.population)
    apart = _counted(view, view.summary.promotions)
    total = inside.total()
    return [
        (lane, inside[lane], percent(inside[lane], total), apart[lane])
        for lane in ("normal", *_LANES.values())
        if lane == "normal" or inside[lane] or apart[lane]
    ]


def _counted(view: View, changes: Iterable[Change]) -> Counter[str]:
    return Counter(_lane(view.determinations(one.change_id)) for one in changes)


def _lane(determinations: Iterable[Determination]) -> str:
    found = (_LANES[one.reason] for one in determinations if one.reason in _LANES)
    return next(found, "normal")
