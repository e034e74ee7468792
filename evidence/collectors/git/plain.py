"""The merge without renames, path by path, of trees in which no file changed on both sides.

Git heeds `merge.renames=false` in its merge machinery only from 2.50 on. Where each path changed
on one side at most, that merge needs no machinery and is the same for every version: the side
that changed a path wins it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from evidence.collectors.git.objects import FOLDER, Objects, TreeRow

_Side = TreeRow | None


class _BothChangedError(Exception):
    """A file changed on both sides: this merge cannot tell its content."""


def plain_merge(objects: Objects, base: str, ours: str, theirs: str) -> list[bytes]:
    """The new trees of a merge of three trees, as Git writes them, the root last.

    The root is there even if it is not new. Empty where a file changed on both sides or a tree is
    missing from the mirror.
    """
    made: list[bytes] = []
    try:
        root = _merge(objects, (base, ours, theirs), made)
    except _BothChangedError:
        return []
    if not made or tree_name(made[-1], len(ours)) != root:
        made.append(_body(list(_rows(objects, root).values())))
    return made


def tree_name(body: bytes, width: int) -> str:
    """The object name that Git gives a tree, in names of that many hex digits."""
    digest = hashlib.sha256 if width == 64 else hashlib.sha1
    return digest(b"tree %d\0" % len(body) + body).hexdigest()


def _merge(objects: Objects, trees: tuple[str, str, str], made: list[bytes]) -> str:
    """Name of the merged tree; an empty name stands for a tree without entries."""
    base, ours, theirs = trees
    if theirs in (ours, base):
        return ours
    if base == ours:
        return theirs
    sides = [_rows(objects, tree) for tree in trees]
    merged = []
    for name in sorted(set().union(*sides)):
        row = _row(objects, name, [side.get(name) for side in sides], made)
        if row is not None:
            merged.append(row)
    if not merged:
        return ""
    made.append(_body(merged))
    return tree_name(made[-1], max(len(ours), len(theirs)))


def _row(objects: Objects, name: bytes, found: Sequence[_Side], made: list[bytes]) -> _Side:
    """The merged row of one name; a file and a folder of that name are merged apart."""
    file = _file([row if row and row[0] != FOLDER else None for row in found])
    one, two, three = (row[2].hex() if row and row[0] == FOLDER else "" for row in found)
    folder = _merge(objects, (one, two, three), made)
    if file and folder:
        raise _BothChangedError
    return (FOLDER, name, bytes.fromhex(folder)) if folder else file


def _file(found: Sequence[_Side]) -> _Side:
    base, ours, theirs = found
    if theirs in (ours, base):
        return ours
    if base == ours:
        return theirs
    raise _BothChangedError


def _rows(objects: Objects, tree: str) -> dict[bytes, TreeRow]:
    rows = objects.tree(tree) if tree else ()
    if rows is None:
        raise _BothChangedError
    return {row[1]: row for row in rows}


def _body(rows: Sequence[TreeRow]) -> bytes:
    """A tree object; folders sort as if a slash ended their name."""
    ordered = sorted(rows, key=lambda row: row[1] + (b"/" if row[0] == FOLDER else b""))
    return b"".join(mode + b" " + name + b"\0" + oid for mode, name, oid in ordered)
