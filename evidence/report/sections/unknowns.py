"""What could not be determined, by reason, and the one action that would decide most of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.model.disposition import Alternative, Ruling
from evidence.report.sections.settings import intervals_by_subject
from evidence.report.view import View

TITLE = "Unknown, by reason"


def context(view: View) -> Mapping[str, Any]:
    """Groups by control and reason; actions by how many determinations name them."""
    return {
        "supported": view.cut(_supported(view)),
        "groups": view.cut(view.summary.unknown),
        "actions": view.summary.actions[:10],
        "intervals": intervals_by_subject(view),
        "total": sum(row.count for row in view.summary.unknown),
    }


def _supported(view: View) -> list[tuple[Ruling, Alternative]]:
    """Rulings on alternative evidence, by control and subject, with what was attached."""
    known = {one.id: one for one in view.data.register.alternatives}
    return [
        (ruling, known[ruling.disposition])
        for _, rulings in sorted(view.data.rulings.items())
        for ruling in rulings
        if ruling.disposition in known
    ]
