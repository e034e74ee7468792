"""Commits, paths and answers from the mirrors."""

from __future__ import annotations

import json
import random

from evidence.model.git import Commit, GitAnswer, QuestionKind
from evidence.store import mirror, queries, writer


def row(sha, parents="", message="Tea", repository="shop", paths=None):
    return (
        repository,
        sha,
        "t" + sha,
        parents,
        "Mira",
        "mira@shop.test",
        5,
        "Bot",
        "bot@shop.test",
        6,
        message,
        "sig",
        paths,
    )


def answer(value="1", kind=QuestionKind.TREE, args=("a", "b"), seq=0, problem=""):
    return GitAnswer(
        repository="shop",
        kind=kind,
        args=args,
        value=value,
        problem=problem,
        entry_seq=seq,
        observed_at=9,
    )


def test_a_commit_comes_back_as_it_was_and_when_it_was_observed(store, shop):
    shop.write(store, shop.refs("refs/heads/main b"), source="git")
    assert writer.write_commits(store, [row("b", "a c", "\ud83d tea \x00\x1a")], 0) == 1
    assert queries.commit(store, "shop", "b") == Commit(
        entry_seq=0, observed_at=1_000, repository="shop", sha="b", tree="tb", parents=("a", "c"),
        author_name="Mira", author_email="mira@shop.test", author_time=5, committer_name="Bot",
        committer_email="bot@shop.test", committer_time=6, message="\ud83d tea \x00\x1a", signature="sig",
    )  # fmt: skip
    assert queries.commit(store, "shop", "x") is None


def test_a_lone_surrogate_alone_is_escaped_too(store):
    writer.write_commits(store, [row("a", message="\udc80"), row("b", message="\xe4")], 0)
    assert [found.message for found in queries.load(store, Commit)] == ["\udc80", "\xe4"]


def test_commits_again_are_not_written_again(store):
    assert writer.write_commits(store, [row("a"), row("b")], 0) == 2
    assert writer.write_commits(store, [row("b"), row("c")], 1) == 1
    assert [found.entry_seq for found in queries.load(store, Commit)] == [0, 0, 1]
    assert [found.sha for found in queries.load(store, Commit, at=1)] == ["a", "b"]
    assert [found.sha for found in queries.load_versions(store, Commit, sha="b")] == ["b"]


def test_batches_end_by_rows_and_by_weight(store, monkeypatch):
    monkeypatch.setattr(mirror, "_ROWS", 3)
    monkeypatch.setattr(mirror, "_WEIGHT", 20)
    rows = [row(f"{n:02}", message="m" * (30 if n % 4 == 0 else 1)) for n in range(10)]
    assert writer.write_commits(store, iter(rows), 0) == 10
    assert len(queries.commits_in(store, "shop", [f"{n:02}" for n in range(12)])) == 10


def test_the_graph_gives_places_of_parents_in_one_repository(store):
    writer.write_commits(
        store, [row("c", "b a"), row("a"), row("b", "a missing"), row("a", repository="other")], 0
    )
    assert queries.graph(store, "shop") == (["a", "b", "c"], [[], [0], [1, 0]])
    assert queries.graph(store, "none") == ([], [])
    writer.write_commits(store, [row("d", "c")], 5)
    assert queries.graph(store, "shop", at=5)[0] == ["a", "b", "c"]
    assert queries.graph(store, "shop", at=6) == (["a", "b", "c", "d"], [[], [0], [1, 0], [2]])


def test_commits_derived_all_at_once_are_placed_at_the_observation_that_first_reached_them(
    store, shop
):
    rows = [row("a"), row("b", "a"), row("c", "b"), row("x", "a"), row("m", "c x"), row("lost")]
    shop.write(store, shop.refs("refs/heads/main b", at=10), source="git")
    shop.write(
        store,
        shop.refs("refs/heads/main b", "refs/heads/x x", "refs/tags/t gone", at=20),
        source="git",
    )
    shop.write(store, shop.refs("refs/heads/main m", at=30), source="git")
    writer.write_commits(store, rows, 2)
    assert writer.place_commits(store, "shop") == 3
    placed = {
        found.sha: (found.entry_seq, found.observed_at) for found in queries.load(store, Commit)
    }
    assert placed == {
        "a": (0, 10),
        "b": (0, 10),
        "x": (1, 20),
        "c": (2, 30),
        "m": (2, 30),
        "lost": (2, 30),
    }
    assert writer.place_commits(store, "shop") == 0


def test_paths_of_commits_come_back(store):
    paths = {"a": ("k8s/app.yaml", "odd\nname\udc80"), "b": ()}
    rows = [row(sha, paths=json.dumps(own)) for sha, own in paths.items()]
    assert writer.write_commits(store, [*rows, row("c")], 0) == 3
    assert dict(queries.paths_of(store, "shop", ["a", "b", "c", "d"])) == paths


def test_paths_that_were_not_read_at_first_are_added_and_others_stay(store):
    writer.write_commits(store, [row("a"), row("b", paths='["x"]')], 0)
    later = [row("a", message="Other", paths='["y"]'), row("b", paths='["z"]')]
    assert writer.write_commits(store, later, 1) == 1
    assert writer.write_commits(store, [row("a"), row("b")], 1) == 0
    assert dict(queries.paths_of(store, "shop", ["a", "b"])) == {"a": ("y",), "b": ("x",)}
    assert {found.message for found in queries.load(store, Commit)} == {"Tea"}


def test_an_answer_is_stored_once(store):
    assert writer.write_answers(store, [answer(), answer(args=("c",))]) == 2
    assert writer.write_answers(store, [answer(seq=4)]) == 0
    assert queries.load(store, GitAnswer, args=("a", "b")) == [answer()]


def test_an_answer_about_names_that_changes_stands_beside_the_old_one(store):
    writer.write_answers(store, [answer("old", QuestionKind.RESOLVE)])
    assert writer.write_answers(store, [answer("new", QuestionKind.RESOLVE, seq=7)]) == 1
    assert queries.load(store, GitAnswer) == [answer("new", QuestionKind.RESOLVE, seq=7)]
    assert [found.value for found in queries.load_versions(store, GitAnswer)] == ["old", "new"]
    assert [found.value for found in queries.load(store, GitAnswer, at=7)] == ["old"]


def test_a_problem_gives_way_to_an_answer_of_the_same_observation(store):
    writer.write_answers(store, [answer("", problem="missing_object")])
    writer.write_answers(store, [answer("1")])
    assert queries.load(store, GitAnswer) == [answer("1")]


def test_an_answer_asked_twice_in_one_batch_is_one(store):
    assert writer.write_answers(store, [answer(), answer()]) == 1


def test_an_answer_to_an_endless_question_is_left_out(store):
    assert writer.write_answers(store, [answer(args=(random_text(9_000),)), answer()]) == 1
    assert queries.load(store, GitAnswer) == [answer()]


def random_text(length):
    """Text that no compression makes short."""
    return random.Random(2).randbytes(length // 2).hex()
