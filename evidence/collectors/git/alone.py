"""One refresh of a mirror at a time, also after the program that ran another was killed.

What Git does for a killed program goes on without it: a fetch may still write while the next run
begins. So every Git process of a refresh inherits the descriptor of a lock, and the kernel frees
that lock with the last of them. Who holds it is alone, and whatever lock or half-written file Git
left in the mirror belongs to nobody.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from evidence.errors import UnavailableError

PATIENCE = 60.0
"""Seconds that are waited for the Git of an earlier run."""
_STEP = 0.02
_LEFT = (
    "*.lock",
    "packed-refs.new",  # Git never takes it over: no ref could be removed any more
    "refs/**/*.lock",
    "objects/info/**/*.lock",
    "objects/pack/*.lock",
    "objects/pack/*.keep",
    "objects/pack/tmp_*",
    "objects/[0-9a-f][0-9a-f]/tmp_obj_*",
)
"""What a killed Git leaves: locks, marks of a pack that is being taken in, halves of objects."""


@contextmanager
def alone(directory: Path, patience: float = PATIENCE) -> Iterator[int]:
    """Gives the lock's descriptor, for Git to inherit, with what others left cleared away.

    Raises:
        UnavailableError: the Git of an earlier run is still at work after `patience` seconds.
    """
    with (directory / "in-use").open("a", encoding="utf-8") as handle:
        _wait(handle, directory, patience)
        for pattern in _LEFT:
            for path in directory.glob(pattern):
                path.unlink(missing_ok=True)
        yield handle.fileno()


def _wait(handle: TextIO, directory: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise UnavailableError(
                    f"Git of an earlier run is still at work in {directory}.",
                    next_step="Wait for it to end, or end it, then run the sync again.",
                ) from error
            time.sleep(_STEP)
        else:
            return
