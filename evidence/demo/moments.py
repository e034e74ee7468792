"""Times of the simulated world: text to microseconds since the epoch, UTC, and back.

A time is written as ISO 8601 (`2026-07-06T09:00:00Z`) or as an offset from the start of what
encloses it: `+2d`, `+1h30m`, `+45s`, `-1d` (days, hours, minutes, seconds in that order).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from evidence.errors import ConfigError

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_OFFSET = re.compile(r"([+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, start: int) -> int:
    """Microseconds UTC of an ISO time, or of an offset counted from `start`.

    Raises `ConfigError` where the text is neither.
    """
    matched = _OFFSET.fullmatch(text)
    if matched and any(matched.groups()[1:]):
        days, hours, minutes, seconds = (int(part or 0) for part in matched.groups()[1:])
        span = days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
        return start - span if matched[1] == "-" else start + span
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise ConfigError(
            f"`{text}` is no time of a simulated world.",
            next_step="Write an ISO time with a zone (2026-07-06T09:00:00Z) or an offset (+1h30m).",
        )
    return (parsed - _EPOCH) // timedelta(microseconds=1)


def iso(at: int) -> str:
    """ISO 8601 in whole seconds with `Z`, as GitHub and Argo CD print times."""
    return (_EPOCH + timedelta(seconds=at // SECOND)).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(at: int) -> str:
    """The `Date` header of an answer given at that moment (RFC 9110)."""
    return (_EPOCH + timedelta(seconds=at // SECOND)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def http_moment(text: str) -> int:
    """Microseconds UTC of a `Date` header that `http_date` wrote."""
    return (parsedate_to_datetime(text) - _EPOCH) // timedelta(microseconds=1)
