"""Reading YAML that strangers wrote: every scalar stays the text it was.

Scalars are not interpreted, because an image tag `1.10` or `12e4567` is text to a deployer and
would be a number to a YAML reader. Tags of the language (`!ref`) are ignored. A text that is too
large, cannot be read, or unfolds by aliases beyond the limit gives a problem, never an error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

TEXT_LIMIT = 4_000_000
"""Characters of one file that are read."""
NODE_LIMIT = 300_000
"""Values of one file that are looked at, aliases unfolded."""
DEPTH_LIMIT = 100
"""Levels of nesting."""

_KEPT_LENGTH = 16_000
"""Characters of a text whose documents are kept: what deploys is asked for at many revisions."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})


def load_documents(text: str) -> tuple[list[Any], str]:
    """(documents, problem): all documents of a text; a problem leaves the list empty.

    Problems: `too_large`, `template` (Helm or Go template actions in it), `unreadable`. Whoever
    asks may share the documents with others: nobody changes them.
    """
    if len(text) > TEXT_LIMIT:
        return [], "too_large"
    return _kept(text) if len(text) <= _KEPT_LENGTH else _read(text)


@lru_cache(maxsize=256)
def _kept(text: str) -> tuple[list[Any], str]:
    return _read(text)


def _read(text: str) -> tuple[list[Any], str]:
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        documents = list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError):
        return [], "template" if "{{" in text else "unreadable"
    if not _within(documents, NODE_LIMIT):
        return [], "too_large"
    return documents, ""


def _within(documents: list[Any], limit: int) -> bool:
    """Whether the documents are no larger and no deeper than the limits; a loop is endless."""
    stack = [(document, 0) for document in documents]
    seen = 0
    while stack:
        seen += 1
        value, depth = stack.pop()
        if seen > limit or depth > DEPTH_LIMIT:
            return False
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            stack.extend((one, depth + 1) for one in inner)
    return True


def text_of(value: Any) -> str:
    """A scalar's text; "" for null and for anything that is no scalar."""
    return value.strip() if isinstance(value, str) and value.strip() not in _NULL else ""


def mapping_of(value: Any) -> dict[Any, Any]:
    """A mapping, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A list, or an empty one for anything else."""
    return value if isinstance(value, list) else []
