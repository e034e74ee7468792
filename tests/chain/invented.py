"""Names of invented commits."""

from __future__ import annotations

import hashlib


def sha(name: str) -> str:
    """The name of the commit that a test calls so: 40 hexadecimal digits."""
    return hashlib.sha1(name.encode()).hexdigest()
