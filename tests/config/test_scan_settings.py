"""Required scans and waivers as the file spells them: what they come to, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evidence.config.settings import Settings
from evidence.config.yardstick import build_policy
from evidence.errors import ConfigError
from evidence.policy import Policy

DAY = 86_400_000_000
JULY = 1_782_864_000_000_000
"""2026-07-01T00:00:00Z."""
WAIVER = {
    "id": "openssl",
    "rule": "CVE-2026-0001",
    "repository": "shop",
    "package": "openssl",
    "version": "3.5.0",
    "approved_by": "Example Person",
    "valid_from": "2026-07-01T00:00:00Z",
    "valid_to": "2026-09-29T00:00:00Z",
    "reason": "It is not called.",
}


def policy(scans: Any = (), waivers: Any = ()) -> Policy:
    tables = {"policy": {"required_scans": list(scans)}, "waiver": list(waivers)}
    return build_policy(Settings.model_validate(tables))


def test_nothing_is_required_unless_it_is_said():
    assert ((), ()) == (policy().required_scans, policy().waivers)


def test_a_scan_is_known_by_its_tool_in_lower_case_with_limits_in_microseconds():
    told = {"tool": "Trivy", "subject": "image", "complete_from": "2026-07-01T00:00:00Z"}
    (one,) = policy([told]).required_scans
    assert ("trivy", "image", "high") == (one.tool, one.subject, one.threshold)
    assert (30 * DAY, JULY) == (one.max_age, one.complete_from)


@pytest.mark.parametrize(
    ("told", "needs"),
    [
        ({"tool": "trivy"}, True),
        ({"tool": "grype"}, True),
        ({"tool": "gitleaks"}, False),
        ({"tool": "trivy", "database": False}, False),
        ({"tool": "own-scanner", "database": True}, True),
    ],
)
def test_a_database_is_asked_of_tools_that_have_one_unless_it_is_said(told, needs):
    assert needs is policy([told]).required_scans[0].needs_database


@pytest.mark.parametrize(
    "told",
    [
        {"tool": ""},
        {"tool": "trivy", "subject": "branch"},
        {"tool": "trivy", "threshold": "dreadful"},
        {"tool": "trivy", "max_age_days": -1},
    ],
)
def test_a_scan_of_nothing_or_without_a_measure_is_refused(told):
    with pytest.raises(ValidationError):
        policy([told])


def test_a_waiver_lasts_from_its_first_to_its_last_moment():
    (one,) = policy(waivers=[WAIVER]).waivers
    assert (JULY, JULY + 90 * DAY) == (one.valid_from, one.valid_to)


@pytest.mark.parametrize(
    "until", ["2026-09-29T00:00:01Z", "2026-07-01T00:00:00Z", "2026-06-01T00:00:00Z"]
)
def test_a_waiver_without_an_end_within_ninety_days_is_refused(until):
    with pytest.raises(ConfigError, match="not valid for 1 to 90 days"):
        policy(waivers=[{**WAIVER, "valid_to": until}])


@pytest.mark.parametrize("missing", ["rule", "repository", "approved_by", "valid_to", "reason"])
def test_a_waiver_says_what_where_by_whom_until_when_and_why(missing):
    less = {key: value for key, value in WAIVER.items() if key != missing}
    with pytest.raises(ValidationError, match=missing):
        policy(waivers=[less])


def test_two_waivers_of_one_id_are_refused():
    with pytest.raises(ConfigError, match="Two waivers have the id `openssl`"):
        policy(waivers=[WAIVER, {**WAIVER, "rule": "CVE-2026-0002"}])
