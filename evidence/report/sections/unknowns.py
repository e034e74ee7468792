"""What could not be determined, by reason, and the one action that would decide most of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.sections.settings import intervals_by_subject
from evidence.report.view import View

TITLE = "Unknown, by reason"


def context(view: View) -> Mapping[str, Any]:
    """Groups by control and reason; actions by how many determinations name them."""
    return {
        "groups": view.cut(view.summary.unknown),
        "actions": view.summary.actions[:10],
        "intervals": intervals_by_subject(view),
        "total": sum(row.count for row in view.summary.unknown),
    }
