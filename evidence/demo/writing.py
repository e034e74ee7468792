"""Worlds as TOML text that an auditor can read and `read_world` reads back unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from evidence.demo.steps import STEPS
from evidence.demo.world import World

_DO: dict[type[Any], str] = {record: name for name, record in STEPS.items()}
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def world_text(world: World) -> str:
    """TOML of a world; fields at their default are left out."""
    lines: list[str] = []
    tables: list[str] = []
    for name, value in set_fields(world):
        if isinstance(value, tuple):
            for item in value:
                tables.extend((f"\n[[{name}]]", *_lines(item)))
        elif is_dataclass(value):
            tables.extend((f"\n[{name}]", *_lines(value)))
        else:
            lines.append(f"{name} = {inline(value)}")
    return "\n".join((*lines, *tables)).strip() + "\n"


def set_fields(record: Any) -> Iterator[tuple[str, Any]]:
    """Name and value of the fields that differ from their default, in the record's order."""
    for one in fields(record):
        value = getattr(record, one.name)
        factory = one.default_factory
        default = one.default if factory is MISSING else factory()
        if default is MISSING or value != default:
            yield one.name, value


def _lines(record: Any) -> Iterator[str]:
    for name, value in set_fields(record):
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            yield f"{name} = ["
            yield from (f"  {inline(item, step=True)}," for item in value)
            yield "]"
        else:
            yield f"{name} = {inline(value)}"


def inline(value: Any, *, step: bool = False) -> str:
    """One value; `step` writes the kind of a record that stands in an array of steps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return _table((_key(key), inline(item)) for key, item in value.items())
    if is_dataclass(value):
        do = [("do", _quoted(_DO[type(value)]))] if step and type(value) in _DO else []
        return _table([*do, *((name, inline(item)) for name, item in set_fields(value))])
    return str(value)


def _table(pairs: Any) -> str:
    return "{ " + ", ".join(f"{key} = {item}" for key, item in pairs) + " }"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's; only DEL must be escaped besides.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
