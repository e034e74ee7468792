"""Reads objects of a mirror through one persistent `git cat-file --batch-command`.

Requests go out in portions that fit the smallest pipe (4 KiB) and their answers are read before
the next portion, so neither side can wait for the other for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from evidence.collectors.git.output import Stream
from evidence.collectors.git.tool import GitTool
from evidence.errors import SourceError

_PORTION = 30
"""Requests per portion: the longest is `contents ` + 64 hex digits + `^{commit}` + newline."""
_ROWS_KEPT = 100_000
FOLDER = b"40000"
TreeRow = tuple[bytes, bytes, bytes]
"""Mode without leading zeros, name, and raw object name of one row of a tree."""
_ROW = {
    width: re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % width, re.DOTALL) for width in (20, 32)
}
OBJECT_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Name, type and size in bytes of an object."""

    oid: str
    kind: str
    size: int


class Objects:
    """The object reader of one mirror. A context manager: leaving it ends the process."""

    def __init__(self, tool: GitTool) -> None:
        self._tool = tool
        self._process: Stream | None = None
        self._trees: dict[str, list[TreeRow] | None] = {}
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.__exit__(kind, error, trace)
            self._process = None

    def info(self, names: Sequence[str]) -> list[Info | None]:
        """One row per name: a full object name, or one with `^{tree}` or `^{commit}` behind it.

        None where there is no such object.
        """
        return [_info(header) for header, _ in self._ask("info", names)]

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes] | None]:
        """Type and bytes of each object, in order; None where it is missing."""
        for header, body in self._ask("contents", names):
            found = _info(header)
            yield None if found is None else (found.kind, body)

    def tree(self, oid: str) -> list[TreeRow] | None:
        """Rows of a tree in Git's order; None where it is missing or malformed. Remembered."""
        if oid not in self._trees:
            found = next(self.contents([oid]))
            rows = _tree(found[1], len(oid) // 2) if found and found[0] == "tree" else None
            self._rows += len(rows or ()) + 1
            if self._rows > _ROWS_KEPT:
                self._trees.clear()
                self._rows = len(rows or ()) + 1
            self._trees[oid] = rows
        return self._trees[oid]

    def _ask(self, verb: str, names: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
        for start in range(0, len(names), _PORTION):
            portion = names[start : start + _PORTION]
            yield from self._answers(verb, portion)

    def _answers(self, verb: str, portion: Sequence[str]) -> list[tuple[bytes, bytes]]:
        if self._process is None:
            self._process = self._tool.converse("cat-file", "--batch-command", "--buffer")
        process = self._process
        request = "".join(f"{verb} {name}\n" for name in portion) + "flush\n"
        try:
            process.stdin.write(request.encode("ascii"))
            process.stdin.flush()
        except BrokenPipeError as error:
            raise _ended(process) from error
        return [self._answer(process, with_body=verb == "contents") for _ in portion]

    def _answer(self, process: Stream, *, with_body: bool) -> tuple[bytes, bytes]:
        header = process.stdout.readline()
        if not header:
            raise _ended(process)
        found = _info(header)
        if not with_body or found is None:
            return header, b""
        body = process.stdout.read(found.size + 1)
        if len(body) != found.size + 1:
            raise _ended(process)
        return header, body[:-1]


def _info(header: bytes) -> Info | None:
    parts = header.split()
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return Info(oid=parts[0].decode(), kind=parts[1].decode(), size=int(parts[2]))


def _tree(data: bytes, width: int) -> list[TreeRow] | None:
    rows: list[TreeRow] = _ROW[width].findall(data)
    read = sum(len(mode) + len(name) for mode, name, _ in rows) + len(rows) * (width + 2)
    return rows if read == len(data) else None


def _ended(process: Stream) -> SourceError:
    return SourceError(
        f"git cat-file ended early: {process.errors() or 'no message'}",
        next_step="Run `git fsck` in the mirror; fetch it anew if objects are missing.",
    )


def path_text(path: bytes) -> str:
    r"""A path as text, reversibly: UTF-8 as it is, all else in Git's quotes (`"caf\351.txt"`).

    A path that itself begins with a double quote is quoted as well, so that no two paths share
    a text.
    """
    if not path.startswith(b'"'):
        try:
            return path.decode("utf-8")
        except UnicodeDecodeError:
            pass
    quoted = "".join(_quoted(byte) for byte in path)
    return f'"{quoted}"'


def _quoted(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
