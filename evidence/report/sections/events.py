"""Drift and acts beside the deployers: each event, what became of it, and in what time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Drift and out-of-band changes"


def context(view: View) -> Mapping[str, Any]:
    """The events in order of their begin."""
    return {
        "events": view.cut(view.data.events),
        "counts": Counter(row.determination.outcome for row in view.data.events),
        "happened": sum(row.event.count for row in view.data.events),
    }
