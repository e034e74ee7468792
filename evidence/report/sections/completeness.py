"""Counts made in two ways (R1 to R9), and everything that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.ipe import reconciled
from evidence.report.view import View

TITLE = "Completeness"


def context(view: View) -> Mapping[str, Any]:
    """Reconciliations with the command that makes the same count; gaps, open ones first."""
    gaps = sorted(
        view.data.gaps, key=lambda row: (bool(row.closed_at), row.opened_at, row.gap.source)
    )
    return {
        "line": reconciled(view.data),
        "reconciliations": view.data.reconciliations,
        "open_gaps": view.cut([row for row in gaps if not row.closed_at]),
        "closed_gaps": view.cut([row for row in gaps if row.closed_at]),
    }
