"""Answers which file of a commit GitHub takes as CODEOWNERS."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.collectors.git.answers import MISSING, Answer, Args, Reading, said
from evidence.collectors.git.objects import FOLDER, Objects

PLACES: tuple[tuple[bytes, ...], ...] = (
    (b".github", b"CODEOWNERS"),
    (b"CODEOWNERS",),
    (b"docs", b"CODEOWNERS"),
)
"""Where GitHub looks, in its order; the first one found is used and the others are ignored.

Source: GitHub Docs, "About code owners", section on the file's location.
"""


def codeowners(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Path and blob of the file in force at each commit; an empty path where there is none."""
    roots = reading.trees([args[0] for args in asked])
    return [_in_force(reading.objects, root) if root else MISSING for root in roots]


def _in_force(objects: Objects, root: str) -> Answer:
    for place in PLACES:
        oid = _file(objects, root, place)
        if oid is None:
            return MISSING
        if oid:
            return said({"path": b"/".join(place).decode(), "oid": oid})
    return said({"path": ""})


def _file(objects: Objects, root: str, place: tuple[bytes, ...]) -> str | None:
    """The blob at a path; empty where there is no such file, None where a tree is missing."""
    tree = root
    for depth, name in enumerate(place, start=1):
        rows = objects.tree(tree)
        if rows is None:
            return None
        last = depth == len(place)
        found = next((row for row in rows if row[1] == name and (row[0] == FOLDER) != last), None)
        if found is None:
            return ""
        tree = found[2].hex()
    return tree
