"""One dossier per change: the chain from request to deployment and what was determined on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import Medium, View

TITLE = "Change dossiers"


def context(view: View) -> Mapping[str, Any]:
    """The rendered dossiers, and how many of all this medium carries."""
    return {
        "fragments": view.fragments,
        "carried": len(view.linked),
        "total": len(view.lines),
        "partial": view.medium is Medium.PDF and len(view.linked) < len(view.lines),
    }
