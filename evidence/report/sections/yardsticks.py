"""Every version of policy, catalogue and rules that was in force, with its full text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Yardsticks in force"


def context(view: View) -> Mapping[str, Any]:
    """The versions by kind, then by when they came into force."""
    rows = sorted(view.data.yardsticks, key=lambda row: (row.kind, row.since_us, row.since_seq))
    return {"yardsticks": rows}
