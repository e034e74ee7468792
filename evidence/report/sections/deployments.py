"""Every operation that may have altered production, in order of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.summary import worst
from evidence.report.view import View

TITLE = "Deployments"


def context(view: View) -> Mapping[str, Any]:
    """The deployment rows with the worst outcome of the controls tested on each."""
    rows = view.cut(view.summary.deployments)
    return {
        "deployments": rows,
        "promotions": view.summary.promotion_ids,
        "outcomes": {
            row.deployment_id: worst(
                view.summary.verdict(found) for found in view.determinations(row.deployment_id)
            )
            for row in rows
            if view.determinations(row.deployment_id)
        },
    }
