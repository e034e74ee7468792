"""Every version of policy, catalogue and rules that was in force, with its full text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evidence.canonical import loads
from evidence.errors import MalformedError
from evidence.report.data import Yardstick
from evidence.report.view import Medium, View

TITLE = "Yardsticks in force"


def context(view: View) -> Mapping[str, Any]:
    """The versions by kind, then by when they came into force, each text in readable parts.

    The PDF prints the newest text of each kind; packet.html all of them.
    """
    rows = sorted(view.data.yardsticks, key=lambda row: (row.kind, row.since_us, row.since_seq))
    return {"yardsticks": rows, "parts": [_parts(row, rows, view.medium) for row in rows]}


def _parts(row: Yardstick, rows: Sequence[Yardstick], medium: Medium) -> list[tuple[str, str]]:
    newest = [other for other in rows if other.kind == row.kind and other.text][-1:]
    if not row.text or (medium is Medium.PDF and row is not newest[0]):
        return []
    return readable(row.text)


def readable(text: str) -> list[tuple[str, str]]:
    """(name, text) of each member of a JSON object, indented; any other text as it is."""
    try:
        value = loads(text)
    except MalformedError:
        return [("", text)]
    if not isinstance(value, dict) or not value:
        return [("", text)]
    return [
        (name, part if isinstance(part, str) else json.dumps(part, indent=2, ensure_ascii=False))
        for name, part in value.items()
    ]
