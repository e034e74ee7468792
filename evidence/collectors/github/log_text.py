"""What is kept of a log: its beginning and its end, without secrets, and what it shows."""

from __future__ import annotations

import re

from evidence.redaction import redact

_HEAD = 4
"""The beginning gets one part in so many: what went wrong stands at the end."""
_FAILED = re.compile(
    r"^(?:\ufeff?\S{1,40} )?##\[error\]Process completed with exit code (?!0\.)[0-9]", re.MULTILINE
)


def kept_text(log: bytes, limit: int) -> tuple[str, int]:
    """The text, and how many bytes were left out of its middle; cut at ends of lines.

    Secrets go before anything is cut, so that no half of one stays.
    """
    data, _ = redact(log)
    if len(data) <= limit:
        return _text(data), 0
    head = data[: data.rfind(b"\n", 0, limit // _HEAD) + 1]
    begin = len(data) - (limit - len(head))
    tail = data[max(begin, data.find(b"\n", begin) + 1) :]
    left = len(data) - len(head) - len(tail)
    return f"{_text(head)}[{left} bytes left out]\n{_text(tail)}", left


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def shows_failed_step(log: str) -> bool:
    """Whether a step ended with an error: in a job that succeeded, its failure was let pass."""
    return _FAILED.search(log) is not None
