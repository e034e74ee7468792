"""Records as plain JSON values that RFC 8785 accepts whatever the sources sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_SAFE = 2**53 - 1


def plain(value: Any) -> Any:
    r"""`value` with records as objects, tuples as arrays, enums as their values.

    A lone surrogate is written as the text `\udXXX` and an integer beyond 2^53 - 1 as text:
    neither has a form in RFC 8785.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_SAFE <= value <= _SAFE else str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: plain(getattr(value, spec.name)) for spec in fields(value)}
    return [plain(item) for item in value]
