"""Global ids of nodes: opaque to whoever asks, read by the simulated GitHub alone."""

from __future__ import annotations

import base64
from typing import Final

_PREFIX: Final = {
    "Repository": "R",
    "PullRequest": "PR",
    "Issue": "I",
    "Commit": "C",
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "M",
}


def node_id(kind: str, *parts: object) -> str:
    """The opaque global id of a node; `parts_of` reads it."""
    plain = ":".join((kind, *map(str, parts)))
    return f"{_PREFIX.get(kind, 'N')}_{base64.urlsafe_b64encode(plain.encode()).decode()}"


def parts_of(text: str) -> tuple[str, ...]:
    """Kind and parts of a node id; empty where it is none."""
    try:
        return tuple(base64.urlsafe_b64decode(text.partition("_")[2]).decode().split(":"))
    except ValueError:
        return ()
