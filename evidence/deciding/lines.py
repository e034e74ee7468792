"""First parents of the commits of one repository, read as far as what was recorded reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evidence.chain.pushes import LIMIT, NONE, Movement, brought_by
from evidence.store import since
from evidence.store.session import Store

_SHORT = 60
"""Commits that are read first of what one push brought."""


class Lines:
    """Reads what tells the commits of movements, and remembers it."""

    def __init__(self, store: Store, repository: str) -> None:
        self._store, self._repository = store, repository
        self._parents: dict[str, str | None] = {}

    def expect(self, records: Iterable[Movement]) -> None:
        """Reads down from the end of each; those that brought one commit all at once."""
        wanted = {(one.after_sha, one.before_sha) for one in records if one.after_sha != NONE}
        fresh = {after for after, _ in wanted} - self._parents.keys()
        self._note(since.parents_of(self._store, self._repository, fresh))
        for after, before in sorted(wanted):
            if before not in ("", NONE, self._parents.get(after)):
                self._follow(after, before)

    def parent_of(self, sha: str) -> str | None:
        """The first parent of a commit; None where it has none or was not read."""
        return self._parents.get(sha)

    def _follow(self, after: str, before: str) -> None:
        """Reads down to where a movement began, or as far as one is followed."""
        line: dict[str, tuple[str, ...]] = {}
        for length in (_SHORT, LIMIT):
            line = dict(since.first_parent_line(self._store, self._repository, after, length))
            if before in line or len(line) < length:
                break
        self._note(line)

    def _note(self, parents: Mapping[str, tuple[str, ...]]) -> None:
        self._parents |= {sha: one[0] if one else None for sha, one in parents.items()}


def brought_to(
    store: Store, repository: str, records: Iterable[Movement], refs: frozenset[str]
) -> set[str]:
    """The commits that some records brought to some refs."""
    own = [one for one in records if one.ref in refs]
    lines = Lines(store, repository)
    lines.expect(own)
    return set(brought_by(own, refs, lines.parent_of))
