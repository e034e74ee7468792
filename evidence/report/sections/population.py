"""Every production change of the period in one table, in order of time, and those not deployed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evidence.model.determination import SubjectKind, Verdict
from evidence.report.summary import worst
from evidence.report.view import Line, View

TITLE = "Population"


def context(view: View) -> Mapping[str, Any]:
    """Lines by first deployment (merge for the undeployed), strata, and the columns of outcomes."""
    inside = [line for line in view.lines if line.in_population]
    apart = [line for line in view.lines if line.change.change_id in view.summary.promotion_ids]
    left = {line.change.change_id for line in (*inside, *apart)}
    outside = [line for line in view.lines if line.change.change_id not in left]
    return {
        "listings": view.ipe["listings"],
        "inside": view.cut(_by_time(inside)),
        "promotions": view.cut(_by_time(apart)),
        "outside": view.cut(_by_time(outside)),
        "strata": sorted(Counter(line.change.change_type for line in inside).items()),
        "columns": [
            row.id for row in view.data.controls if row.in_scope and row.unit is SubjectKind.CHANGE
        ],
        "cells": {line.change.change_id: _cells(view, line) for line in view.lines},
    }


def _by_time(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda row: row.change.first_deployed_at or row.change.merged_at)


def _cells(view: View, line: Line) -> dict[str, Verdict]:
    by_control: dict[str, list[Verdict]] = {}
    for row in view.determinations(line.change.change_id):
        by_control.setdefault(row.control, []).append(view.summary.verdict(row))
    return {control: worst(verdicts) for control, verdicts in by_control.items()}
