"""What a reading shows of a pull request's texts: which ones, when edited last, how many items.

A forge keeps no history of a pull request's description and of what it closes that can be asked
for. So each reading leaves one mark beside the timeline's own items: an event of kind `TextsRead`
whose `subject` is the digest of what was read, whose `at` is the last edit (or the opening, where
there was none) and whose `position` is the number of timeline items read with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.canonical import sha256_hex

TEXTS_READ = "TextsRead"
"""Kind of the mark among the events of a pull request; no forge has an item of this name."""
EDITED = "edited"
"""`current` of a mark whose time is that of an edit."""


def texts_digest(body: str, closing: Iterable[str]) -> str:
    """SHA-256 hex of a description and the keys that it closes, in any order."""
    told = "\n".join([*sorted(closing), "", body])
    return sha256_hex(told.encode("utf-8", "surrogatepass"))
