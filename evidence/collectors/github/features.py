"""A feature of GitHub that is switched off, told from a permission that is missing.

GitHub refuses both with 403 or 404, and only its words differ.
"""

from __future__ import annotations

_OFF = ("enabled", "disabled", "no analysis found", "not available")
_REFUSED = ("not accessible", "must have", "permission", "scope")


def is_off(status: int, message: str) -> bool:
    """Whether a refusal says that there is nothing to read, whoever asks."""
    said = message.lower()
    if status not in (403, 404) or any(word in said for word in _REFUSED):
        return False
    return any(word in said for word in _OFF)
