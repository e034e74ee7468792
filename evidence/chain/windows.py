"""Windows in which something may be deployed, as the policy declares them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from evidence.in_scope import DeployWindow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def outside(windows: Sequence[DeployWindow], at: int) -> bool:
    """Whether a moment (microseconds UTC) lies in none of them; never where there are none."""
    return bool(windows) and not any(_inside(one, at) for one in windows)


def _inside(window: DeployWindow, at: int) -> bool:
    local = (_EPOCH + timedelta(microseconds=at)).astimezone(_zone(window.zone))
    return local.weekday() in window.days and (
        window.begin <= local.hour * 60 + local.minute < window.end
    )


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
