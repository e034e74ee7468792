"""Reading JSON from a packet: canonical bytes only, and every field of the type it must have.

A packet's own documents are accepted in one form: RFC 8785, so that no second byte string reads
the same. Every refusal is a `MalformedError` that names the document and the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evidence.canonical import canonical_json, loads
from evidence.errors import EvidenceError, MalformedError

MAX_DOCUMENT = 256 * 1024 * 1024
"""Bytes. A packet of 500,000 files has a manifest of about 100 MB."""
MAX_PARTS = 1_000_000
"""Arrays, objects and members of one document: each may take a hundred bytes of memory, so that
three bytes of a hostile text could become as many as a page of an honest one."""
PARTS_OF_A_FILE = 20
"""What one file adds to the documents that list every file, at most."""

_HEX64 = re.compile(r"[0-9a-f]{64}")


def load_canonical(data: bytes, what: str, *, parts: int = MAX_PARTS) -> dict[str, Any]:
    """The JSON object that `data` is the canonical form of; `what` names it in the refusal.

    A document of more than `parts` parts is refused unread.
    """
    if sum(data.count(mark) for mark in (b"[", b"{", b",")) > parts:
        raise MalformedError(f"{what} holds more than {parts} parts")
    try:
        value = loads(data, limit=MAX_DOCUMENT)
        same = canonical_json(value) == data
    except EvidenceError as error:
        raise MalformedError(f"{what} cannot be read: {error.message}") from error
    if not same:
        raise MalformedError(f"{what} is not in canonical form (RFC 8785)")
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not a JSON object")
    return value


def require_keys(value: Any, keys: frozenset[str], what: str) -> Mapping[str, Any]:
    """`value` as an object with exactly these members."""
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not a JSON object")
    if value.keys() != keys:
        odd = sorted(str(key)[:60] for key in value.keys() ^ keys)
        raise MalformedError(f"{what} has missing or unknown members: {', '.join(odd[:5])}")
    return value


def text(value: Any, what: str) -> str:
    """`value` as a string."""
    if not isinstance(value, str):
        raise MalformedError(f"{what} is not text")
    return value


def whole(value: Any, what: str) -> int:
    """`value` as an integer of zero or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedError(f"{what} is not a whole number")
    return value


def flag(value: Any, what: str) -> bool:
    """`value` as true or false."""
    if not isinstance(value, bool):
        raise MalformedError(f"{what} is neither true nor false")
    return value


def rows(value: Any, what: str) -> list[Any]:
    """`value` as an array."""
    if not isinstance(value, list):
        raise MalformedError(f"{what} is not a JSON array")
    return value


def digest(value: Any, what: str) -> str:
    """`value` as 64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not _HEX64.fullmatch(value):
        raise MalformedError(f"{what} is not a SHA-256 digest in lower-case hexadecimal")
    return value
