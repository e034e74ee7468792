"""Answers which submodules point elsewhere in one commit than in another.

A pointer counts where `.gitmodules` names its path: Git checks out no other. A repository without
that file, which is most of them, costs a look at two root trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.collectors.git.answers import MISSING, Answer, Args, Reading, said
from evidence.collectors.git.objects import FOLDER, Objects, path_text
from evidence.collectors.git.tool import GitTool

GITLINK = b"160000"
_FILE = b".gitmodules"
_WANTED = r"^submodule\..*\.(path|url)$"

Named = Mapping[bytes, bytes]
"""Path of each submodule that a `.gitmodules` names -> its URL as written, or nothing."""


def submodules(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Path, URL, old and new commit of each submodule that differs between two commits."""
    roots = reading.trees([sha for args in asked for sha in args])
    reader = _Reader(reading.objects, reading.tool)
    return [
        reader.moved(old, new) if old and new else MISSING
        for old, new in zip(roots[::2], roots[1::2], strict=True)
    ]


class _Reader:
    """Reads pointers; what neighbouring commits share is read once."""

    def __init__(self, objects: Objects, tool: GitTool) -> None:
        self._objects = objects
        self._tool = tool
        self._files: dict[str, Named | None] = {}
        self._pointers: dict[str, dict[bytes, tuple[str, bytes]] | None] = {}

    def moved(self, old: str, new: str) -> Answer:
        before, after = self._of(old), self._of(new)
        if before is None or after is None:
            return MISSING
        rows = []
        for path in sorted(before.keys() | after.keys()):
            was, url = before.get(path, ("", b""))
            now, url = after.get(path, ("", url))
            if was != now:
                rows.append([path_text(path), path_text(url), was, now])
        return said(rows)

    def _of(self, root: str) -> dict[bytes, tuple[str, bytes]] | None:
        """Path -> (commit, URL) of every submodule of a tree; None where it cannot be read."""
        if root not in self._pointers:
            self._pointers[root] = self._read(root)
        return self._pointers[root]

    def _read(self, root: str) -> dict[bytes, tuple[str, bytes]] | None:
        rows = self._objects.tree(root)
        if rows is None:
            return None
        blob = next((oid.hex() for mode, name, oid in rows if name == _FILE and mode != FOLDER), "")
        named = self._named(blob) if blob else {}
        if named is None:
            return None
        found = {path: (self._pointer(root, path), url) for path, url in named.items()}
        return {path: one for path, one in found.items() if one[0]}

    def _named(self, blob: str) -> Named | None:
        """What a `.gitmodules` names, read by Git itself; None where Git cannot read it."""
        if blob not in self._files:
            arguments = ("config", "--blob", blob, "--null", "--get-regexp", _WANTED)
            done = self._tool.run(*arguments)
            # 1 and no word: nothing in it has such a name.
            readable = done.status == 0 or (done.status == 1 and not done.stderr.strip())
            self._files[blob] = _pairs(done.stdout) if readable else None
        return self._files[blob]

    def _pointer(self, root: str, path: bytes) -> str:
        """The commit that stands at a path of a tree; empty where none does."""
        tree = root
        *above, name = path.split(b"/")
        for part in above:
            rows = self._objects.tree(tree) or ()
            tree = next((o.hex() for m, each, o in rows if each == part and m == FOLDER), "")
            if not tree:
                return ""
        rows = self._objects.tree(tree) or ()
        return next((o.hex() for m, each, o in rows if each == name and m == GITLINK), "")


def _pairs(text: bytes) -> Named:
    """Of each submodule its path and URL; of a name that is given twice the last one holds."""
    values: dict[bytes, dict[bytes, bytes]] = {}
    for row in text.split(b"\0"):
        key, _, value = row.partition(b"\n")
        name, _, field = key.rpartition(b".")
        if field:
            values.setdefault(name, {})[field] = value
    return {one[b"path"]: one.get(b"url", b"") for one in values.values() if one.get(b"path")}
