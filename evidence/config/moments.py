"""Times and zones as people write them; every mistake in one is a `ConfigError`."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from evidence.errors import ConfigError

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


_EXAMPLE = "Write it as 2026-07-01T00:00:00Z."
