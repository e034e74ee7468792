"""The merge without renames, path by path, of trees in which no file changed on both sides.

Git heeds `merge.renames=false` in its merge machinery only from 2.50 on. Where each path changed
on one side at most, that merge needs no machinery and is the same for every version: the side
that changed a path wins it. Nothing is written; a tree is only named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from evidence.collectors.git.objects import FOLDER, Objects, TreeRow

_Side = TreeRow | None


class _BothChangedError(Exception):
    """A file changed on both sides: this merge cannot tell its content."""


def plain_merge(objects: Objects, base: str, ours: str, theirs: str) -> str:
    """Name of the merged tree of three trees; empty where a file changed on both sides.

    Empty also where a tree is missing from the mirror.
    """
    try:
        return _merge(objects, base, ours, theirs) or _name((), len(ours))
    except _BothChangedError:
        return ""


def _merge(objects: Objects, base: str, ours: str, theirs: str) -> str:
    """Name of the merged tree; an empty name stands for a tree without entries."""
    if theirs in (ours, base):
        return ours
    if base == ours:
        return theirs
    sides = [_rows(objects, tree) for tree in (base, ours, theirs)]
    merged = []
    for name in sorted(set().union(*sides)):
        row = _row(objects, name, [side.get(name) for side in sides])
        if row is not None:
            merged.append(row)
    return _name(merged, max(len(ours), len(theirs))) if merged else ""


def _row(objects: Objects, name: bytes, found: Sequence[_Side]) -> _Side:
    base, ours, theirs = found
    if theirs in (ours, base):
        return ours
    if base == ours:
        return theirs
    if any(row is not None and row[0] != FOLDER for row in found):
        raise _BothChangedError
    oid = _merge(objects, *(row[2].hex() if row else "" for row in found))
    return (FOLDER, name, bytes.fromhex(oid)) if oid else None


def _rows(objects: Objects, tree: str) -> dict[bytes, TreeRow]:
    rows = objects.tree(tree) if tree else ()
    if rows is None:
        raise _BothChangedError
    return {row[1]: row for row in rows}


def _name(rows: Sequence[TreeRow], width: int) -> str:
    """The object name that Git gives a tree; folders sort as if a slash ended their name."""
    ordered = sorted(rows, key=lambda row: row[1] + (b"/" if row[0] == FOLDER else b""))
    data = b"".join(mode + b" " + name + b"\0" + oid for mode, name, oid in ordered)
    digest = hashlib.sha256 if width == 64 else hashlib.sha1
    return digest(b"tree %d\0" % len(data) + data).hexdigest()
