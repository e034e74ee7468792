"""Which recorded movement of a branch brought a commit: by the commit graph, never by time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

LIMIT = 5_000
"""Commits by first parents that one push is followed through."""
NONE = "0" * 40
"""What stands for no commit: the ref was made or deleted."""


class Movement(Protocol):
    """A ref that went from one commit to another."""

    @property
    def ref(self) -> str: ...

    @property
    def before_sha(self) -> str: ...

    @property
    def after_sha(self) -> str: ...


M = TypeVar("M", bound=Movement)


def brought_by(
    movements: Iterable[M], refs: frozenset[str], parent_of: Callable[[str], str | None]
) -> Mapping[str, Sequence[M]]:
    """First-parent commit -> the movements of these refs that put it on one of them.

    `parent_of` gives a commit's first parent, or None where it is not known. A movement whose
    beginning is not met by first parents (a force-push, the first push of a branch) is told only
    for its last commit: how many it brought is not known.
    """
    found: dict[str, list[M]] = {}
    for one in movements:
        if one.ref not in refs or one.after_sha in ("", NONE):
            continue
        for sha in _line(one, parent_of):
            found.setdefault(sha, []).append(one)
    return found


def _line(one: Movement, parent_of: Callable[[str], str | None]) -> list[str]:
    """Commits from the new tip down to the old one, without the old one."""
    shas: list[str] = []
    at: str | None = one.after_sha
    while at and at != one.before_sha and len(shas) < LIMIT:
        shas.append(at)
        at = parent_of(at)
    return shas if at == one.before_sha else [one.after_sha]
