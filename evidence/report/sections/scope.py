"""What was looked at and what was left out, with the reason for each exclusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Scope and boundaries"


def context(view: View) -> Mapping[str, Any]:
    """In-scope items and exclusions, in the order in which the data lists them."""
    return {
        "inside": [row for row in view.data.scope if row.in_scope],
        "outside": [row for row in view.data.scope if not row.in_scope],
    }
