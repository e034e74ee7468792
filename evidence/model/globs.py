"""Path patterns of the policy: `*` within a directory, `**` across directories, `?` one letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_TOKENS = re.compile(r"\*\*/|\*\*|\*|\?")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """A glob pattern as an expression over whole paths. Case matters, as it does in Git."""
    parts: list[str] = []
    place = 0
    for token in _TOKENS.finditer(pattern):
        parts.append(re.escape(pattern[place : token.start()]))
        parts.append(_MEANING[token.group()])
        place = token.end()
    parts.append(re.escape(pattern[place:]))
    return re.compile("".join(parts), re.DOTALL)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path matches at least one pattern."""
    return any(compiled(pattern).fullmatch(path) for pattern in patterns)


def all_match(paths: Iterable[str], patterns: tuple[str, ...]) -> bool:
    """Whether there are paths and each matches a pattern: all or nothing, and nothing is not all.

    An empty list of paths or of patterns never matches: an exemption needs something to exempt.
    """
    names = tuple(paths)
    return bool(names and patterns) and all(matches(name, patterns) for name in names)
