"""What Git answered is read exactly; what it did not answer is unknown, with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evidence.chain.answers import (
    MergeContent,
    ask,
    changed_paths,
    merge_content,
    merge_questions,
    net_diff_equal,
    net_diff_questions,
)
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import Change, ChangeKind, MergeMethod
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.pull_request import PullRequest

BASE, HEAD, LANDED, OLD = "b" * 40, "a" * 40, "c" * 40, "d" * 40
MERGE = ask("app", QuestionKind.MERGE_TREE, BASE, HEAD)
TREE = ask("app", QuestionKind.TREE, LANDED)
APPROVED = ask("app", QuestionKind.NET_DIFF, BASE, OLD)
MERGED = ask("app", QuestionKind.NET_DIFF, BASE, HEAD)


def chain(answers: dict[GitQuestion, Any], **fields: Any) -> Chain:
    values: dict[str, Any] = {
        "change_id": "app:pr:7",
        "kind": ChangeKind.PULL_REQUEST,
        "repository": "app",
        "number": 7,
        "commits": (LANDED,),
        "landing_sha": LANDED,
        "base_sha": BASE,
        "head_sha": HEAD,
        "merge_method": MergeMethod.SQUASH,
    }
    change = Change(**{**values, **fields})
    return Chain(evidence=ChangeEvidence(change=change, answers=stored(answers)), links=())


def stored(answers: dict[GitQuestion, Any]) -> dict[GitQuestion, GitAnswer]:
    return {
        question: GitAnswer(
            entry_seq=seq,
            repository=question.repository,
            kind=question.kind,
            args=question.args,
            value="" if isinstance(value, Problem) else json.dumps(value),
            problem=value if isinstance(value, Problem) else "",
        )
        for seq, (question, value) in enumerate(answers.items(), start=1)
    }


class Problem(str):
    """An answer that is none."""

    __slots__ = ()


def merged(
    trees: list[str], conflicted: list[str] | None = None, both: list[str] | None = None
) -> Any:
    return {"trees": trees, "conflicted": conflicted or [], "both_changed": both or []}


def difference(paths: list[str]) -> dict[GitQuestion, Any]:
    return {ask("app", QuestionKind.RANGE_DIFF, "t1", "t9"): {"digest": "x", "paths": paths}}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({MERGE: merged(["t1", "t2"]), TREE: "t2"}, MergeContent.EQUAL),
        ({MERGE: merged(["t1"]), TREE: "t9", **difference(["x"])}, MergeContent.DIFFERENT),
        ({MERGE: merged(["t1"]), TREE: "t9", **difference([])}, MergeContent.DIFFERENT),
        (
            {MERGE: merged(["t1"], both=["x"]), TREE: "t9", **difference(["x"])},
            MergeContent.NOT_REPRODUCIBLE,
        ),
        (
            {MERGE: merged(["t1"], both=["x"]), TREE: "t9", **difference(["x", "y"])},
            MergeContent.DIFFERENT,
        ),
        ({MERGE: merged([], ["x"]), TREE: "t9"}, MergeContent.NOT_REPRODUCIBLE),
        ({MERGE: merged(["t1"]), TREE: "t9"}, MergeContent.UNKNOWN),
        ({MERGE: merged(["t1"]), TREE: "t9", **difference([1])}, MergeContent.UNKNOWN),  # type: ignore[list-item]
        ({MERGE: Problem("tool_too_old"), TREE: "t9"}, MergeContent.UNKNOWN),
        ({MERGE: {"trees": "t1"}, TREE: "t9"}, MergeContent.UNKNOWN),
        ({MERGE: merged(["t1"]), TREE: 7}, MergeContent.UNKNOWN),
        ({TREE: "t9"}, MergeContent.UNKNOWN),
        ({}, MergeContent.UNKNOWN),
    ],
)
def test_a_landed_tree_is_compared_with_the_merge_that_git_makes(
    answers: dict[GitQuestion, Any], expected: MergeContent
) -> None:
    assert expected == merge_content(chain(answers)).outcome


def test_a_comparison_names_its_answers_and_says_what_was_missing() -> None:
    equal = merge_content(chain({MERGE: merged(["t1"]), TREE: "t1"}))
    assert ((1, 2), "the landed tree t1 is the clean merge") == (equal.entries, equal.detail)
    old = merge_content(chain({MERGE: Problem("tool_too_old"), TREE: "t1"}))
    assert old.detail.endswith(": tool_too_old")
    assert "was not asked" in merge_content(chain({})).detail


def test_many_files_are_named_by_the_first_of_them() -> None:
    answers = {MERGE: merged(["t1"]), TREE: "t9", **difference([f"f{n}" for n in range(9)])}
    assert merge_content(chain(answers)).detail.endswith("f0, f1, f2, f3, f4 and 4 more")


def test_a_change_that_did_not_land_has_no_merge_to_compare() -> None:
    one = chain({}, landing_sha="", commits=())
    assert MergeContent.UNKNOWN == merge_content(one).outcome
    assert () == merge_questions(one.evidence)


def diff(digest: str, base: str = "m1", paths: tuple[str, ...] = ("x",)) -> Any:
    return {"merge_base": base, "digest": digest, "paths": list(paths)}


MOVED = ask("app", QuestionKind.RANGE_DIFF, "m1", "m2")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({APPROVED: diff("1"), MERGED: diff("1")}, True),
        ({APPROVED: diff("1"), MERGED: diff("2")}, False),
        (
            {APPROVED: diff("1"), MERGED: diff("1", "m2"), MOVED: {"paths": ["y"]}},
            True,
        ),
        (
            {APPROVED: diff("1"), MERGED: diff("1", "m2"), MOVED: {"paths": ["y", "x"]}},
            False,
        ),
        ({APPROVED: diff("1"), MERGED: diff("1", "m2")}, None),
        ({APPROVED: diff("1"), MERGED: diff("1", "m2"), MOVED: {"paths": 1}}, None),
        ({APPROVED: diff("1"), MERGED: {"digest": "1"}}, None),
        ({APPROVED: Problem("missing_object"), MERGED: diff("1")}, None),
        ({MERGED: diff("1")}, None),
        ({}, None),
    ],
)
def test_an_approved_commit_is_compared_by_its_net_diff(
    answers: dict[GitQuestion, Any], expected: bool | None
) -> None:
    assert expected is net_diff_equal(chain(answers), OLD).equal


def test_the_merged_head_is_equal_to_itself_without_asking() -> None:
    one = chain({})
    assert net_diff_equal(one, HEAD).equal is True
    assert () == net_diff_questions(one.evidence, HEAD)


def test_an_approval_without_a_commit_cannot_be_compared() -> None:
    assert net_diff_equal(chain({}), "").equal is None


def test_malformed_json_is_no_answer() -> None:
    one = chain({})
    answer = GitAnswer(repository="app", kind=MERGED.kind, args=MERGED.args, value="{")
    evidence = ChangeEvidence(change=one.change, answers={MERGED: answer, APPROVED: answer})
    found = net_diff_equal(Chain(evidence=evidence, links=()), OLD)
    assert (None, True) == (found.equal, found.detail.endswith("malformed answer"))


def test_files_of_a_squash_are_those_of_its_commit() -> None:
    question = ask("app", QuestionKind.CHANGED_PATHS, LANDED)
    assert ("x", "y") == changed_paths(chain({question: ["x", "y"]}))
    assert changed_paths(chain({question: {"no": 1}})) is None


def test_files_of_a_rebase_are_those_of_all_its_commits() -> None:
    question = ask("app", QuestionKind.RANGE_DIFF, BASE, LANDED)
    one = chain({question: {"paths": ["x"]}}, merge_method=MergeMethod.REBASE)
    assert ("x",) == changed_paths(one)


def test_files_of_an_open_pull_request_are_those_of_its_net_diff() -> None:
    values = dict.fromkeys(PullRequest.__dataclass_fields__)
    pull = PullRequest(**{**values, "number": 7, "base_sha": BASE, "closing_issues": ()})  # type: ignore[arg-type]
    one = chain({}, landing_sha="", commits=(), base_sha="")
    evidence = ChangeEvidence(
        change=one.change, pull_request=pull, answers=stored({MERGED: diff("1")})
    )
    assert ("x",) == changed_paths(Chain(evidence=evidence, links=()))
    assert changed_paths(one) is None
