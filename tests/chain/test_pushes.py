"""Which movement of a branch brought a commit."""

from __future__ import annotations

from evidence.chain.pushes import NONE, brought_by
from evidence.model.activity import RepositoryActivity

MAIN = frozenset({"refs/heads/main"})
PARENTS = {"c": "b", "b": "a", "a": "root", "x": "root"}


def move(before: str, after: str, number: str = "1", ref: str = "refs/heads/main"):
    return RepositoryActivity(
        repository="app",
        activity_id=number,
        kind="push",
        ref=ref,
        before_sha=before,
        after_sha=after,
        at=1,
        actor=None,
    )


def test_a_push_of_several_commits_brought_each_of_them_and_not_the_one_before():
    one = move("root", "c")

    assert brought_by([one], MAIN, PARENTS.get) == {"c": [one], "b": [one], "a": [one]}


def test_a_rewritten_branch_is_told_only_for_its_new_tip():
    one = move("c", "x")

    assert brought_by([one], MAIN, PARENTS.get) == {"x": [one]}


def test_the_making_of_a_branch_says_nothing_of_older_commits():
    one = move(NONE, "b")

    assert brought_by([one], MAIN, PARENTS.get) == {"b": [one]}


def test_a_deleted_branch_and_other_branches_bring_nothing():
    gone, other = move("c", NONE), move("root", "c", ref="refs/heads/side")

    assert brought_by([gone, other], MAIN, PARENTS.get) == {}


def test_a_commit_that_came_twice_has_both_movements():
    first, second = move("root", "a", "1"), move("root", "b", "2")

    assert brought_by([first, second], MAIN, PARENTS.get)["a"] == [first, second]
