"""Pages: versions, transactions, cursors."""

from __future__ import annotations

import random

import pytest

from evidence.errors import StoreError
from evidence.model.capture import GapReason, Page
from evidence.model.git import Commit, GitAnswer, QuestionKind, RefTip
from evidence.model.pull_request import PullRequest, Review
from evidence.store import audit, pages, queries, writer


def test_a_page_stores_entries_facts_and_cursor(store, shop):
    result = shop.write(
        store, shop.pull(1, reviews=[("r1", "APPROVED")]), shop.pull(2), cursor='{"after":2}'
    )
    assert (result.new, result.unchanged, result.first_seq, result.size, result.seqs) == (
        2,
        0,
        0,
        2,
        (0, 1),
    )
    assert [
        (pull.number, pull.entry_seq, pull.observed_at) for pull in queries.load(store, PullRequest)
    ] == [(1, 0, 1_000), (2, 1, 1_000)]
    assert [
        review.review_id for review in queries.load(store, Review, repository="shop", number=1)
    ] == ["r1"]
    assert queries.cursor(store, "hub", "pulls") == '{"after":2}'
    assert audit.audit(store).size == 2


def test_a_stored_fact_is_the_parsed_fact_with_its_place(store, shop):
    capture = shop.pull(1, "Tea \ud800\x00\x1a tea", reviews=[("r1", "APPROVED")])
    shop.write(store, capture)
    pull, review = shop.parse(capture).facts
    from dataclasses import replace

    assert queries.load(store, PullRequest) == [replace(pull, entry_seq=0, observed_at=1_000)]
    assert queries.load(store, Review) == [replace(review, entry_seq=0, observed_at=1_000)]
    assert queries.captures(store, [0]) == [(0, capture)]


def test_an_unchanged_object_adds_nothing(store, shop):
    first = shop.write(store, shop.pull(1), shop.pull(2))
    again = shop.write(store, shop.pull(1, at=2_000, cost=5), shop.pull(2, at=2_000))
    assert (again.new, again.unchanged, again.size) == (0, 2, first.size)
    assert again.seqs == first.seqs


def test_a_changed_object_is_a_new_version_and_the_old_one_stays(store, shop):
    shop.write(store, shop.pull(1, reviews=[("r1", "APPROVED")]))
    shop.write(store, shop.pull(1, at=2_000, reviews=[("r1", "DISMISSED")]))
    assert [review.state for review in queries.load(store, Review)] == ["DISMISSED"]
    assert [review.state for review in queries.load_versions(store, Review)] == [
        "APPROVED",
        "DISMISSED",
    ]
    assert [review.state for review in queries.load(store, Review, at=1)] == ["APPROVED"]


def test_an_object_that_changes_back_is_a_third_version(store, shop):
    for title in ("tea", "coffee", "tea"):
        shop.write(store, shop.pull(1, title))
    assert [pull.title for pull in queries.load_versions(store, PullRequest)] == [
        "tea",
        "coffee",
        "tea",
    ]


def test_another_query_starts_another_series_and_neither_repeats_itself(store, shop):
    shop.write(store, shop.pull(1))
    assert shop.write(store, shop.pull(1, series="q2")).new == 1
    assert shop.write(store, shop.pull(1)).new == 0
    assert shop.write(store, shop.pull(1, series="q2")).new == 0
    assert len(queries.load(store, PullRequest)) == 1


def test_an_object_twice_on_one_page_is_one_version(store, shop):
    result = shop.write(store, shop.pull(1), shop.pull(1), shop.pull(1, "coffee"))
    assert (result.new, result.unchanged, result.seqs) == (2, 1, (0, 0, 1))
    assert [pull.title for pull in queries.load(store, PullRequest)] == ["coffee"]


def test_a_ref_that_is_gone_is_not_current_but_stays_on_record(store, shop):
    shop.write(store, shop.refs("refs/heads/a 1", "refs/heads/b 2"), source="git")
    shop.write(store, shop.refs("refs/heads/b 2"), source="git")
    assert [tip.name for tip in queries.load(store, RefTip)] == ["refs/heads/b"]
    assert [tip.name for tip in queries.load(store, RefTip, at=1)] == [
        "refs/heads/a",
        "refs/heads/b",
    ]
    assert len(queries.load_versions(store, RefTip)) == 3


def test_the_current_views_say_what_load_says(store, shop):
    shop.write(store, shop.refs("refs/heads/a 1"), shop.pull(1, "coffee"), source="git")
    shop.write(store, shop.refs("refs/heads/b 2"), shop.pull(1, "tea"), source="git")
    with store.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM ref_tip_current").scalars().all()
        titles = (
            connection.exec_driver_sql("SELECT title FROM pull_request_current").scalars().all()
        )
    assert (names, titles) == (["refs/heads/b"], ["tea"])


def test_a_page_whose_facts_are_refused_leaves_nothing(store, shop):
    answer = GitAnswer(repository="shop", kind=QuestionKind.TREE, args=("a",), value="1")
    with pytest.raises(StoreError, match="comes from the mirror"):
        writer.write_page(
            store, "hub", "pulls", Page(captures=(shop.pull(1),)), [_said(answer)], run_id="r"
        )
    assert queries.size(store) == 0


def test_a_page_that_fails_in_the_middle_leaves_nothing(store, shop, monkeypatch):
    def fail(*_):
        raise StoreError("no more")

    monkeypatch.setattr(pages, "_move_cursor", fail)
    with pytest.raises(StoreError):
        shop.write(store, shop.pull(1), cursor="x")
    monkeypatch.undo()
    assert (
        queries.size(store),
        queries.load(store, PullRequest),
        queries.cursor(store, "hub", "pulls"),
    ) == (0, [], "")
    assert audit.audit(store).size == 0


def test_a_fact_that_does_not_fit_becomes_a_gap(store, shop):
    shop.write(store, shop.pull(1, changed_files=10**30, reviews=[("r1", "APPROVED")]))
    assert queries.load(store, PullRequest) == []
    assert len(queries.load(store, Review)) == 1
    [found] = queries.gaps(store)
    assert (found.gap.reason, found.gap.key, found.gap.repository) == (
        GapReason.MALFORMED,
        "1:1",
        "shop",
    )


def test_a_name_too_long_for_an_index_becomes_a_gap_on_both_databases(store, shop):
    name = random.Random(1).randbytes(4_000).hex()
    shop.write(store, shop.refs(f"refs/heads/{name} a", "refs/heads/main b"), source="git")
    assert [tip.name for tip in queries.load(store, RefTip)] == ["refs/heads/main"]
    assert [found.gap.reason for found in queries.gaps(store)] == [GapReason.MALFORMED]


def test_a_writer_that_came_in_between_is_noticed(store, shop, monkeypatch):
    prepare, intruders = pages._prepare, [shop.pull(1, "coffee")]

    def intrude(*args):
        if intruders:
            shop.write(store, intruders.pop())
        return prepare(*args)

    monkeypatch.setattr(pages, "_prepare", intrude)
    result = shop.write(store, shop.pull(1, "coffee"))
    assert (result.new, result.unchanged, queries.size(store)) == (0, 1, 1)


def test_one_parsed_belongs_to_each_capture(store, shop):
    with pytest.raises(ValueError, match="1 captures but 0 parsed"):
        writer.write_page(store, "hub", "pulls", Page(captures=(shop.pull(1),)), [], run_id="r")


def test_a_page_without_a_cursor_keeps_the_one_before_until_the_last_page(store, shop):
    shop.write(store, cursor="1")
    shop.write(store, shop.pull(1))
    assert [(row.value, row.complete) for row in queries.cursors(store)] == [("1", False)]
    shop.write(store, complete=True)
    assert [(row.value, row.complete, row.updated_at) for row in queries.cursors(store)] == [
        ("", True, 5_000)
    ]


def test_a_commit_never_comes_from_a_capture(store, shop):
    commit = Commit(
        repository="shop", sha="a", tree="t", parents=(), author_name="", author_email="", author_time=0,
        committer_name="", committer_email="", committer_time=0, message="",
    )  # fmt: skip
    with pytest.raises(StoreError):
        writer.write_page(
            store, "hub", "pulls", Page(captures=(shop.pull(1),)), [_said(commit)], run_id="r"
        )


def _said(*facts):
    class Said:
        gaps = ()

    Said.facts = facts
    return Said()
