"""Has Git tell a population what it needs, in as little memory as it takes.

What an operation is read from leads from question to question: those are asked before anything is
built on the answers. The files of commits, of which there are most, are kept without a record each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evidence.chain.population import Population, build_population, open_questions
from evidence.chain.records import PopulationInputs
from evidence.deciding.answers import AnswerBook, lasting
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.policy import Policy

ROUNDS = 20
"""How often answers may lead to further questions: entries, nested bases, blobs, tags, paths. It
stops by itself; a real repository took seven."""


@dataclass(slots=True, kw_only=True)
class Settling:
    """A population on its way to its last question."""

    policy: Policy
    inputs: PopulationInputs
    book: AnswerBook
    answers: dict[GitQuestion, GitAnswer]
    changed: dict[str, dict[str, tuple[str, ...]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Repository -> commit -> files that it changed, as far as they were asked for."""
    passing: set[GitQuestion] = field(default_factory=set)
    """Questions that were answered, and may be answered otherwise next time."""

    same: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Lists of files, each once: bots change the same ones again and again."""

    def population(self) -> Population:
        """Built until no question is new."""
        for _ in range(ROUNDS):
            if not self._learn(open_questions(self.policy, self._told())):
                break
        for _ in range(ROUNDS):
            found = build_population(self.policy, self._told())
            questions = found.questions - self.answers.keys()
            if not questions:
                return found
            del found  # before the next one is built: two of them need not fit into memory
            if not self._learn(questions):
                break
        return build_population(self.policy, self._told())

    def _told(self) -> PopulationInputs:
        return replace(self.inputs, answers=self.answers, changed=self.changed)

    def _learn(self, questions: Iterable[GitQuestion]) -> bool:
        """Whether any of the questions was answered that was not answered before."""
        wanted = {one for one in questions if one not in self.answers}
        paths = [one for one in wanted if one.kind is QuestionKind.CHANGED_PATHS]
        known = self._paths(paths)
        fresh = self.book.answers(wanted - known)
        self.answers |= fresh
        self.passing |= {question for question, one in fresh.items() if not lasting(one)}
        return bool(known or fresh)

    def _paths(self, questions: Iterable[GitQuestion]) -> set[GitQuestion]:
        """Reads the files of commits from the store; gives the questions that it answers."""
        asked: dict[str, dict[str, GitQuestion]] = defaultdict(dict)
        for one in questions:
            asked[one.repository][one.args[0]] = one
        found: set[GitQuestion] = set()
        for repository, own in asked.items():
            changed = self.changed[repository]
            for sha, paths in self.book.paths(repository, own):
                question = own[sha]
                changed[question.args[0]] = self.same.setdefault(paths, paths)
                found.add(question)
        return found
