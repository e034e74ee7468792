"""What a report was asked for: which days, in which zone, as of when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from evidence.config.moments import check_year, micros, named_zone
from evidence.errors import ConfigError
from evidence.report.data import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What `evidence report` was asked for; dates are days in the zone, both inclusive."""

    start: str = ""
    end: str = ""
    change: str = ""
    """One change to hand over alone; its period then needs no dates."""
    zone: str = ""
    at: int | None = None
    as_of: str = ""
    destination: Path | None = None
    zipped: bool = False
    """One stored ZIP beside the folder as well: the same packet, byte for byte, in one file."""
    lta: bool = False
    """Seal the PDF as PAdES B-LTA, whatever the configuration says."""


def asked_period(request: ReportRequest, default: ZoneInfo) -> Period | None:
    """The period of the dates given; None where one change is asked for without any.

    Raises:
        ConfigError: one date or both are missing, or `read_period` cannot read them.
    """
    if request.change and not request.start and not request.end:
        return None
    if not request.start or not request.end:
        raise ConfigError(
            "A report needs a period, or the change that it is for.",
            next_step="Write --from 2026-07-01 --to 2026-09-30, or --change ID.",
        )
    return read_period(request, default)


def asked_zone(request: ReportRequest, default: ZoneInfo) -> ZoneInfo:
    """The zone asked for, else the default; `ConfigError` for one that does not exist."""
    return named_zone(request.zone, "--zone") if request.zone else default


def read_period(request: ReportRequest, default: ZoneInfo) -> Period:
    """`[first day 00:00, day after the last 00:00)` in the zone, as UTC.

    Raises:
        ConfigError: a date or zone cannot be read, or the period is empty.
    """
    named = asked_zone(request, default)
    try:
        first, last = date.fromisoformat(request.start), date.fromisoformat(request.end)
    except ValueError as error:
        raise ConfigError(
            f"The period {request.start} to {request.end} cannot be read.",
            next_step="Write --from 2026-07-01 --to 2026-09-30.",
        ) from error
    check_year(first, f"--from {first}")
    check_year(last, f"--to {last}")
    if last < first:
        raise ConfigError(
            f"The period ends ({last}) before it begins ({first}).",
            next_step=f"Write --from {last} --to {first}, if that is what you mean.",
        )
    return Period(
        from_us=_midnight(first, named),
        to_us=_midnight(last + timedelta(days=1), named),
        zone=str(named),
        first_day=first.isoformat(),
        last_day=last.isoformat(),
    )


def _midnight(day: date, named: ZoneInfo) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=named)
    return int(moment.timestamp()) * 1_000_000


def as_of(request: ReportRequest, period: Period) -> int:
    """The moment to judge at, by default the end of the period; microseconds UTC."""
    return micros(request.as_of, "--as-of") if request.as_of else period.to_us
