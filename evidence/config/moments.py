"""Times and zones as people write them; every mistake in one is a `ConfigError`."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from evidence.errors import ConfigError
from evidence.in_scope import DeployWindow

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Microseconds since the epoch beyond these are no integers that every JSON reader keeps."""


def named_zone(name: str, what: str) -> ZoneInfo:
    """The IANA time zone of that name; `what` says in the error where it was written.

    Raises:
        ConfigError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            f"{what} `{name}` is no IANA time zone.",
            next_step='Use a name such as "Europe/Berlin" or "UTC".',
        ) from error


def micros(text: str, what: str, zone: ZoneInfo | None = None) -> int:
    """Microseconds UTC of an RFC 3339 time, or of a date or local time in `zone`.

    Raises:
        ConfigError: it cannot be read, has no UTC offset and no zone, or lies in no usable year.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        wanted = "RFC 3339 date or time" if zone else "RFC 3339 time"
        raise ConfigError(f"{what} {text} is no {wanted}.", next_step=_EXAMPLE) from error
    check_year(moment, f"{what} {text}")
    if moment.tzinfo is None and zone is None:
        raise ConfigError(f"{what} {text} has no UTC offset.", next_step="End it with Z.")
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1_000_000)


def deploy_window(text: str, what: str, zone: str) -> DeployWindow:
    """`Mon-Fri 07:00-19:00`, `Sat 00:00-24:00`: days and times in a named zone.

    Raises:
        ConfigError: it is none, or it ends before it begins.
    """
    match = _WINDOW.fullmatch(text.strip())
    wrong = ConfigError(f"{what} `{text}` is no window.", next_step=_WINDOW_EXAMPLE)
    if match is None:
        raise wrong
    first, last = _DAYS.index(match["first"]), _DAYS.index(match["last"] or match["first"])
    begin, end = (
        int(match[f"{name}_hour"]) * 60 + int(match[f"{name}_minute"]) for name in ("from", "to")
    )
    if not 0 <= begin < end <= _MINUTES or last < first:
        raise wrong
    return DeployWindow(days=tuple(range(first, last + 1)), begin=begin, end=end, zone=zone)


def check_year(day: date, what: str) -> None:
    """Refuses years that no evidence has.

    Raises:
        ConfigError: the year is before 1970 or after 2200.
    """
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise ConfigError(
            f"{what} lies outside the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}.",
            next_step=_EXAMPLE,
        )


_MINUTES = 24 * 60
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(_DAYS)
_WINDOW = re.compile(
    rf"(?P<first>{_DAY})(?:-(?P<last>{_DAY}))? "
    r"(?P<from_hour>\d\d):(?P<from_minute>[0-5]\d)-(?P<to_hour>\d\d):(?P<to_minute>[0-5]\d)"
)
_WINDOW_EXAMPLE = "Write it as Mon-Fri 07:00-19:00; a night is two: until 24:00, and from 00:00 on."
_EXAMPLE = "Write it as 2026-07-01T00:00:00Z."
