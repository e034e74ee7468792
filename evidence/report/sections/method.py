"""How the packet was made and what it cannot show, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Method and limits"


def context(view: View) -> Mapping[str, Any]:
    """The moments the reader has to know to repeat the evaluation."""
    return {"as_of": view.data.as_of, "ledger_size": view.data.ledger_size}
