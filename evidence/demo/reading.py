"""World files: TOML text or tables -> `World`. Every mistake is a `ConfigError` that says where."""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from evidence.demo.steps import STEPS, Step
from evidence.demo.world import World
from evidence.errors import ConfigError

_T = TypeVar("_T")


def read_world(text: str, where: str = "world") -> World:
    """The world that a TOML text describes. `where` names it in messages."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ConfigError(f"{where} is not valid TOML: {problem}") from problem
    return world_of(tables, where)


def world_of(tables: Mapping[str, Any], where: str = "world") -> World:
    """The world that already parsed tables describe."""
    return record_of(World, tables, where)


def extended(base: World, delta: World) -> World:
    """`base` with the items of `delta`: same `key` replaces, others come after; texts override.

    A golden case is written this way: a small delta on a common base.
    """
    blank = World()
    changed: dict[str, Any] = {}
    for one in fields(World):
        old, new = getattr(base, one.name), getattr(delta, one.name)
        if isinstance(new, tuple):
            changed[one.name] = _merged(old, new)
        elif new != getattr(blank, one.name):
            changed[one.name] = new
    return replace(base, **changed)


def _merged(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    own = {getattr(item, "key", ""): item for item in new if getattr(item, "key", "")}
    kept = [own.pop(getattr(item, "key", ""), item) for item in old]
    return (*kept, *(item for item in new if not getattr(item, "key", "") or item.key in own))


def record_of(cls: type[_T], table: Any, where: str) -> _T:
    """One table as the record `cls`, all keys known, all types right."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} must be a table.")
    hints = field_types(cls)
    for key in table:
        if key not in hints:
            raise _unknown(str(key), where, hints)
    for one in fields(cls):  # type: ignore[arg-type]
        if _required(one) and one.name not in table:
            raise ConfigError(f"{where} lacks `{one.name}`.")
    values = {key: _value(hints[key], table[key], f"{where}.{key}") for key in table}
    return cls(**values)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def field_types(cls: Any) -> dict[str, Any]:
    """Field name -> resolved type of a world record."""
    hints = _hints(cls)
    return {one.name: hints[one.name] for one in fields(cls)}


def _required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _unknown(key: str, where: str, known: Mapping[str, Any]) -> ConfigError:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}."
    return ConfigError(f"{where} has the unknown key `{key}`; {hint}")


def _value(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin is tuple:
        return _items(get_args(kind)[0], value, where)
    if origin is not None and issubclass_safe(origin, Mapping):
        return _texts(value, where)
    if origin in (Union, types.UnionType):
        return step_of(value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return record_of(kind, value, where)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{where} must be {_NAMES.get(kind, kind.__name__)}.")
    return value


_NAMES: Mapping[Any, str] = {str: "a text", int: "a whole number", bool: "true or false"}


def issubclass_safe(kind: Any, parent: type[Any]) -> bool:
    """Whether `kind` is a class derived from `parent`; False for anything that is no class."""
    return isinstance(kind, type) and issubclass(kind, parent)


def _items(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ConfigError(f"{where} must be an array.")
    return tuple(_value(kind, item, f"{where}[{index}]") for index, item in enumerate(value))


def _texts(value: Any, where: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        raise ConfigError(f"{where} must be a table of texts.")
    return dict(value)


def step_of(value: Any, where: str) -> Step:
    """One `{ do = "...", ... }` table as the record of its kind."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a table.")
    kind = value.get("do")
    if not isinstance(kind, str) or kind not in STEPS:
        raise ConfigError(f"{where} needs `do`, one of: {', '.join(STEPS)}.")
    rest = {key: item for key, item in value.items() if key != "do"}
    return record_of(STEPS[kind], rest, f"{where} ({kind})")
