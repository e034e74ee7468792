"""SHAs that stand in a tag: seven to forty hexadecimal digits between marks."""

from __future__ import annotations

import re

_SHA_IN_TAG = re.compile(r"(?:^|[-_.])([0-9a-f]{7,40})(?=$|[-_.])")
_DIGEST_LIKE = re.compile(r"^[0-9a-f]{64}$")


def is_digest_like(tag: str) -> bool:
    """Whether a tag is 64 hexadecimal digits: a digest, never a commit."""
    return bool(_DIGEST_LIKE.match(tag))


def sha_texts(tag: str) -> list[str]:
    """Every SHA in a tag, whole or short, in order."""
    return [] if is_digest_like(tag) else _SHA_IN_TAG.findall(tag)
