"""Information produced by the entity: how each listing was made, and every sync run behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Information produced by the entity"


def context(view: View) -> Mapping[str, Any]:
    """The header of `population.ipe.json` and the receipts of the sync runs, oldest first."""
    receipts = sorted(view.data.receipts, key=lambda row: (row.started_at, row.run_id, row.source))
    return {"header": view.ipe, "receipts": view.cut(receipts)}
