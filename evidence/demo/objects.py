"""Git objects made in memory: the same input gives the same object ids, and one pack to write.

Formats: gitformat-pack(5) and the object headers of git-hash-object(1), SHA-1.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

Tree = Mapping[str, tuple[str, str]]
"""Path -> (mode, blob id) of all files of a commit."""

FILE: Final = "100644"
EXECUTABLE: Final = "100755"
GITLINK: Final = "160000"
"""A submodule: the id is that of a commit of another repository."""

_PACK_TYPE: Final = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_SIGNATURE: Final = (
    "-----BEGIN PGP SIGNATURE-----\n \n U0lNVUxBVEVE\n -----END PGP SIGNATURE-----"  # "SIMULATED"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Name, address and claimed time (microseconds UTC) of an author or committer."""

    name: str
    email: str
    at: int

    def line(self) -> str:
        """As it stands in a commit object."""
        return f"{self.name} <{self.email}> {self.at // 1_000_000} +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitObject:
    """One commit with its whole content, so that nothing is read back from Git."""

    sha: str
    tree: str
    files: Tree
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str
    signed: bool
    """Made and signed by GitHub itself."""


class Objects:
    """The object store of one simulated repository."""

    def __init__(self) -> None:
        self.commits: dict[str, CommitObject] = {}
        self.tags: dict[str, tuple[str, str, str, Identity]] = {}
        """Tag object id -> (name, target, message, tagger)."""
        self._raw: dict[str, tuple[str, bytes]] = {}
        self._unpacked: list[str] = []

    def put(self, kind: str, data: bytes) -> str:
        """Stores one object; its id."""
        sha = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()  # noqa: S324
        if sha not in self._raw:
            self._raw[sha] = (kind, data)
            self._unpacked.append(sha)
        return sha

    def blob(self, text: str) -> str:
        return self.put("blob", text.encode("utf-8", "surrogateescape"))

    def text(self, blob: str) -> str:
        """Content of a blob of this store."""
        return self._raw[blob][1].decode("utf-8", "surrogateescape")

    def tree(self, files: Tree) -> str:
        """The tree object of these files, with all trees below it."""
        return self._tree({tuple(path.split("/")): entry for path, entry in files.items()})

    def _tree(self, files: Mapping[tuple[str, ...], tuple[str, str]]) -> str:
        below: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {}
        entries: list[tuple[bytes, str, str]] = []
        for path, (mode, sha) in files.items():
            if len(path) == 1:
                entries.append((path[0].encode(), mode, sha))
            else:
                below.setdefault(path[0], {})[path[1:]] = (mode, sha)
        for name, inner in below.items():
            entries.append((name.encode(), "40000", self._tree(inner)))
        # Git sorts a directory as if its name ended in a slash.
        entries.sort(key=lambda entry: entry[0] + (b"/" if entry[1] == "40000" else b""))
        return self.put(
            "tree",
            b"".join(
                b"%s %s\0" % (mode.encode(), name) + bytes.fromhex(sha)
                for name, mode, sha in entries
            ),
        )

    def commit(
        self,
        *,
        files: Tree,
        parents: Iterable[str],
        author: Identity,
        committer: Identity,
        message: str,
        signed: bool = False,
    ) -> CommitObject:
        """Stores a commit with its trees."""
        tree, parents = self.tree(files), tuple(parents)
        head = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        head += [f"author {author.line()}", f"committer {committer.line()}"]
        if signed:
            head.append(f"gpgsig {_SIGNATURE}")
        text = "\n".join(head) + "\n\n" + message
        made = CommitObject(
            sha=self.put("commit", text.encode("utf-8", "surrogateescape")),
            tree=tree,
            files=files,
            parents=parents,
            author=author,
            committer=committer,
            message=message,
            signed=signed,
        )
        self.commits[made.sha] = made
        return made

    def copy(self, other: Objects, sha: str) -> None:
        """Takes over a commit of another repository, with its whole content."""
        one = other.commits[sha]
        for mode, blob in one.files.values():
            if mode != GITLINK:
                self.blob(other.text(blob))
        self.commit(
            files=one.files,
            parents=one.parents,
            author=one.author,
            committer=one.committer,
            message=one.message,
            signed=one.signed,
        )

    def tag(self, name: str, target: str, message: str, tagger: Identity) -> str:
        """Stores an annotated tag of a commit; the tag object's id."""
        text = f"object {target}\ntype commit\ntag {name}\ntagger {tagger.line()}\n\n{message}\n"
        sha = self.put("tag", text.encode("utf-8", "surrogateescape"))
        self.tags[sha] = (name, target, message, tagger)
        return sha

    def pack(self) -> bytes:
        """A pack of everything stored since the last call; empty bytes where there is nothing."""
        names, self._unpacked = self._unpacked, []
        if not names:
            return b""
        parts = [b"PACK" + struct.pack(">II", 2, len(names))]
        for name in names:
            kind, data = self._raw[name]
            parts += (_entry_head(_PACK_TYPE[kind], len(data)), zlib.compress(data, 1))
        body = b"".join(parts)
        return body + hashlib.sha1(body).digest()  # noqa: S324


def _entry_head(kind: int, size: int) -> bytes:
    first = (kind << 4) | (size & 15)
    size >>= 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    out.append(first)
    return bytes(out)
