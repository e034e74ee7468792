"""Answers of Git: read from the store where they stand, asked for where they do not.

An answer keyed by object ids holds for ever. One that says *not there* is asked again on the next
run, because the mirror may have it by then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidence.canonical import canonical_json
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind, RefTip
from evidence.store import queries, writer
from evidence.store.session import Store

Ask = Callable[[Sequence[GitQuestion]], list[GitAnswer]]
"""Has the mirrors answer; a question about a repository without mirror is left out."""

FINAL_PROBLEMS = frozenset({"too_large", "binary"})


def question_of(answer: GitAnswer) -> GitQuestion:
    """The question that an answer answers."""
    return GitQuestion(repository=answer.repository, kind=answer.kind, args=answer.args)


def lasting(answer: GitAnswer) -> bool:
    """Whether the answer will be the same on the next run."""
    if answer.problem:
        return answer.problem in FINAL_PROBLEMS
    if answer.kind is QuestionKind.RESOLVE:
        value = json.loads(answer.value)
        return bool(value.get("commits") or value.get("tags"))
    return True


@dataclass(slots=True, kw_only=True)
class AnswerBook:
    """The answers of one case. With `ask` None only stored answers are given."""

    store: Store
    at: int | None
    ask: Ask | None
    _asked: dict[GitQuestion, GitAnswer] = field(default_factory=dict)
    _observed: dict[str, int] = field(default_factory=dict)

    def stored(self, kinds: Iterable[QuestionKind]) -> dict[GitQuestion, GitAnswer]:
        """All stored answers of some kinds, as of the case's ledger size."""
        return {
            question_of(answer): answer
            for kind in kinds
            for answer in queries.load(self.store, GitAnswer, at=self.at, kind=kind)
            if self.ask is None or lasting(answer)
        }

    def answers(self, questions: Iterable[GitQuestion]) -> dict[GitQuestion, GitAnswer]:
        """Answers of those of the questions that can be answered, new ones stored."""
        wanted = set(questions)
        found = {question: self._asked[question] for question in wanted if question in self._asked}
        found |= self._paths(wanted - found.keys())
        found |= self._stored(wanted - found.keys())
        missing = wanted - found.keys()
        if missing and self.ask is not None:
            ordered = sorted(missing, key=lambda one: (one.repository, one.kind, one.args))
            fresh = [
                replace(answer, entry_seq=self._observation(answer.repository))
                for answer in self.ask(ordered)
            ]
            writer.write_answers(self.store, fresh)
            self._asked |= {question_of(answer): answer for answer in fresh if not lasting(answer)}
            found |= {question_of(answer): answer for answer in fresh}
        return found

    def paths(self, repository: str, shas: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Which files commits changed, where the mirror's pass over all commits has told it."""
        yield from queries.paths_of(self.store, repository, shas)

    def _paths(self, wanted: set[GitQuestion]) -> Mapping[GitQuestion, GitAnswer]:
        """Which files a commit changed, where the mirror's pass over all commits has told it."""
        shas: dict[str, list[str]] = defaultdict(list)
        for question in wanted:
            if question.kind is QuestionKind.CHANGED_PATHS:
                shas[question.repository].append(question.args[0])
        return {
            GitQuestion(repository=repository, kind=QuestionKind.CHANGED_PATHS, args=(sha,)): (
                GitAnswer(
                    repository=repository,
                    kind=QuestionKind.CHANGED_PATHS,
                    args=(sha,),
                    value=canonical_json(list(paths)).decode(),
                )
            )
            for repository, own in shas.items()
            for sha, paths in self.paths(repository, own)
        }

    def _stored(self, wanted: set[GitQuestion]) -> Mapping[GitQuestion, GitAnswer]:
        groups: dict[tuple[str, QuestionKind], list[tuple[str, ...]]] = defaultdict(list)
        for question in wanted:
            groups[question.repository, question.kind].append(question.args)
        return {
            question_of(answer): answer
            for (repository, kind), args in groups.items()
            for answer in queries.load_in(
                self.store, GitAnswer, "args", args, at=self.at, repository=repository, kind=kind
            )
            if self.ask is None or lasting(answer)
        }

    def _observation(self, repository: str) -> int:
        """The ledger entry of the refs that the mirror was last seen with."""
        if repository not in self._observed:
            seqs = queries.stream(self.store, RefTip, ("entry_seq",), repository=repository)
            self._observed[repository] = max((seq for (seq,) in seqs), default=0)
        return self._observed[repository]
