"""Where a packet is made: a folder beside its destination that is gone when the run ends.

A packet gets its name by one rename, so it is there whole or not at all. What a killed run left is
cleared away by the next one: its folder holds a lock that the kernel let go of.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".evidence-packet-"
_LOCK = "in-use"


@contextmanager
def stage(parent: Path) -> Iterator[Path]:
    """An empty folder in `parent`, on the same file system as what will be moved out of it."""
    clear(parent)
    with (
        tempfile.TemporaryDirectory(dir=parent, prefix=PREFIX) as name,
        Path(name, _LOCK).open("w", encoding="utf-8") as handle,
    ):
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Path(name)


def clear(parent: Path) -> None:
    """Removes the folders of runs that are dead; one without a lock file is not ours."""
    for left in parent.glob(f"{PREFIX}*"):
        try:
            with (left / _LOCK).open(encoding="utf-8") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # still in use, or nothing that we may remove
            continue
