"""An invented repository of many commits, made once by `git fast-import` under `.make/bench/`.

Every fourth commit of the branch merges two others; messages have the length of those of a large
public project (about 800 bytes), every commit touches one to four of 4,000 files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from random import Random
from typing import IO

from common.kept import KEPT

START = 1_600_000_000
WORDS = [f"{one:x}{'ing' * (one % 3)}" for one in range(500, 70_000, 23)]


def history(commits: int) -> str:
    """The directory of a bare repository of so many commits; made where it is not there yet."""
    path = KEPT / f"history-{commits}.git"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run(["git", "init", "-q", "--bare", str(unfinished)], check=True)
        command = ["git", "-C", str(unfinished), "fast-import", "--quiet"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            _write(process.stdin, commits)
        head = ["git", "-C", str(unfinished), "symbolic-ref", "HEAD", "refs/heads/main"]
        subprocess.run(head, check=True)
        unfinished.rename(path)
    return str(path)


def shape(commits: int) -> list[tuple[int, ...]]:
    """Per commit the places of its parents, oldest first: a branch with merges of pairs."""
    parents: list[tuple[int, ...]] = [()]
    tip = 0
    while len(parents) < commits:
        number = len(parents)
        if number % 6 == 0 and number + 2 < commits:  # two commits aside, then their merge
            parents += [(max(0, tip - 20),), (number,), (tip, number + 1)]
        else:
            parents.append((tip,))
        tip = len(parents) - 1
    return parents


def _write(into: IO[bytes] | None, commits: int) -> None:
    if into is None:
        return
    for number, parents in enumerate(shape(commits)):
        into.write("".join(_commit(number, parents)).encode())


def _commit(number: int, parents: tuple[int, ...]) -> Iterator[str]:
    chance = Random(number)  # noqa: S311 - the same on every run, nothing secret
    text = f"Change number {number}\n\n" + " ".join(chance.choices(WORDS, k=120)) + "\n"
    person = f"Person {number % 97} <p{number % 97}@people.example> {START + 60 * number} +0000"
    yield f"commit refs/heads/main\nmark :{number + 1}\nauthor {person}\ncommitter {person}\n"
    yield f"data {len(text.encode())}\n{text}\n"
    for place, parent in enumerate(parents):
        yield f"{'merge' if place else 'from'} :{parent + 1}\n"
    for one in range(1 + number % 4):
        slot = (number * 7 + one * 1_001) % 4_000
        content = f"value = {number}\n"
        yield f"M 100644 inline area{slot % 8}/part{slot}.py\n"
        yield f"data {len(content)}\n{content}\n"
