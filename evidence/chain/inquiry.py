"""Asking Git from pure code: answers that are there are read, the others become questions.

A rule calls an `Inquiry` as if Git were at hand. What it cannot be told yet comes back as None and
is remembered; the caller has those questions answered and runs the rule again until none is new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from sys import intern
from typing import Any

from evidence.chain.answers import Answers, ask, member, strings, value_of
from evidence.model.git import GitQuestion, QuestionKind

_NAME = re.compile(r"^[^\x00-\x20\x7f]{1,255}$")
"""What may be the name of a tag or commit; longer or with blanks it is not worth a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a tree."""

    mode: str
    oid: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a text names in a repository."""

    commits: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """(ref name, commit), sorted."""
    made: int = 0
    """Microseconds UTC that the youngest of those tags claims to be of; 0 where none says so."""


class Inquiry:
    """One run's questions: reads the given answers and collects what is still unknown."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.questions: set[GitQuestion] = set()

    def value(self, question: GitQuestion) -> Any:
        """The parsed answer; None where it is unanswered, has a problem or is malformed.

        It is parsed anew each time: kept, the answers of a long history would fill the memory.
        """
        if question not in self._answers:
            self.questions.add(question)
            return None
        return value_of(self._answers, question)

    def unresolved(self, repository: str, text: str) -> bool:
        """Whether what a text names was never answered: it will be, so nothing is decided yet."""
        question = ask(repository, QuestionKind.RESOLVE, text)
        return bool(_NAME.match(text)) and question not in self._answers

    def entries(self, repository: str, commit: str, directory: str) -> list[Entry] | None:
        """All files below a directory at a commit; [] where the directory is not there."""
        value = self.value(ask(repository, QuestionKind.ENTRIES, commit, directory))
        if not isinstance(value, list):
            return None
        rows = [row for row in value if strings(row) is not None and len(row) == 3]
        return [Entry(mode=mode, oid=oid, path=path) for mode, oid, path in rows]

    def expect_entries(self, repository: str, commit: str, directory: str) -> None:
        """Asks for them where nobody did; their answer is not read yet."""
        question = ask(repository, QuestionKind.ENTRIES, commit, directory)
        if question not in self._answers:
            self.questions.add(question)

    def text(self, repository: str, oid: str) -> str | None:
        """A blob's text; None where it is unknown, binary or too large."""
        text = member(self.value(ask(repository, QuestionKind.BLOB, oid)), "text")
        return text if isinstance(text, str) else None

    def resolve(self, repository: str, text: str) -> Resolved | None:
        """The commits and tags that a text names; nothing where it cannot be a name at all."""
        if not _NAME.match(text):
            return Resolved()
        value = self.value(ask(repository, QuestionKind.RESOLVE, text))
        commits, tags = strings(member(value, "commits")), member(value, "tags")
        if commits is None or not isinstance(tags, dict):
            return None
        named = sorted((ref, sha) for ref, sha in tags.items() if isinstance(sha, str))
        made = member(value, "made")
        seconds = [at for at in made.values() if type(at) is int] if isinstance(made, dict) else []
        return Resolved(
            commits=tuple([intern(commit) for commit in sorted(set(commits))]),
            tags=tuple(named),
            made=max(seconds, default=0) * 1_000_000,
        )

    def message(self, repository: str, commit: str) -> str | None:
        """A commit's message; None where it is unknown or too large."""
        text = member(self.value(ask(repository, QuestionKind.MESSAGE, commit)), "text")
        return text if isinstance(text, str) else None

    def changed(self, repository: str, commit: str) -> tuple[str, ...] | None:
        """Files a commit changed against its first parent."""
        return strings(self.value(ask(repository, QuestionKind.CHANGED_PATHS, commit)))
