"""Lenient access to JSON that another system wrote: a value of another type reads as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(value: object) -> str:
    """The text, or empty."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def texts(value: object) -> tuple[str, ...]:
    """The texts of an array, in its order."""
    return tuple(each for each in items(value) if isinstance(each, str))


def at(value: object, *path: str) -> Any:
    """What stands below nested objects, or None."""
    for name in path:
        value = mapping(value).get(name)
    return value
