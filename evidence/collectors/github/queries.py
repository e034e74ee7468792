"""The GraphQL operations by name, each with just the fragments it uses, and its digest."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from evidence.canonical import sha256_hex

_FILES = ("queries.graphql", "deployments.graphql", "identities.graphql")
_DEFINITION = re.compile(r"^(query|fragment) (\w+)[^{]*\{.*?^\}", re.MULTILINE | re.DOTALL)
_SPREAD = re.compile(r"\.\.\.([A-Z]\w*)")


@cache
def _definitions() -> dict[str, str]:
    home = files("evidence.collectors.github")
    text = "\n".join(home.joinpath(name).read_text("utf-8") for name in _FILES)
    return {found[2]: found[0] for found in _DEFINITION.finditer(text)}


@cache
def document(operation: str) -> str:
    """The text that is sent for one operation: it and the fragments it reaches, in file order."""
    known = _definitions()
    needed: set[str] = set()
    open_names = [operation]
    while open_names:
        name = open_names.pop()
        if name not in needed:
            needed.add(name)
            open_names.extend(spread for spread in _SPREAD.findall(known[name]) if spread in known)
    return "\n".join(text for name, text in known.items() if name in needed)


@cache
def series(operation: str) -> str:
    """The version series of captures that an operation brings: its name and a short digest."""
    return f"{operation}/{sha256_hex(document(operation).encode())[:12]}"
