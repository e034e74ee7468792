"""Chain of custody: what was done with the evidence, and the checkpoints out of our reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evidence.model.custody import Handling
from evidence.report.view import View

TITLE = "Chain of custody"

SHOWN = 20
"""Anchors in the table, newest first."""
_SINGLE = frozenset({Handling.EXPORTED, Handling.VERIFIED, Handling.PURGED})
"""Each is printed; runs, seals and anchors are counted, because every sync makes some."""


def context(view: View) -> Mapping[str, Any]:
    """Counts of all handlings, the single ones newest first, and the newest anchors."""
    data = view.data
    newest = data.anchors[-1] if data.anchors else None
    counts = Counter(one.handling for one in data.custody)
    return {
        "counts": [(str(one), counts[one]) for one in Handling if counts[one]],
        "handlings": view.cut([one for one in reversed(data.custody) if one.handling in _SINGLE]),
        "anchors": tuple(reversed(data.anchors))[:SHOWN],
        "earlier": max(0, len(data.anchors) - SHOWN),
        "newest": newest,
        "since": data.ledger_size - (newest.size if newest else 0),
    }
