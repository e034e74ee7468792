"""What a finding comes to: thresholds, and what was open at a moment."""

from __future__ import annotations

import pytest

from evidence.model.policy_result import Finding, FindingState, Severity, reaches, worst_first


@pytest.mark.parametrize(
    ("severity", "threshold", "reached"),
    [
        (Severity.CRITICAL, Severity.HIGH, True),
        (Severity.HIGH, Severity.HIGH, True),
        (Severity.MEDIUM, Severity.HIGH, False),
        (Severity.UNRATED, Severity.CRITICAL, True),
        (Severity.UNKNOWN, Severity.CRITICAL, None),
    ],
)
def test_a_threshold_is_reached_by_what_is_as_grave_or_never_rated(
    severity: Severity, threshold: Severity, reached: bool | None
) -> None:
    assert reached is reaches(severity, threshold)


def test_what_was_closed_later_was_open_then() -> None:
    found = Finding(rule="r", severity=Severity.HIGH, state=FindingState.DISMISSED, closed_at=1_000)
    assert found.open_at(999)
    assert not found.open_at(1_000)


def test_a_suppression_without_a_time_holds_for_all_time() -> None:
    assert not Finding(rule="r", severity=Severity.HIGH, state=FindingState.SUPPRESSED).open_at(1)


def test_the_worst_finding_is_shown_first() -> None:
    low = Finding(rule="a", severity=Severity.LOW)
    high = Finding(rule="b", severity=Severity.HIGH)
    assert [high, low] == worst_first([low, high])
