"""Windows in which something may be deployed, and deployments outside of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence.chain.windows import outside
from evidence.config.moments import deploy_window
from evidence.errors import ConfigError
from evidence.in_scope import DeployWindow


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def window(text: str, zone: str = "Europe/Berlin") -> DeployWindow:
    return deploy_window(text, "windows", zone)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-07-06T06:59:59+02:00", True),
        ("2026-07-06T07:00:00+02:00", False),
        ("2026-07-06T05:00:00Z", False),
        ("2026-07-10T18:59:59+02:00", False),
        ("2026-07-10T19:00:00+02:00", True),
        ("2026-07-11T12:00:00+02:00", True),
        ("2026-12-07T06:00:00Z", False),
        ("2026-12-07T05:59:59Z", True),
    ],
)
def test_a_moment_lies_in_a_window_by_the_local_time(moment: str, expected: bool) -> None:
    assert expected is outside((window("Mon-Fri 07:00-19:00"),), at(moment))


def test_without_windows_nothing_lies_outside_of_them() -> None:
    assert not outside((), at("2026-07-11T12:00:00Z"))


def test_any_of_several_windows_will_do() -> None:
    both = (window("Mon 07:00-08:00"), window("Sat 22:00-24:00"))

    assert not outside(both, at("2026-07-11T23:59:59+02:00"))
    assert outside(both, at("2026-07-12T00:00:00+02:00"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon",
        "Fri-Mon 07:00-08:00",
        "Mon 08:00-08:00",
        "Mon 09:00-08:00",
        "Mon 23:00-24:01",
        "Mon 7:00-8:00",
        "Mon 07:60-08:00",
        "mon 07:00-08:00",
        "Mon-Tue-Wed 07:00-08:00",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no window"):
        window(text)


def test_a_deployment_outside_of_its_windows_is_flagged(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.deploy("a")
    (first,) = world.rows()
    day = datetime.fromtimestamp(first.started_at / 1_000_000, UTC).strftime("%a")
    others = [one for one in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") if one != day]

    def flagged(*days: str) -> bool:
        windows = tuple(window(f"{one} 00:00-24:00", "UTC") for one in days)
        world.application = replace(world.application, windows=windows)
        return "out_of_window" in world.rows()[0].flags

    assert flagged(*others)
    assert not flagged(*others, day)
