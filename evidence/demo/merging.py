"""Three-way merges of simulated trees, with the result that `git merge-tree` gives.

A path that one side changed is taken from that side; one that both changed goes through
`git merge-file`. Renames are not followed: a world that renames and edits one file on two sides
states the result itself.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from evidence.demo.objects import GITLINK, Objects, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Files of the merge; `conflicts` are the paths that Git could not merge (left as ours)."""

    files: Tree
    conflicts: tuple[str, ...]


def merge(objects: Objects, base: Tree, ours: Tree, theirs: Tree) -> Merged:
    """Merges the changes `base`..`theirs` into `ours`."""
    files = dict(ours)
    conflicts = []
    for path in sorted(set(base) | set(theirs)):
        before, here, there = base.get(path), ours.get(path), theirs.get(path)
        if there in (before, here):
            continue
        if before == here:
            if there is None:
                files.pop(path, None)
            else:
                files[path] = there
            continue
        both = _merge_file(objects, before, here, there)
        if both is None:
            conflicts.append(path)
        else:
            files[path] = both
    return Merged(files=files, conflicts=tuple(conflicts))


def _merge_file(
    objects: Objects,
    before: tuple[str, str] | None,
    here: tuple[str, str] | None,
    there: tuple[str, str] | None,
) -> tuple[str, str] | None:
    if before is None or here is None or there is None or here[0] != there[0]:
        return None
    if here[0] == GITLINK:
        return None
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, entry in (("ours", here), ("base", before), ("theirs", there)):
            Path(folder, name).write_text(objects.text(entry[1]), encoding="utf-8", newline="")
            names.append(name)
        done = subprocess.run(
            ["git", "merge-file", "-p", *names], cwd=folder, capture_output=True, check=False
        )
    if done.returncode != 0:
        return None
    return here[0], objects.blob(done.stdout.decode("utf-8"))
