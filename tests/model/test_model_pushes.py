"""Which movements of a ref its record lacks."""

from __future__ import annotations

import pytest

from evidence.model.activity import RepositoryActivity
from evidence.model.git import RefTip
from evidence.model.pushes import lost_pushes
from evidence.model.settings import Observation, Subject

SECOND = 1_000_000
NONE = "0" * 40


def at(seconds: int, before: str, after: str):
    """A movement of main at a second."""
    return RepositoryActivity(
        repository="app",
        activity_id=f"{before}-{after}",
        kind="push",
        ref="refs/heads/main",
        before_sha=before,
        after_sha=after,
        at=seconds * SECOND,
        actor=None,
    )


def holes(*moves, tips=(), looks=()):
    return [(one.before_sha, one.after_sha) for one in lost_pushes(moves, tips, looks)]


def tip(sha: str, seconds: int) -> RefTip:
    return RefTip(repository="app", name="refs/heads/main", sha=sha, observed_at=seconds * SECOND)


def look(since: int, until: int) -> Observation:
    return Observation(
        repository="app",
        subject=Subject.ACTIVITY,
        key="",
        at=until * SECOND,
        outcome="read",
        since=since * SECOND,
        until=until * SECOND,
    )


LIFE = (at(1, NONE, "a"), at(5, "a", "b"), at(9, "b", "c"), at(20, "c", "x"), at(30, "x", NONE))
"""A branch from its making to its end, with a force-push before it."""


def test_a_record_in_which_each_push_begins_where_the_one_before_ended_has_no_hole():
    assert holes(*LIFE) == []


def test_a_branch_may_be_deleted_and_made_again():
    assert holes(*LIFE, at(40, NONE, "q"), at(41, "q", "r")) == []


@pytest.mark.parametrize("place", range(1, len(LIFE) - 1))
def test_any_push_between_two_others_that_is_taken_away_leaves_a_hole_in_its_place(place):
    less = [one for number, one in enumerate(LIFE) if number != place]
    gone = LIFE[place]

    (found,) = lost_pushes(less)

    assert (found.before_sha, found.after_sha) == (gone.before_sha, gone.after_sha)
    assert (found.since, found.until) == (LIFE[place - 1].at, LIFE[place + 1].at)


def test_pushes_of_the_same_second_are_told_in_the_order_in_which_they_fit():
    same = [at(5, "b", "c"), at(5, "a", "b"), at(5, "c", "d")]

    assert holes(at(1, "root", "a"), *same, at(9, "d", "e")) == []
    assert holes(at(1, "root", "a"), same[0], same[2], at(9, "d", "e")) == [("a", "b")]


def test_what_the_record_does_not_say_is_held_against_nobody():
    assert holes(at(1, "root", ""), at(2, "a", "b"), at(3, "", "c")) == []


def test_a_last_push_that_is_missing_shows_in_the_tip_that_git_was_seen_to_have():
    read = look(0, 10_000)

    assert holes(*LIFE[:3], tips=[tip("c", 2_000)], looks=[read]) == []
    assert holes(*LIFE[:3], tips=[tip("x", 2_000)], looks=[read]) == [("c", "x")]


def test_a_tip_says_nothing_before_the_record_was_read_well_beyond_it():
    assert holes(*LIFE[:3], tips=[tip("x", 2_000)], looks=[look(0, 2_100)]) == []
    assert holes(*LIFE[:3], tips=[tip("x", 2_000)], looks=[look(1_900, 9_000)]) == []
    assert holes(*LIFE[:3], tips=[tip("x", 2_000)]) == []


def test_a_hole_that_the_pushes_show_is_told_once_though_git_saw_its_tip_too():
    found = holes(*LIFE[:2], LIFE[3], tips=[tip("c", 2_000)], looks=[look(0, 10_000)])

    assert found == [("b", "c")]
