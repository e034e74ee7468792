"""When a snapshot is known to have held."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.intervals import Interval, Look, covered, held_at, intervals, looks
from evidence.model.settings import BranchProtection, Observation, Subject


def version(at: int, seq: int, approvals: int) -> BranchProtection:
    return BranchProtection(
        repository="app",
        branch="main",
        protected=True,
        approvals_required=approvals,
        entry_seq=seq,
        observed_at=at,
    )


def look(
    at: int,
    outcome: str = "unchanged",
    since: int = 0,
    until: int = 0,
    subject: Subject = Subject.BRANCH_PROTECTION,
) -> Observation:
    return Observation(
        repository="app",
        subject=subject,
        key="main",
        at=at,
        outcome=outcome,
        since=since,
        until=until,
    )


def test_between_two_equal_looks_a_setting_is_known():
    one = version(10, 1, 2)
    seen = looks([one], [look(10, "read"), look(20)])

    assert intervals(seen) == (Interval(begin=10, end=20, value=one, known=True),)
    assert held_at(seen, 15).value == one


def test_between_two_looks_that_differ_nothing_is_known():
    one, two = version(10, 1, 2), version(20, 2, 1)
    seen = looks([one, two], [look(10, "read"), look(20, "read")])

    assert [span.known for span in intervals(seen)] == [False]
    assert held_at(seen, 15).known is False
    assert held_at(seen, 10).value == one
    assert held_at(seen, 20).value == two


def test_outside_all_looks_nothing_is_known():
    seen = looks([version(10, 1, 2)], [look(10, "read"), look(20)])

    assert held_at(seen, 9).known is False
    assert held_at(seen, 21).known is False


def test_a_look_that_saw_nothing_breaks_what_is_known():
    seen = looks([version(10, 1, 2)], [look(10, "read"), look(20, "not_visible"), look(30)])

    assert [span.known for span in intervals(seen)] == [False, False]


def test_a_version_in_another_entry_that_says_the_same_is_the_same():
    seen = looks([version(10, 1, 2), version(20, 7, 2)], [])

    assert held_at(seen, 15).known is True


def test_what_was_gone_is_known_to_be_gone_between_two_looks_that_say_so():
    ruleset = Subject.RULESET
    seen = looks(
        [version(10, 1, 2)],
        [
            look(10, "read"),
            look(20, "absent", subject=ruleset),
            look(30, "absent", subject=ruleset),
        ],
    )

    assert held_at(seen, 25) == Interval(begin=20, end=30, value=None, known=True)


def test_protection_that_was_absent_at_two_looks_was_absent_between_them():
    none = replace(version(10, 1, 0), protected=False)
    seen = looks([none], [look(10, "absent"), look(20, "absent")])

    assert held_at(seen, 15) == Interval(begin=10, end=20, value=none, known=True)


def test_a_single_look_holds_at_its_moment_only():
    one = version(10, 1, 2)

    assert intervals(looks([one], [])) == (Interval(begin=10, end=10, value=one, known=True),)


def test_windows_that_join_cover_what_lies_between_their_ends():
    windows = [look(30, "read", 10, 30), look(60, "read", 25, 60)]

    assert covered(windows, 10, 60)
    assert covered(windows, 20, 50)
    assert not covered(windows, 5, 50)
    assert not covered(windows, 20, 61)


def test_a_hole_between_windows_covers_nothing_across_it():
    assert not covered([look(30, "read", 10, 30), look(60, "read", 31, 60)], 20, 50)


def test_a_window_that_was_refused_covers_nothing():
    assert not covered([look(30, "not_visible", 10, 30)], 10, 20)


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 3)), unique_by=lambda one: one[0]))
def test_what_is_known_at_a_moment_was_seen_before_and_after_it(found):
    seen = [Look(at=at, value=value) for at, value in sorted(found)]
    for moment in range(1, 100):
        span = held_at(seen, moment)
        if span.known:
            assert any(one.at <= moment and one.value == span.value for one in seen)
            assert any(one.at >= moment and one.value == span.value for one in seen)
            inside = [one for one in seen if span.begin <= one.at <= span.end]
            assert {one.value for one in inside} == {span.value}
