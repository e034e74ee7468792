"""Captures of refs: which shelf a ref stands on, and what a capture says, parsed purely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from evidence.canonical import canonical_json, loads
from evidence.collectors.git.mirror import Ref
from evidence.collectors.git.objects import OBJECT_NAME
from evidence.collectors.interface import Parsed
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.git import RefTip

PULLS_ON_A_SHELF = 500
_PULL = re.compile(rb"refs/pull/([0-9]{1,12})/")
_SHELVES = ((b"refs/heads/", "heads"), (b"refs/tags/", "tags"))


def shelf_of(name: bytes) -> str:
    """Where a ref is recorded: `heads`, `tags`, `pull/<n>` by its number, or `other`."""
    pull = _PULL.match(name)
    if pull:
        return f"pull/{int(pull[1]) // PULLS_ON_A_SHELF}"
    return next((shelf for prefix, shelf in _SHELVES if name.startswith(prefix)), "other")


def shelved(refs: Iterable[Ref], before: Iterable[str]) -> dict[str, bytes]:
    """Shelf -> its lines in the order of the refs; shelves of before that are empty now, too."""
    found: dict[str, list[bytes]] = {"heads": [], **{shelf: [] for shelf in before}}
    for ref in refs:
        found.setdefault(shelf_of(ref.name), []).append(ref.line())
    return {shelf: b"".join(lines) for shelf, lines in sorted(found.items())}


def read_cursor(cursor: str) -> tuple[str, ...]:
    """The shelves that held refs when the last page was made."""
    try:
        value = loads(cursor) if cursor else {}
    except MalformedError:
        value = {}
    shelves = value.get("shelves") if isinstance(value, dict) else None
    if not isinstance(shelves, list):
        return ()
    return tuple(one for one in shelves if isinstance(one, str))


def write_cursor(shelves: Mapping[str, bytes]) -> str:
    """The shelves that hold refs: an emptied one is recorded once and then left out."""
    return canonical_json({"shelves": [name for name, lines in shelves.items() if lines]}).decode()


def parse(capture: Capture) -> Parsed:
    """Ref tips in the order of the payload; a line that cannot be read is a gap."""
    repository = capture.context.get("repository", capture.key)
    tips: list[RefTip] = []
    bad = 0
    for line in capture.payload.split(b"\n"):
        tip = _tip(line, repository)
        if tip is not None:
            tips.append(tip)
        elif line:
            bad += 1
    gaps = () if not bad else (_malformed(capture, repository, bad),)
    return Parsed(facts=tuple(tips), gaps=gaps)


def _tip(line: bytes, repository: str) -> RefTip | None:
    parts = line.decode("utf-8", "surrogateescape").split(" ", 3)
    if len(parts) != 4:
        return None
    sha, _, peeled, name = parts
    peeled = "" if peeled == "-" else peeled
    if not name.startswith("refs/") or not OBJECT_NAME.fullmatch(sha):
        return None
    if peeled and not OBJECT_NAME.fullmatch(peeled):
        return None
    return RefTip(repository=repository, name=name, sha=sha, peeled=peeled)


def _malformed(capture: Capture, repository: str, bad: int) -> Gap:
    return Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=GapReason.MALFORMED,
        detail=f"{bad} lines of the ref list cannot be read; sync again with a current version.",
        repository=repository,
    )
