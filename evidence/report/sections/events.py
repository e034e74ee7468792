"""Drift and acts beside the deployers: each event, what became of it, and in what time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Drift, out-of-band changes and rollbacks by hand"


def context(view: View) -> Mapping[str, Any]:
    """The events in order of their begin."""
    happened = {row.event.event_id: row.event.count for row in view.data.events}
    return {
        "events": view.cut(view.data.events),
        "number": len(happened),
        "happened": sum(happened.values()),
    }
