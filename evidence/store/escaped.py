"""Text as every database takes it: NUL and lone surrogates are escaped, reversibly."""

from __future__ import annotations

import re

_ODD = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


def to_text(text: str) -> str:
    """Reversibly escapes what PostgreSQL text refuses: NUL and lone surrogates.

    Each becomes U+001A and four hex digits; so does U+001A itself. All else stays.
    """
    if text.isascii() and "\x00" not in text and "\x1a" not in text:
        return text
    return _ODD.sub(lambda odd: f"\x1a{ord(odd[0]):04x}", text)


def from_text(text: str) -> str:
    """What `to_text` was given."""
    if "\x1a" not in text:
        return text
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
