"""Later pull requests that hold commits of a change."""

from __future__ import annotations

from dataclasses import replace

from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, ChangeKind
from evidence.model.pull_request import PullRequest, PullRequestCommit, Review
from evidence.store import facts as fact_tables
from evidence.store import ledger, rows
from evidence.store.envelope import seal_body
from evidence.store.follow_ups import with_follow_ups

PULL = PullRequest(
    repository="shop",
    number=9,
    node_id="PR_9",
    url="",
    title="Bring it to 1.2",
    body="",
    state="MERGED",
    author=None,
    created_at=1,
    updated_at=2,
    merged_at=2,
    closed_at=2,
    merged_by=None,
    base_ref="release/1.2",
    base_sha="b",
    head_ref="topic",
    head_sha="n1",
    head_repository="",
    merge_sha="n2",
)
REVIEW = Review(
    repository="shop",
    number=9,
    review_id="r1",
    author=None,
    state="APPROVED",
    submitted_at=2,
    commit_sha="n1",
    can_push=True,
    association="MEMBER",
    body="",
)
ROW = PullRequestCommit(
    repository="shop",
    number=9,
    sha="m1",
    position=0,
    author=None,
    committer=None,
    author_email="",
    committer_email="",
    authored_at=0,
    committed_at=0,
    via_web=False,
    signature_valid=None,
    signed_by_source=None,
)
HOTFIX = ChangeEvidence(
    change=Change(
        change_id="shop:pr:7",
        kind=ChangeKind.PULL_REQUEST,
        repository="shop",
        number=7,
        commits=("m1",),
        landing_sha="m1",
    )
)


def stored(store, *found):
    """Stores facts, an entry each; the size of the ledger before the last one."""
    with store.write() as connection:
        sealed = [seal_body("step", {"kind": type(one).__name__}) for one in found]
        first = ledger.append(connection, sealed)
        rows.insert(
            connection,
            [
                (seq, seq, {type(one): [(0, *fact_tables.row_of(one))]})
                for seq, one in enumerate(found, start=first)
            ],
        )
    return first + len(found) - 1


def gathered(store, at=None):
    return with_follow_ups(store, "shop", {"shop:pr:7": HOTFIX}, at)["shop:pr:7"]


def test_another_pull_request_that_lists_the_commit_is_a_follow_up_with_its_reviews(store):
    stored(store, PULL, ROW, REVIEW)
    (one,) = gathered(store).follow_ups

    assert (one.pull_request.number, one.reviews[0].review_id) == (9, "r1")
    assert [row.sha for row in one.pull_request_commits] == ["m1"]


def test_its_own_pull_request_other_commits_and_other_repositories_are_none(store):
    stored(
        store,
        replace(PULL, number=7),
        replace(ROW, number=7),
        replace(PULL, number=8),
        replace(ROW, number=8, sha="m2"),
        replace(PULL, repository="till"),
        replace(ROW, repository="till"),
    )
    assert gathered(store).follow_ups == ()


def test_at_an_earlier_size_of_the_ledger_there_are_the_reviews_of_then(store):
    size = stored(store, PULL, ROW, REVIEW)
    (then,) = gathered(store, at=size).follow_ups
    (now,) = gathered(store).follow_ups

    assert (len(then.reviews), len(now.reviews)) == (0, 1)
