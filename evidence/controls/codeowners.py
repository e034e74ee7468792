"""Reads CODEOWNERS as GitHub does: the last matching line decides, invalid lines are skipped.

Source: GitHub Docs, "About code owners" (syntax, exceptions to gitignore, size limit). A line that
GitHub skips is kept here, because who it meant to own is an open question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

SIZE_LIMIT = 3 * 1024 * 1024
"""Bytes beyond which GitHub does not load the file."""

_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[A-Za-z0-9_.-]{1,100})?|[^@\s]{1,200}@[^@\s]{1,200}"
)
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_UNSUPPORTED = re.compile(r"^!|^\\#|[\[\]]")
_TOKEN = re.compile(r"\*\*|\*|\?|\\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What one line says."""

    line: int
    pattern: str
    owners: tuple[str, ...] = ()
    """As written, `@` included; empty takes ownership away."""
    invalid: str = ""
    """Why GitHub skips the line, in words; empty for a valid one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Who owns one path: the line that decides, and a skipped one that may have been meant to."""

    path: str
    owners: tuple[str, ...] = ()
    skipped: Ownership | None = None


@lru_cache(maxsize=256)
def parse(text: str) -> tuple[Ownership, ...]:
    """The lines that say something, in order."""
    return tuple(
        found
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := _line(number, line)) is not None
    )


def _line(number: int, line: str) -> Ownership | None:
    words = _WORD.findall(line)
    if not words or words[0].startswith("#"):
        return None
    pattern, owners = words[0], []
    for word in words[1:]:
        if word.startswith("#"):
            break
        owners.append(word)
    problem = ""
    if _UNSUPPORTED.search(pattern):
        problem = "its pattern is not supported"
    elif any(_OWNER.fullmatch(owner) is None for owner in owners):
        problem = "an owner is not written as GitHub reads it"
    return Ownership(line=number, pattern=pattern, owners=tuple(owners), invalid=problem)


def owner_of(path: str, lines: tuple[Ownership, ...]) -> Owned:
    """Who owns a path by the last valid line that matches it."""
    skipped: Ownership | None = None
    for line in reversed(lines):
        if line.invalid:
            if skipped is None and (_UNSUPPORTED.search(line.pattern) or _matches(line, path)):
                skipped = line
        elif _matches(line, path):
            return Owned(path=path, owners=line.owners, skipped=skipped)
    return Owned(path=path, skipped=skipped)


def _matches(line: Ownership, path: str) -> bool:
    return _compiled(line.pattern).fullmatch(path) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as an expression over whole paths from the root of the repository.

    A slash at the beginning or within it anchors it there; a name without one matches at any
    depth. What names a folder owns all below it, but `folder/*` only the files directly in it.
    """
    folder = pattern.endswith("/")
    body = pattern.strip("/")
    anchored = pattern.startswith("/") or "/" in body
    lead = "" if anchored else "(?:.*/)?"
    if folder:
        tail = "/.*"
    elif anchored and body.endswith("/*"):
        tail = ""
    else:
        tail = "(?:/.*)?"
    return re.compile(f"{lead}{_expression(body)}{tail}", re.DOTALL)


def _expression(body: str) -> str:
    parts = []
    pieces = body.split("/")
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        if piece == "**":
            parts.append(".*" if last else "(?:.*/)?")
        else:
            parts.append(_piece(piece) + ("" if last else "/"))
    return "".join(parts)


def _piece(piece: str) -> str:
    parts: list[str] = []
    place = 0
    for token in _TOKEN.finditer(piece):
        parts.append(re.escape(piece[place : token.start()]))
        text = token.group()
        parts.append({"*": "[^/]*", "**": "[^/]*", "?": "[^/]"}.get(text, re.escape(text[1:])))
        place = token.end()
    parts.append(re.escape(piece[place:]))
    return "".join(parts)
