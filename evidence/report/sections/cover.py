"""Who, which period, what is inside, and what this packet is and is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.ipe import reconciled
from evidence.report.view import View

TITLE = "Change management evidence"


def context(view: View) -> Mapping[str, Any]:
    """The headline numbers and the identity of the packet."""
    rolled = view.summary.rolled_up()
    return {
        "headline": (
            ("Production changes", len(view.summary.population)),
            ("with a deviation", rolled.deviations),
            ("with an unknown, no open deviation", rolled.unknown),
            ("Deployments", len(view.summary.deployments)),
        ),
        "reconciled": reconciled(view.data),
        "open_gaps": sum(1 for row in view.data.gaps if not row.closed_at),
    }
