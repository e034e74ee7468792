"""What a command of Git gives: its output while it runs or at its end, without secrets."""

from __future__ import annotations

import fcntl
import io
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

from evidence.errors import SourceError

_READ_BUFFER = 1 << 20
_STDERR_KEPT = 16 * 1024
_DRAIN_SECONDS = 5.0
_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY = re.compile(r"\?[^\s'\"]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One command that ended: exit status, raw standard output, redacted standard error."""

    status: int
    stdout: bytes
    stderr: str


class Stream:
    """One command whose standard output is read while it runs.

    Use as a context manager: leaving it stops the process if it still runs. Standard error is
    drained aside, because a process that fills that pipe unread would stop for ever.
    """

    def __init__(self, process: Any, *, name: str) -> None:
        self._process = process
        self._name = name
        _widen(process.stdout)
        self.stdin: BinaryIO = process.stdin
        self.stdout = io.BufferedReader(process.stdout.detach(), _READ_BUFFER)
        process.proc.stdout = self.stdout  # what GitPython closes when it tidies up
        self._errors = bytearray()
        self._drain = threading.Thread(target=self._read_errors, daemon=True)
        self._drain.start()

    def _read_errors(self) -> None:
        while chunk := self._process.stderr.read1(_STDERR_KEPT):
            self._errors += chunk[: _STDERR_KEPT - len(self._errors)]

    def errors(self) -> str:
        """The first 16 KiB of standard error, redacted; complete after `wait`."""
        return redact(self._errors.decode("utf-8", "replace").strip())

    def wait(self) -> int:
        """Exit status; call it when standard output is read to its end."""
        status = int(self._process.proc.wait())
        self._drain.join(_DRAIN_SECONDS)
        return status

    def check(self) -> None:
        """Waits, and raises `SourceError` where the command failed."""
        if self.wait() != 0:
            raise SourceError(
                f"git {self._name} ended early: {self.errors() or 'no message'}",
                next_step="Run `git fsck` in the mirror; fetch it anew if objects are missing.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process.proc
        if process.poll() is None:
            process.terminate()
        for pipe in (process.stdin, self.stdout):
            if pipe is not None:
                _close(pipe)
        process.wait()
        self._drain.join(_DRAIN_SECONDS)  # a child of Git may hold the pipe longer than Git lives
        if not self._drain.is_alive():
            process.stderr.close()


def _widen(pipe: Any) -> None:
    """Makes room for more in a pipe, which spares both sides waiting; only Linux can."""
    try:
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _READ_BUFFER)
    except (AttributeError, OSError):
        return


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:  # unread requests of a process that is gone
        return


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Text without user information and queries of URLs, and without the secrets given."""
    for secret in secrets:
        for part in (secret, secret.rpartition(" ")[2]):
            text = text.replace(part, "***") if part else text
    return _QUERY.sub("", _USER_INFO.sub("", text))
