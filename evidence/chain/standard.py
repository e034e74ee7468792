"""What a change altered in each file, for rules about content: read from Git's answers.

Only changes that registered automation may have made are asked about. A file that was added,
deleted or is no text has no version to compare and fits no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.chain.answers import Answers, ask, member, paths_question, strings, value_of
from evidence.model.chain import ChangeEvidence
from evidence.model.git import GitQuestion, QuestionKind
from evidence.policy import Automation, Policy

FILES = 40
"""Files of a change beyond which its content is not compared."""
CONTENT = frozenset({"image-bump", "version-bump"})
"""Rules whose predicate reads files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """One file before and after a change; None where there is no text."""

    path: str
    before: str | None
    after: str | None


def candidates(evidence: ChangeEvidence, policy: Policy) -> tuple[Automation, ...]:
    """Automation with a rule that may have made the change, by account id.

    For a direct change whose pusher was not observed that is every one.
    """
    ruled = tuple(one for one in policy.automations if one.rule is not None)
    if not ruled:
        return ()
    accounts = pushed_by(evidence)
    if evidence.change.number:
        author = evidence.pull_request.author if evidence.pull_request else None
        accounts = frozenset({author.key}) if author else frozenset()
    elif not accounts:
        return ruled
    return tuple(one for one in ruled if accounts & set(one.accounts))


def pushed_by(evidence: ChangeEvidence) -> frozenset[str]:
    """Keys of the accounts that moved the branch to the change, as the forge recorded it.

    Empty where it recorded no movement, or one by nobody that it names (a deploy key).
    """
    ref, records = f"refs/heads/{evidence.change.branch}", evidence.landing
    moved = [one.actor for one in records.activity if one.ref == ref]
    moved = moved or [
        one.actor for one in records.suites if one.ref == ref and one.result != "fail"
    ]
    known = [actor.key for actor in moved if actor is not None]
    return frozenset(known) if len(known) == len(moved) else frozenset()


def content_questions(evidence: ChangeEvidence, policy: Policy) -> Iterator[GitQuestion]:
    """What must be asked to compare the files of a change that a rule may cover."""
    reading = any(one.rule and one.rule.diff in CONTENT for one in candidates(evidence, policy))
    paths = _paths(evidence) if reading else None
    if paths is None or len(paths) > FILES or not evidence.change.base_sha:
        return
    for path in paths:
        for question in _versions(evidence, path):
            yield question
            oid = _oid(evidence.answers, question)
            if oid:
                yield ask(question.repository, QuestionKind.BLOB, oid)


def file_pairs(evidence: ChangeEvidence) -> tuple[FilePair, ...] | None:
    """Each changed file before and after; None where Git did not say, or they are too many."""
    paths = _paths(evidence)
    if paths is None or len(paths) > FILES or not evidence.change.base_sha:
        return None
    found: list[FilePair] = []
    for path in paths:
        texts: list[str | None] = []
        for question in _versions(evidence, path):
            oid = _oid(evidence.answers, question)
            if oid is None:
                return None
            value = value_of(evidence.answers, ask(question.repository, QuestionKind.BLOB, oid))
            if oid and value is None:
                return None
            text = member(value, "text")
            texts.append(text if isinstance(text, str) else None)
        found.append(FilePair(path=path, before=texts[0], after=texts[1]))
    return tuple(found)


def _paths(evidence: ChangeEvidence) -> tuple[str, ...] | None:
    question = paths_question(evidence)
    value = value_of(evidence.answers, question) if question else None
    listed = value if isinstance(value, list) else member(value, "paths")
    return strings(listed)


def _versions(evidence: ChangeEvidence, path: str) -> tuple[GitQuestion, GitQuestion]:
    change = evidence.change
    return (
        ask(change.repository, QuestionKind.FILE, change.base_sha, path),
        ask(change.repository, QuestionKind.FILE, change.landing_sha, path),
    )


def _oid(answers: Answers, question: GitQuestion) -> str | None:
    """The blob of a file; empty where it is not there, None where Git was not asked."""
    rows = value_of(answers, question)
    if not isinstance(rows, list):
        return None
    own = [row for row in rows if strings(row) is not None and len(row) == 2]
    return str(own[0][1]) if own else ""
