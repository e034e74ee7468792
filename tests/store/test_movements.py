"""What a forge recorded, read by what it brought and by when, on both databases."""

from __future__ import annotations

import pytest
from stored_facts import stored

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.store import movements, queries

MAIN = "refs/heads/main"


def moved(number, *, kind="push", ref=MAIN, at=0):
    return RepositoryActivity(
        repository="shop",
        activity_id=str(number),
        kind=kind,
        ref=ref,
        before_sha="a",
        after_sha=f"sha-{number}",
        at=at or number,
        actor=None,
    )


def judged(number, result):
    return RuleSuite(
        repository="shop",
        suite_id=str(number),
        actor=None,
        ref=MAIN,
        before_sha="a",
        after_sha="b",
        pushed_at=number,
        result=result,
    )


def test_movements_are_read_by_their_time(store):
    stored(store, moved(1), moved(2), moved(3))
    found = movements.moves_between(store, "shop", MAIN, 2, 3)
    assert [one.activity_id for one in found] == ["2"]


def test_of_a_movement_that_was_told_again_the_newest_word_counts(store):
    stored(store, moved(1), moved(1, at=5))
    assert movements.moves_between(store, "shop", MAIN, 0, 4) == []
    assert [one.at for one in movements.moves_between(store, "shop", MAIN, 5)] == [5]


def test_movements_are_read_by_the_commit_that_they_end_in(store):
    stored(store, moved(1), moved(2))
    found = queries.load_in(
        store, RepositoryActivity, "after_sha", ["sha-2", "sha-9"], repository="shop"
    )
    assert [one.activity_id for one in found] == ["2"]


def test_refused_pushes_are_read_by_their_result(store):
    stored(store, judged(1, "pass"), judged(2, "fail"), judged(3, "bypass"))
    assert [one.suite_id for one in movements.refused(store, "shop")] == ["2"]


@pytest.mark.parametrize(
    ("kind", "ref", "holds"),
    [
        ("push", MAIN, True),
        ("branch_creation", MAIN, True),
        ("force_push", "refs/heads/topic", True),
        ("force_push", MAIN, False),
        ("branch_deletion", MAIN, False),
    ],
)
def test_a_branch_holds_what_it_received_until_something_is_taken_away(store, kind, ref, holds):
    stored(store, moved(1), moved(2, kind=kind, ref=ref))
    assert movements.holds_on(store, "shop", {MAIN}) is holds


def test_nothing_is_known_of_a_branch_where_no_movement_was_recorded(store):
    stored(store, judged(1, "pass"))
    assert movements.holds_on(store, "shop", {MAIN}) is False
