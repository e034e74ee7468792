"""Gaps open, stay, and close only when a later reading shows that they are gone."""

from __future__ import annotations

import pytest

from evidence.model.capture import GapReason, Window
from evidence.store import queries

LASTING = [GapReason.HISTORY_LOST, GapReason.RETENTION, GapReason.SYNC_GAP]
PASSING = [reason for reason in GapReason if reason not in LASTING]


def reasons(store, **how):
    return [found.gap.reason for found in queries.gaps(store, **how)]


def test_a_gap_is_an_entry_of_the_ledger(store, shop):
    result = shop.write(store, gaps=[shop.gap()])
    assert (result.gaps_opened, result.size) == (1, 1)
    [found] = queries.gaps(store)
    assert (found.gap, found.entry_seq, found.opened_at, found.closed_at) == (
        shop.gap(),
        0,
        5_000,
        None,
    )
    assert queries.entry(store, 0).envelope["type"] == "gap"


def test_the_same_gap_again_adds_nothing(store, shop):
    shop.write(store, gaps=[shop.gap(), shop.gap()])
    again = shop.write(store, gaps=[shop.gap()], run="r2", complete=True)
    assert (again.gaps_opened, again.size, len(queries.gaps(store))) == (0, 1, 1)


def test_other_words_for_the_same_gap_are_not_another_gap(store, shop):
    from dataclasses import replace

    shop.write(store, gaps=[shop.gap(), replace(shop.gap(), detail="Refused 3 times.")])
    again = shop.write(store, gaps=[replace(shop.gap(), detail="Refused 4 times.")], run="r2")
    assert again.gaps_opened == 0
    assert [found.gap.detail for found in queries.gaps(store)] == ["Not readable."]


def test_another_loss_of_history_is_another_gap(store, shop):
    from dataclasses import replace

    lost = shop.gap(key="1:1", reason=GapReason.HISTORY_LOST)
    shop.write(store, gaps=[lost])
    shop.write(store, gaps=[lost, replace(lost, detail="Row 7 is gone.")], run="r2")
    assert [found.gap.detail for found in queries.gaps(store)] == [
        "Not readable.",
        "Row 7 is gone.",
    ]


def test_a_list_that_was_refused_and_is_read_again_closes_its_gap(store, shop):
    refused = [shop.gap(key="1/activity"), shop.gap(key="1/suites")]
    shop.write(store, gaps=refused)
    shop.write(store, run="r2", lists=(("github.pull_request", "1/activity"),))
    assert [found.gap.key for found in queries.gaps(store)] == ["1/suites"]


def test_a_list_of_another_kind_closes_nothing(store, shop):
    shop.write(store, gaps=[shop.gap(key="1/activity")])
    shop.write(store, run="r2", lists=(("github.rule_suite", "1/activity"),))
    assert len(queries.gaps(store)) == 1


def test_reading_the_object_closes_its_gap_even_where_nothing_changed(store, shop):
    shop.write(store, shop.pull(1))
    shop.write(store, gaps=[shop.gap(key="1:1")], run="r2")
    result = shop.write(store, shop.pull(1), run="r3", now=9_000)
    assert (result.new, result.gaps_closed) == (0, 1)
    assert queries.gaps(store) == []
    [closed] = queries.gaps(store, open_only=False)
    assert (closed.closed_at, closed.entry_seq) == (9_000, 1)
    assert reasons(store, at=2) == [GapReason.FORBIDDEN]
    assert queries.entry(store, 2).envelope["type"] == "gap_closed"


def test_an_object_read_with_its_gap_keeps_it(store, shop):
    for run in ("r1", "r2"):
        shop.write(
            store, shop.pull(1), gaps=[shop.gap(key="1:1", reason=GapReason.TRUNCATED)], run=run
        )
    assert reasons(store) == [GapReason.TRUNCATED]


def test_reading_another_object_or_kind_closes_nothing(store, shop):
    shop.write(store, gaps=[shop.gap(key="1:1"), shop.gap(key="1:2", kind="github.issue")])
    shop.write(store, shop.pull(2), run="r2", complete=True)
    assert len(queries.gaps(store)) == 2


def test_a_gap_of_the_whole_ends_with_a_later_complete_run_that_did_not_meet_it(store, shop):
    shop.write(store, gaps=[shop.gap()], run="r1", complete=True)
    assert len(queries.gaps(store)) == 1
    shop.write(store, shop.pull(1), run="r2")
    assert len(queries.gaps(store)) == 1
    shop.write(store, run="r2", stream="issues", complete=True)
    assert len(queries.gaps(store)) == 1
    assert shop.write(store, run="r2", complete=True).gaps_closed == 1


def test_a_gap_met_earlier_in_the_same_run_outlives_its_end(store, shop):
    shop.write(store, gaps=[shop.gap()], run="r1")
    shop.write(store, gaps=[shop.gap()], run="r2")
    shop.write(store, run="r2", complete=True)
    assert len(queries.gaps(store)) == 1


@pytest.mark.parametrize(
    ("window", "left"),
    [
        (None, 1),
        (Window(since=0, until=30), 0),
        (Window(since=10, until=20), 0),
        (Window(since=11, until=20), 1),
        (Window(since=10, until=19), 1),
    ],
)
def test_a_gap_with_a_window_ends_only_with_a_run_over_that_window(store, shop, window, left):
    shop.write(store, gaps=[shop.gap(window_from=10, window_to=20)], run="r1")
    shop.write(store, run="r2", complete=True, window=window)
    assert len(queries.gaps(store)) == left


@pytest.mark.parametrize("reason", LASTING)
def test_what_is_lost_for_good_never_closes_by_itself(store, shop, reason):
    shop.write(store, gaps=[shop.gap(key="1:1", reason=reason), shop.gap(reason=reason)])
    shop.write(store, shop.pull(1), run="r2", complete=True, window=Window(since=0, until=99))
    assert reasons(store) == [reason, reason]


def test_a_gap_in_the_content_ends_with_the_version_that_has_it(store, shop):
    shop.write(store, shop.pull(1, gaps=["truncated"]))
    assert reasons(store) == [GapReason.TRUNCATED]
    shop.write(store, shop.pull(1, gaps=["truncated"], at=2_000))
    assert reasons(store) == [GapReason.TRUNCATED]
    shop.write(store, shop.pull(1, at=3_000))
    assert reasons(store) == []
    assert reasons(store, at=1) == [GapReason.TRUNCATED]
    assert [found.closed_at for found in queries.gaps(store, open_only=False)] == [3_000]


def test_a_gap_in_the_content_that_the_next_version_has_too_is_open_once(store, shop):
    shop.write(store, shop.pull(1, gaps=["truncated"]))
    shop.write(store, shop.pull(1, "coffee", gaps=["truncated", "truncated"]))
    assert [found.entry_seq for found in queries.gaps(store)] == [1]


def test_lost_history_in_the_content_stays_when_the_content_moves_on(store, shop):
    shop.write(store, shop.pull(1, gaps=["history_lost"]))
    shop.write(store, shop.pull(1, "coffee", gaps=["history_lost"]), shop.pull(1, "milk"))
    assert reasons(store) == [GapReason.HISTORY_LOST]


def test_a_version_superseded_on_its_own_page_takes_its_gap_along(store, shop):
    shop.write(store, shop.pull(1, "a", gaps=["truncated"]), shop.pull(1, "b"))
    assert reasons(store) == []


def test_a_gap_keeps_its_odd_text(store, shop):
    odd = shop.gap(key="\ud800\x00", repository="\x1a")
    shop.write(store, gaps=[odd])
    assert [found.gap for found in queries.gaps(store)] == [odd]
