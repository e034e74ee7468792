"""Questions about a simulated repository's commits: ancestors, merge bases, changed paths."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from evidence.demo.history import RepositoryRecord
from evidence.demo.objects import GITLINK, Tree


def first_parents(where: RepositoryRecord, tip: str) -> list[str]:
    """The commits from `tip` down along first parents, newest first."""
    line = [tip]
    while parents := where.objects.commits[line[-1]].parents:
        line.append(parents[0])
    return line


def merge_base(where: RepositoryRecord, base: str, head: str) -> str:
    """The newest commit on the base branch's first-parent line that `head` contains.

    The head's own side is short: it is walked until it meets that line.
    """
    line = first_parents(where, base)
    order = {sha: index for index, sha in enumerate(line)}
    best, seen, todo = len(line) - 1, set(), [head]
    while todo:
        sha = todo.pop()
        if sha in seen:
            continue
        seen.add(sha)
        if sha in order:
            best = min(best, order[sha])
        else:
            todo.extend(where.objects.commits[sha].parents)
    return line[best]


def reachable(where: RepositoryRecord, tip: str) -> list[str]:
    """All commits that `tip` contains, newest claimed commit time first."""
    seen, todo = {tip}, [tip]
    while todo:
        for parent in where.objects.commits[todo.pop()].parents:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    commits = where.objects.commits
    order = {sha: index for index, sha in enumerate(commits)}
    return sorted(seen, key=lambda sha: (-commits[sha].committer.at, -order[sha]))


def _lines(where: RepositoryRecord, entry: tuple[str, str] | None) -> list[str]:
    """What a diff counts: a submodule is one line that names its commit."""
    if entry is None:
        return []
    mode, sha = entry
    text = f"Subproject commit {sha}" if mode == GITLINK else where.objects.text(sha)
    return text.splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One changed path with the counts that a pull request's files page shows."""

    path: str
    kind: str
    """`ADDED`, `DELETED` or `MODIFIED`."""
    additions: int
    deletions: int


def changes(where: RepositoryRecord, old: Tree, new: Tree) -> list[FileChange]:
    """Paths that differ between two trees, sorted."""
    found = []
    for path in sorted(set(old) | set(new)):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        lines_before, lines_after = Counter(_lines(where, before)), Counter(_lines(where, after))
        found.append(
            FileChange(
                path=path,
                kind="MODIFIED" if before and after else "ADDED" if after else "DELETED",
                additions=(lines_after - lines_before).total(),
                deletions=(lines_before - lines_after).total(),
            )
        )
    return found
