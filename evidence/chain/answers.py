"""What Git answered about one chain: pure accessors that attributes and links read.

The questions are asked by `evidence.chain.chains.chain_questions`. An answer that is missing,
carries a problem or is malformed gives `unknown` or None with the reason in words, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import MergeMethod
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind

Answers = Mapping[GitQuestion, GitAnswer]


class MergeContent(StrEnum):
    """How the landed tree stands to the merge that Git itself makes of base and head."""

    EQUAL = "equal"
    DIFFERENT = "different"
    """Content that neither side holds was added while merging."""
    NOT_REPRODUCIBLE = "not_reproducible"
    """A conflict, or a difference only in files that both sides changed: decides nothing."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeContentAnswer:
    """The comparison of a landed tree with the clean merge of its two sides."""

    outcome: MergeContent
    detail: str
    entries: tuple[int, ...] = ()
    """Ledger entries of the answers used, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetDiffAnswer:
    """Whether an approved commit holds the same reviewable content as the merged head."""

    equal: bool | None
    """None where either side could not be read."""
    detail: str
    entries: tuple[int, ...] = ()


def ask(repository: str, kind: QuestionKind, *args: str) -> GitQuestion:
    """The question as a value."""
    return GitQuestion(repository=repository, kind=kind, args=args)


def value_of(answers: Answers, question: GitQuestion) -> Any:
    """The parsed answer, or None where it is missing, has a problem or is not JSON."""
    answer = answers.get(question)
    if answer is None or answer.problem or not answer.value:
        return None
    try:
        return json.loads(answer.value)
    except (ValueError, RecursionError):
        return None


def strings(value: Any) -> tuple[str, ...] | None:
    """A JSON list of strings as a tuple; None where it is anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(value)


def member(value: Any, name: str) -> Any:
    """One member of a JSON object; None where it is absent or `value` is not an object."""
    return value.get(name) if isinstance(value, dict) else None


def why_missing(answers: Answers, question: GitQuestion) -> str:
    """Why a question has no usable answer, in words."""
    what = f"{question.kind.value}({', '.join(arg[:12] for arg in question.args)})"
    answer = answers.get(question)
    if answer is None:
        return f"Git was not asked {what} yet"
    return f"Git could not answer {what}: {answer.problem or 'malformed answer'}"


def entries_of(answers: Answers, *questions: GitQuestion) -> tuple[int, ...]:
    """Ledger entries behind the answers to these questions, ascending, without duplicates."""
    found = (answers.get(question) for question in questions)
    return tuple(sorted({answer.entry_seq for answer in found if answer and answer.entry_seq}))


def merge_questions(evidence: ChangeEvidence) -> tuple[GitQuestion, ...]:
    """The two questions whose answers show what was added while merging; () where not merged.

    A third, the difference of the two trees, is asked once these are answered and differ.
    """
    change = evidence.change
    if not (change.base_sha and change.head_sha and change.landing_sha) or change.number == 0:
        return ()
    merge = ask(change.repository, QuestionKind.MERGE_TREE, change.base_sha, change.head_sha)
    tree = ask(change.repository, QuestionKind.TREE, change.landing_sha)
    difference = _difference(evidence.answers, merge, tree)
    return (merge, tree, difference) if difference else (merge, tree)


def _difference(answers: Answers, merge: GitQuestion, tree: GitQuestion) -> GitQuestion | None:
    made = value_of(answers, merge)
    trees = strings(member(made, "trees"))
    landed = value_of(answers, tree)
    if not trees or not isinstance(landed, str) or landed in trees:
        return None
    return ask(merge.repository, QuestionKind.RANGE_DIFF, trees[0], landed)


def merge_content(chain: Chain) -> MergeContentAnswer:
    """Compares the landed tree with `git merge-tree` of base and head (controls.md 3.3).

    Any equality, with rename detection on or off, is a match. A difference only in files that
    both sides changed, or a conflict, is `not_reproducible`; any other difference `different`.
    """
    answers = chain.evidence.answers
    questions = merge_questions(chain.evidence)
    if not questions:
        return MergeContentAnswer(
            outcome=MergeContent.UNKNOWN, detail="base, head or landed commit is not known"
        )
    for question in questions:
        if value_of(answers, question) is None:
            return MergeContentAnswer(
                outcome=MergeContent.UNKNOWN, detail=why_missing(answers, question)
            )
    outcome, detail = _compare_trees(answers, questions)
    return MergeContentAnswer(
        outcome=outcome, detail=detail, entries=entries_of(answers, *questions)
    )


def _compare_trees(
    answers: Answers, questions: tuple[GitQuestion, ...]
) -> tuple[MergeContent, str]:
    made, landed = value_of(answers, questions[0]), value_of(answers, questions[1])
    trees = strings(member(made, "trees"))
    conflicted = strings(member(made, "conflicted"))
    both = strings(member(made, "both_changed"))
    if trees is None or conflicted is None or both is None or not isinstance(landed, str):
        return MergeContent.UNKNOWN, "the answer of Git is malformed"
    if landed in trees:
        return MergeContent.EQUAL, f"the landed tree {landed[:12]} is the clean merge"
    if not trees:
        return MergeContent.NOT_REPRODUCIBLE, _some("base and head conflict in", conflicted)
    paths = strings(member(value_of(answers, questions[2]), "paths"))
    if paths is None:
        return MergeContent.UNKNOWN, "the answer of Git is malformed"
    outside = sorted(set(paths) - set(both) - set(conflicted))
    if outside or not paths:
        return MergeContent.DIFFERENT, _some("the landed tree differs from the merge in", outside)
    return MergeContent.NOT_REPRODUCIBLE, _some("both sides changed", sorted(paths))


def _some(lead: str, paths: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return f"{lead} {', '.join(paths[:5]) or 'no named file'}{more}"


def net_diff_questions(evidence: ChangeEvidence, approved_sha: str) -> tuple[GitQuestion, ...]:
    """What compares an approved commit with the merged head; () where they are one commit.

    Where the merge bases differ a third question follows once both diffs are known: what the
    base branch changed between them.
    """
    change = evidence.change
    base = change.base_sha or _pull_request_base(evidence)
    if not (base and change.head_sha and approved_sha) or approved_sha == change.head_sha:
        return ()
    approved = ask(change.repository, QuestionKind.NET_DIFF, base, approved_sha)
    head = ask(change.repository, QuestionKind.NET_DIFF, base, change.head_sha)
    old = member(value_of(evidence.answers, approved), "merge_base")
    new = member(value_of(evidence.answers, head), "merge_base")
    if not (isinstance(old, str) and isinstance(new, str)) or old == new:
        return (approved, head)
    return (approved, head, ask(change.repository, QuestionKind.RANGE_DIFF, old, new))


def _pull_request_base(evidence: ChangeEvidence) -> str:
    return evidence.pull_request.base_sha if evidence.pull_request else ""


def net_diff_equal(chain: Chain, approved_sha: str) -> NetDiffAnswer:
    """Whether the approved commit's net diff is that of the merged head (controls.md 3.3).

    True for the same commit; True where both diffs against their merge bases are equal and the
    base branch did not touch the same files in between; None where either cannot be read.
    """
    change, answers = chain.change, chain.evidence.answers
    if approved_sha and approved_sha == change.head_sha:
        return NetDiffAnswer(equal=True, detail="the approved commit is the merged head")
    questions = net_diff_questions(chain.evidence, approved_sha)
    if not questions:
        return NetDiffAnswer(equal=None, detail="base, head or approved commit is not known")
    for question in questions:
        if value_of(answers, question) is None:
            return NetDiffAnswer(equal=None, detail=why_missing(answers, question))
    equal, detail = _compare_diffs(answers, questions)
    return NetDiffAnswer(equal=equal, detail=detail, entries=entries_of(answers, *questions))


def _compare_diffs(answers: Answers, questions: tuple[GitQuestion, ...]) -> tuple[bool | None, str]:
    approved, head = value_of(answers, questions[0]), value_of(answers, questions[1])
    digests = (member(approved, "digest"), member(head, "digest"))
    paths = strings(member(head, "paths"))
    if not all(isinstance(digest, str) and digest for digest in digests) or paths is None:
        return None, "the answer of Git is malformed"
    if digests[0] != digests[1]:
        return False, "the net diff changed after the approved commit"
    if len(questions) == 2:
        return True, "the net diffs are equal on the same merge base"
    moved = strings(member(value_of(answers, questions[2]), "paths"))
    if moved is None:
        return None, "the answer of Git is malformed"
    shared = sorted(set(moved) & set(paths))
    if shared:
        return False, _some("the base branch changed the same files in between:", shared)
    return True, "the net diffs are equal and the base branch touched other files only"


def paths_question(evidence: ChangeEvidence) -> GitQuestion | None:
    """The one question whose answer lists the files a change touched; None where none can."""
    change = evidence.change
    if change.landing_sha and (change.merge_method != MergeMethod.REBASE or not change.base_sha):
        return ask(change.repository, QuestionKind.CHANGED_PATHS, change.landing_sha)
    if change.landing_sha:
        base, landing = change.base_sha, change.landing_sha
        return ask(change.repository, QuestionKind.RANGE_DIFF, base, landing)
    base = _pull_request_base(evidence)
    if base and change.head_sha:
        return ask(change.repository, QuestionKind.NET_DIFF, base, change.head_sha)
    return None


def changed_paths(chain: Chain) -> tuple[str, ...] | None:
    """Files that the change altered on its branch; None where Git could not say."""
    question = paths_question(chain.evidence)
    if question is None:
        return None
    value = value_of(chain.evidence.answers, question)
    if question.kind == QuestionKind.CHANGED_PATHS:
        return strings(value)
    return strings(member(value, "paths"))
