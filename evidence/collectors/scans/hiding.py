"""Takes what a secret scanner found out of its result, before anything is hashed or stored. Pure.

The bytes stay as they are but for those texts. Code that stands in SARIF as an excerpt goes too:
which scanner wrote it does not say that no secret is in it.
"""

from __future__ import annotations

import json
import re

RULE = "scanned-secret"
_MARK = f'"[redacted:{RULE}]"'
_TEXT = r'"(?:[^"\\]++|\\.)*+"'
_PAIR = re.compile(rf"({_TEXT})(?:([ \t\r\n]*:[ \t\r\n]*)(?:({_TEXT})|([{{])?))?", re.DOTALL)
_EXCERPTS = frozenset({"snippet", "contents"})
_IN_EXCERPT = frozenset({"text", "binary", "rendered", "markdown"})


def without_secrets(text: str, names: frozenset[str]) -> tuple[str, int]:
    """The JSON text without the texts of these members and of excerpts; how many were taken out.

    `text` is valid JSON: each string is then met from its opening quote on, none inside another.
    """
    state = _State(names)
    return _PAIR.sub(state.replaced, text), state.count


class _State:
    """Where in the document it is: an excerpt lasts until a member that is none of its own."""

    def __init__(self, names: frozenset[str]) -> None:
        self.count = 0
        self._names = names
        self._excerpt = False

    def replaced(self, match: re.Match[str]) -> str:
        key, colon, value, opens = match.groups()
        if colon is None:
            return match[0]
        name = json.loads(key, strict=False)
        inside = self._excerpt and name in _IN_EXCERPT
        self._excerpt = inside or (name in _EXCERPTS and bool(opens))
        if value is None or not (inside or name in self._names) or not _tells(value):
            return match[0]
        self.count += 1
        return f"{key}{colon}{_MARK}"


def _tells(value: str) -> bool:
    """Whether anything stands there that was not taken out already, by the tool or by us."""
    return value not in ('""', '"REDACTED"') and not value.startswith('"[redacted:')
