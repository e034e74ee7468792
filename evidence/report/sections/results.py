"""Outcomes per control, the deviation rate with its denominator, and the unknown beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
        "lanes": view.summary.lanes,
        "flags": view.summary.flags,
        "controls": {row.id: row for row in view.data.controls},
    }
