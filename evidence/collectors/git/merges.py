"""Redoes merges in memory of Git alone: `git merge-tree --write-tree`, many in one process.

With `renames` off, Git before 2.50 still follows renamed files and only leaves renamed folders
alone; `plain.py` covers what that leaves open. The trees that a merge makes go to a folder apart,
never into the mirror.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.collectors.git.objects import path_text
from evidence.collectors.git.tool import GitTool, Pairs, lines

BATCHED_SINCE = (2, 39)
"""`git merge-tree --stdin` came with 2.39; 2.38 takes one process per merge."""
_NO_RENAMES = (("merge.renames", "false"), ("merge.directoryRenames", "false"))
_OPTIONS = ("--write-tree", "-z", "--name-only", "--no-messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Outcome of one merge: its tree where it was clean, else the paths that conflict."""

    tree: str = ""
    conflicted: tuple[str, ...] = ()
    failed: bool = False
    """Git could not even try: an object is missing, or the histories are unrelated."""


def merges(
    tool: GitTool, pairs: Sequence[tuple[str, str]], *, renames: bool, batched: bool = True
) -> list[Merge]:
    """Merges each (base, head), in order, with rename detection on or off.

    Every pair must have a merge base. `batched` needs Git 2.39.
    """
    settings = () if renames else _NO_RENAMES
    if not batched:
        return [_single(tool, pair, settings) for pair in pairs]
    outcomes: list[Merge] = []
    while len(outcomes) < len(pairs):
        outcomes += _batch(tool, pairs[len(outcomes) :], settings)
        if len(outcomes) < len(pairs):
            outcomes.append(Merge(failed=True))
    return outcomes


def _single(tool: GitTool, pair: tuple[str, str], settings: Pairs) -> Merge:
    environment = tool.writing_made()
    done = tool.run("merge-tree", *_OPTIONS, *pair, settings=settings, environment=environment)
    if done.status not in (0, 1) or not done.stdout:
        return Merge(failed=True)
    tree, *paths = done.stdout.split(b"\0")[:-1]
    return _merge(clean=done.status == 0, tree=tree, paths=paths)


def _batch(tool: GitTool, pairs: Sequence[tuple[str, str]], settings: Pairs) -> list[Merge]:
    """Merges until Git gives up on one (the next in line) or all are done."""
    request = lines(f"{base} {head}" for base, head in pairs)
    done = tool.run(
        "merge-tree",
        *_OPTIONS,
        "--stdin",
        stdin=request,
        settings=settings,
        environment=tool.writing_made(),
    )
    return list(_outcomes(done.stdout.split(b"\0")))


def _outcomes(fields: list[bytes]) -> Iterator[Merge]:
    """Each merge is `clean NUL tree NUL (path NUL)* NUL`; an unfinished one is left out."""
    position = 0
    while True:
        try:
            end = fields.index(b"", position + 2)
        except ValueError:
            return
        clean, tree, *paths = fields[position:end]
        yield _merge(clean=clean == b"1", tree=tree, paths=paths)
        position = end + 1


def _merge(*, clean: bool, tree: bytes, paths: Sequence[bytes]) -> Merge:
    if clean:
        return Merge(tree=tree.decode("ascii"))
    return Merge(conflicted=tuple(path_text(path) for path in paths))
