"""What a receipt says of the clocks: by the source's `Date`, and by the answer looked at soonest."""

from __future__ import annotations

import pytest

from evidence.collecting import soonest
from evidence.model.capture import Capture, Exchange, Form, Page

NOON = 1_783_425_600_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND


def page(*dates):
    exchanges = tuple(Exchange(method="GET", url="https://x.test", date=one) for one in dates)
    capture = Capture(
        source="hub",
        kind="k",
        key="1",
        series="s",
        observed_at=1,
        form=Form.EXACT,
        payload=b"{}",
        collector="c",
        collector_version="1",
        exchanges=exchanges,
    )
    return Page(captures=(capture,))


AT_NOON = "Tue, 07 Jul 2026 12:00:00 GMT"
BEFORE = "Tue, 07 Jul 2026 11:58:00 GMT"


@pytest.mark.parametrize(
    ("ours", "skew"),
    [
        (NOON + 10 * MINUTE, 10 * MINUTE),
        (NOON - 10 * MINUTE, -10 * MINUTE),
        (NOON + 1_700_000, SECOND),
        (NOON, 0),
    ],
)
def test_our_clock_is_held_against_the_newest_answer_of_a_page(ours, skew):
    assert soonest(None, page(BEFORE, AT_NOON), ours) == skew


def test_of_several_pages_the_least_difference_is_the_nearest():
    late = soonest(None, page(AT_NOON), NOON + 11 * MINUTE)
    assert soonest(late, page(AT_NOON), NOON + 10 * MINUTE) == 10 * MINUTE
    assert soonest(10 * MINUTE, page(AT_NOON), NOON + 11 * MINUTE) == 10 * MINUTE


@pytest.mark.parametrize("odd", ["", "yesterday", "Tue, 99 Jul 2026 12:00:00 GMT"])
def test_where_no_date_can_be_read_nothing_is_said(odd):
    assert soonest(None, page(odd), NOON) is None
    assert soonest(5, page(odd), NOON) == 5
    assert soonest(None, Page(), NOON) is None
