"""The run lock of a data directory: one sync at a time. It is not the writer lock of the store."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence.errors import LockedError


@contextmanager
def run_lock(directory: Path) -> Iterator[None]:
    """Holds the lock while the block runs. The kernel lets go of it when the process dies.

    Raises:
        LockedError: another process holds it; the message names its process id where known.
    """
    path = directory / "run.lock"
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            holder = handle.read().strip()
            raise LockedError(f"Another run (process {holder or 'unknown'}) is active.") from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
