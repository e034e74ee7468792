"""Cursors: where a stream got to, as JSON text that nobody but its collector reads.

A cursor that cannot be read is as good as none: what it spared is read again, and nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from evidence import canonical
from evidence.collectors.lenient import mapping
from evidence.errors import MalformedError


def dumped(known: Mapping[str, Any], *, default: Callable[[Any], Any] | None = None) -> str:
    """The cursor text; equal for equal values. `default`: as in `json.dumps`."""
    return json.dumps(known, default=default, sort_keys=True, separators=(",", ":"))


def loaded(cursor: str, *, version: int | None = None) -> Mapping[str, Any]:
    """What a cursor holds; empty where it cannot be read, or its `v` is not the version given."""
    try:
        found = mapping(canonical.loads(cursor)) if cursor else {}
    except MalformedError:
        return {}
    return found if version is None or found.get("v") == version else {}
