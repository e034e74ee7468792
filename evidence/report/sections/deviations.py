"""The register of deviations and management responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.sections.settings import intervals_by_subject
from evidence.report.view import View

TITLE = "Deviations and management responses"


def context(view: View) -> Mapping[str, Any]:
    """Every determination that is `fail`, by control and subject."""
    return {
        "deviations": view.cut(view.summary.deviations),
        "changes": frozenset(row.change_id for row in view.summary.population),
        "promotions": view.summary.promotion_ids,
        "intervals": intervals_by_subject(view),
        "undeployed": frozenset(row.change_id for row in view.summary.undeployed),
    }
