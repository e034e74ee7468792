"""The run lock of a data directory: one sync at a time. It is not the writer lock of the store."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from evidence.errors import LockedError, StoreError


@contextmanager
def run_lock(directory: Path) -> Iterator[None]:
    """Holds the lock while the block runs. The kernel lets go of it when the process dies.

    Raises:
        LockedError: another process holds it; the message names its process id where known.
        StoreError: the data directory cannot be written.
    """
    path = directory / "run.lock"
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            holder = handle.read().strip()
            raise LockedError(f"Another run (process {holder or 'unknown'}) is active.") from error
        _name_holder(handle)
        yield


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"The data directory cannot be written: {path}: {error.strerror}.",
            next_step="Let this user write to it, or name another with EVIDENCE_HOME.",
        ) from error


def _name_holder(handle: TextIO) -> None:
    """For the message of the next one; the lock holds without it, also where the disk is full."""
    with suppress(OSError):
        handle.truncate(0)
        os.write(handle.fileno(), str(os.getpid()).encode("ascii"))
