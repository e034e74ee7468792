"""Answers the questions that pure rules ask of a repository, in batches.

However many questions there are, a batch starts a handful of processes. Every answer is a
function of object names alone, but for `resolve`, which also reads the tags of the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evidence.collectors.git import changes, content, owners, submodules
from evidence.collectors.git.answers import (
    BAD_QUESTION,
    MISSING,
    OTHER_REPOSITORY,
    Answer,
    Args,
    Reading,
)
from evidence.collectors.git.objects import Objects
from evidence.collectors.git.tool import GitTool
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind

ANSWERERS: Mapping[
    QuestionKind, tuple[int, Callable[[Reading, Sequence[Args]], Sequence[Answer]]]
] = {
    QuestionKind.MERGE_TREE: (2, changes.merge_tree),
    QuestionKind.NET_DIFF: (2, changes.net_diff),
    QuestionKind.RANGE_DIFF: (2, changes.range_diff),
    QuestionKind.TREE: (1, content.tree),
    QuestionKind.RESOLVE: (1, content.resolve),
    QuestionKind.ENTRIES: (2, content.entries),
    QuestionKind.FILE: (2, content.file),
    QuestionKind.BLOB: (1, content.blob),
    QuestionKind.MESSAGE: (1, content.message),
    QuestionKind.CODEOWNERS: (1, owners.codeowners),
    QuestionKind.CHANGED_PATHS: (1, changes.changed_paths),
    QuestionKind.SUBMODULES: (2, submodules.submodules),
}
"""Each kind with its number of arguments and the function that answers many of it, in order."""


def answer_all(
    tool: GitTool,
    repository: str,
    questions: Sequence[GitQuestion],
    git_version: tuple[int, ...],
) -> list[GitAnswer]:
    """One answer per question, in order; `entry_seq` and `observed_at` are left to the store."""
    known: dict[tuple[QuestionKind, Args], Answer] = {}
    with Objects(tool) as objects:
        reading = Reading(tool=tool, objects=objects, git_version=git_version)
        for kind, (count, answerer) in ANSWERERS.items():
            asked = dict.fromkeys(
                question.args
                for question in questions
                if question.kind is kind and question.repository == repository
            )
            usable = [args for args in asked if len(args) == count]
            known.update(((kind, args), BAD_QUESTION) for args in asked)
            if usable:
                answers = answerer(reading, usable)
                known.update(zip(((kind, args) for args in usable), answers, strict=True))
    return [
        _answer(question, known[question.kind, question.args])
        if question.repository == repository
        else _answer(question, OTHER_REPOSITORY)
        for question in questions
    ]


def unread(questions: Sequence[GitQuestion]) -> list[GitAnswer]:
    """What is answered where there is no mirror yet."""
    return [_answer(question, MISSING) for question in questions]


def _answer(question: GitQuestion, found: Answer) -> GitAnswer:
    return GitAnswer(
        repository=question.repository,
        kind=question.kind,
        args=question.args,
        value=found.value,
        problem=found.problem,
    )
