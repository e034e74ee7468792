"""A field of a record as a column: its type, and the way of a value there and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Column

from evidence.model import codec
from evidence.store.escaped import from_text, to_text
from evidence.store.tables import integer, text

Convert = Callable[[Any], Any]
INT64 = 2**63 - 1
JSON_CACHE = 65_536
_JSON = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def written_types(cls: type[Any]) -> Mapping[str, str]:
    """Field name -> type as its annotation is written, in field order.

    Enough for columns, and a look-up need not resolve the types of every class of fact for them.
    """
    return {field.name: str(field.type) for field in dataclasses.fields(cls)}


def column_of(name: str, written: str) -> Column[Any]:
    """The column for a field: int, bool and str as themselves, all else as JSON text."""
    kind, nullable = written.removesuffix(" | None"), written.endswith(" | None")
    if kind == "int":
        return integer(name, nullable=nullable)
    if kind == "bool":
        return Column(name, Boolean, nullable=nullable)
    return text(name, nullable=nullable)


def to_column(hint: Any) -> Convert:
    """Record value -> column value for a field of this type."""
    inner = codec.optional(hint)
    kind = inner or hint
    if kind is int:
        return _int64
    if kind is bool:
        return _same
    if kind is str:
        return to_text
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return str
    encode = codec.encoder(kind)
    return lambda value: None if value is None else _dump(encode(value) if encode else value)


def from_column(hint: Any) -> Convert | None:
    """Column value -> record value for a field of this type; None where it is the same."""
    inner = codec.optional(hint)
    kind = inner or hint
    if kind in (int, bool):
        return None
    if kind is str:
        return from_text
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    decode = codec.decoder(kind)

    @lru_cache(maxsize=JSON_CACHE)
    def read(value: str | None) -> Any:
        return None if value is None else decode(json.loads(value))

    return read


def _same(value: Any) -> Any:
    return value


def _int64(value: int | None) -> int | None:
    if value is None or (type(value) is int and -INT64 <= value <= INT64):
        return value
    raise ValueError("a number is beyond 64 bits")


def _dump(value: Any) -> str:
    return _JSON.encode(value)
