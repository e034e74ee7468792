"""The controls that were tested: wording, criteria they support, parameters, rule version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Control matrix"


def context(view: View) -> Mapping[str, Any]:
    """The catalogue's controls, in scope first."""
    return {"controls": sorted(view.data.controls, key=lambda row: (not row.in_scope, row.id))}
