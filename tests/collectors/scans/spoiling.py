"""A document with one value of it replaced by anything: what every parser must live with."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def spoiled(data: st.DataObject, value: Any) -> Any:
    """A copy of a JSON value with something else in one place, or without that place."""
    box = {"": json.loads(json.dumps(value))}
    holder: Any = box
    key: Any = ""
    for _ in range(data.draw(st.integers(0, 8))):
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        keys = sorted(inner) if isinstance(inner, dict) else list(range(len(inner)))
        holder, key = inner, data.draw(st.sampled_from(keys))
    if holder is not box and data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(VALUES)
    return box[""]
