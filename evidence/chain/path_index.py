"""Which commits of a repository touch a path: each commit's files are looked at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence

_UNREAD, _READ, _UNKNOWN = 0, 1, 2


class PathIndex:
    """Commits by every file they changed and every directory above it; filled as it is asked."""

    def __init__(self, commits: int, changed: Callable[[int], Sequence[str] | None]) -> None:
        """`changed` gives the files of a commit, by its place; None where they are not known."""
        self._changed = changed
        self._state = bytearray(commits)
        self._touching: dict[str, array[int]] = {}
        self._asked: dict[str, set[int]] = {}
        """The same as a set, for paths that are asked for: most never are."""

    def touching(
        self, commits: Iterable[int], paths: Iterable[str]
    ) -> tuple[tuple[int, ...], bool]:
        """Those of the commits, in order, that touch one of the paths, and whether any is unknown.

        A commit whose files are not known stays in.
        """
        asked = list(commits)
        state = self._state
        for commit in asked:
            if state[commit] == _UNREAD:
                self._read(commit)
        sets = [self._set(path) for path in _outermost(paths) if path in self._touching]
        unknown = {commit for commit in asked if state[commit] == _UNKNOWN}
        found = set().union(unknown, *(one.intersection(asked) for one in sets))
        return tuple([commit for commit in asked if commit in found]), bool(unknown)

    def _read(self, commit: int) -> None:
        changed = self._changed(commit)
        self._state[commit] = _UNKNOWN if changed is None else _READ
        for path in {prefix for file in changed or () for prefix in _prefixes(file)}:
            self._touching.setdefault(path, array("I")).append(commit)
            if path in self._asked:
                self._asked[path].add(commit)

    def _set(self, path: str) -> set[int]:
        if path not in self._asked:
            self._asked[path] = set(self._touching[path])
        return self._asked[path]


def _prefixes(file: str) -> Iterable[str]:
    """A file and every directory above it."""
    while file:
        yield file
        file = file.rpartition("/")[0]


def _outermost(paths: Iterable[str]) -> list[str]:
    """The paths without those that lie below another one."""
    wanted = set(paths)
    return [path for path in wanted if wanted.isdisjoint(list(_prefixes(path))[1:])]
