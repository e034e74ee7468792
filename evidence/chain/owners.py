"""The CODEOWNERS file that was in force for a change: that of its base branch at merge."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.chain.answers import ask, entries_of, member, value_of, why_missing
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.git import GitQuestion, QuestionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersFile:
    """What was in force. `path` is empty where the base had no such file."""

    path: str = ""
    text: str = ""
    entries: tuple[int, ...] = ()
    """Ledger entries of the answers used, ascending."""
    problem: str = ""
    """Why it could not be read, in words; empty where it was."""


def owners_questions(evidence: ChangeEvidence) -> tuple[GitQuestion, ...]:
    """Which file was in force, and, once that is known, its text; () without a base."""
    base = evidence.change.base_sha
    if not base:
        return ()
    repository = evidence.change.repository
    which = ask(repository, QuestionKind.CODEOWNERS, base)
    oid = member(value_of(evidence.answers, which), "oid")
    if not isinstance(oid, str) or not oid:
        return (which,)
    return (which, ask(repository, QuestionKind.BLOB, oid))


def owners_file(chain: Chain) -> OwnersFile:
    """The file as Git answered; with `problem` where it could not be read whole."""
    questions = owners_questions(chain.evidence)
    answers = chain.evidence.answers
    if not questions:
        return OwnersFile(problem="what the branch was before it is not known")
    path = member(value_of(answers, questions[0]), "path")
    if not isinstance(path, str):
        return OwnersFile(problem=why_missing(answers, questions[0]))
    entries = entries_of(answers, *questions)
    if not path:
        return OwnersFile(entries=entries)
    text = member(value_of(answers, questions[-1]), "text")
    if len(questions) == 1 or not isinstance(text, str):
        return OwnersFile(path=path, problem=why_missing(answers, questions[-1]))
    return OwnersFile(path=path, text=text, entries=entries)
