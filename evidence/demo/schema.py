"""JSON Schema (2020-12) of world files, made from the records; the file beside it is its copy."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Union, get_args, get_origin

from evidence.demo.reading import field_types, issubclass_safe
from evidence.demo.steps import STEPS
from evidence.demo.world import World

_SCALARS = {str: "string", int: "integer", bool: "boolean"}


def world_schema() -> dict[str, Any]:
    """The schema of a whole world; `$defs` holds one entry for each record and kind of step."""
    definitions: dict[str, Any] = {}
    for name, record in STEPS.items():
        definitions[record.__name__] = _object(record, definitions, do=name)
    definitions["Step"] = {"oneOf": [{"$ref": f"#/$defs/{r.__name__}"} for r in STEPS.values()]}
    root = _object(World, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A simulated organisation",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(cls: type[Any], definitions: dict[str, Any], do: str = "") -> dict[str, Any]:
    hints = field_types(cls)
    head = {"do": {"const": do}} if do else {}
    required = [
        one.name for one in fields(cls) if one.default is MISSING and one.default_factory is MISSING
    ]
    if do == "checks":
        # The record serves `[[check]]` as well, where `run` needs no `do`.
        definitions["CheckRun"] = _object(cls, definitions)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").split("\n\n")[0],
        "additionalProperties": False,
        "required": [*head, *required],
        "properties": {**head, **{key: _of(kind, definitions) for key, kind in hints.items()}},
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(kind)
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], definitions)}
    if issubclass_safe(origin, Mapping):
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if origin in (Union, types.UnionType):
        return {"$ref": "#/$defs/Step"}
    if is_dataclass(kind) and isinstance(kind, type):
        name = "CheckRun" if kind is STEPS["checks"] else kind.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": _SCALARS[kind]}
