"""A case: which ledger, by which policy, as of when; and what it shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from evidence.chain.chains import build_chain
from evidence.chain.handover import Passing
from evidence.chain.population import Population
from evidence.chain.records import PopulationInputs
from evidence.deciding.accounts import Accounts
from evidence.deciding.answers import AnswerBook, Ask
from evidence.deciding.beyond import FORCED, unlisted
from evidence.deciding.brought import Landings, stored_changes
from evidence.deciding.gather import BATCH, gather
from evidence.deciding.inputs import load_inputs
from evidence.deciding.landings import Forge
from evidence.deciding.precedents import Precedents, rests_on_others
from evidence.deciding.promoted import Promoting
from evidence.deciding.records import NearForge
from evidence.deciding.returned import returns_of
from evidence.deciding.settling import Settling
from evidence.model.capture import Gap
from evidence.model.chain import Chain
from evidence.model.change import Change
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.pull_request import PullRequestEvent
from evidence.policy import Policy
from evidence.store.session import Store
from evidence.store.surroundings import Surroundings
from evidence.store.trackers import forge_reads, tracker_reads

__all__ = ["Ask", "Case"]

FEW = 500
"""Changes for which the forge's records are read one by one; for more of them all at once."""
POPULATION_KINDS = (
    QuestionKind.ENTRIES,
    QuestionKind.BLOB,
    QuestionKind.RESOLVE,
    QuestionKind.RANGE_DIFF,
    QuestionKind.CHANGED_PATHS,
    QuestionKind.MESSAGE,
    QuestionKind.SUBMODULES,
)


@dataclass(slots=True, kw_only=True)
class Case:
    """Everything of one decision. With `ask` None nothing is asked of Git and nothing written."""

    store: Store
    policy: Policy
    as_of: int
    """Microseconds UTC: later events are shown and do not decide."""
    at: int | None = None
    """Ledger size decided on; None: all."""
    ask: Ask | None = None
    _population: Population | None = field(default=None, init=False)
    _inputs: PopulationInputs | None = field(default=None, init=False)
    _book: AnswerBook | None = field(default=None, init=False)
    _forge: Forge | None = field(default=None, init=False)
    _landings: Landings | None = field(default=None, init=False)
    _passing: tuple[Passing, ...] = field(default=(), init=False)
    _narrow: bool = field(default=False, init=False)
    _reads: Mapping[str, int] | None = field(default=None, init=False)

    def narrowed(self, inputs: PopulationInputs, population: Population | None = None) -> Case:
        """The same case on less: built from `inputs` alone, or holding a population given."""
        case = Case(
            store=self.store, policy=self.policy, as_of=self.as_of, at=self.at, ask=self.ask
        )
        case._inputs, case._population, case._narrow = inputs, population, True
        return case

    @property
    def is_narrow(self) -> bool:
        """Whether it holds only what some changes and deployments need."""
        return self._narrow

    @property
    def passing(self) -> tuple[Passing, ...]:
        """What the population was told by Git and may be told otherwise next time, in order."""
        self.population  # noqa: B018 - that it is built is what fills it
        return self._passing

    def asked_again(self, known: Iterable[Passing]) -> tuple[Passing, ...]:
        """What Git says now to questions of an earlier case, in order."""
        questions = [
            GitQuestion(repository=one.repository, kind=QuestionKind(one.kind), args=one.args)
            for one in known
        ]
        answers = self.book.answers(questions) if questions else {}
        return _passing(questions, answers)

    @property
    def book(self) -> AnswerBook:
        """The answers of Git in this case."""
        if self._book is None:
            self._book = AnswerBook(store=self.store, at=self.at, ask=self.ask)
        return self._book

    @property
    def inputs(self) -> PopulationInputs:
        """What the population is built from, read once."""
        if self._inputs is None:
            self._inputs = load_inputs(self.store, self.policy, self.at)
        return self._inputs

    @property
    def forge(self) -> Forge:
        """Settings and records of the repositories, each read once."""
        if self._forge is None:
            few = self._narrow and len(self.population.changes) <= FEW
            self._forge = (NearForge if few else Forge)(
                store=self.store,
                policy=self.policy,
                at=self.at,
                graphs=self.inputs.graphs,
                gaps=self.gaps(),
            )
        return self._forge

    @property
    def landings(self) -> Landings:
        """How changes landed, each judged once."""
        if self._landings is None:
            self._landings = Landings(
                policy=self.policy,
                as_of=self.as_of,
                chains=self.chains,
                changes=lambda: self.population.changes,
                stored=lambda ids: stored_changes(self.store, ids),
            )
        return self._landings

    @property
    def population(self) -> Population:
        """Changes and deployments, built until no question to Git is new."""
        if self._population is None:
            self._population = self._settle()
        return self._population

    def chains(self, changes: Iterable[Change]) -> Iterator[Chain]:
        """The chains of changes, in order, a batch in memory at a time."""
        earlier = None
        if rests_on_others(self.policy):
            earlier = Precedents(
                policy=self.policy,
                as_of=self.as_of,
                population=self.population,
                promoting=Promoting(policy=self.policy, inputs=self.inputs),
                book=self.book,
                plain=self._chains,
            )
        yield from self._chains(changes, earlier)

    def _chains(
        self, changes: Iterable[Change], earlier: Precedents | None = None
    ) -> Iterator[Chain]:
        around = self._surroundings()
        rest = iter(changes)
        others = self.population.others
        while batch := list(islice(rest, BATCH)):
            for plain in gather(self.store, self.policy, batch, around, self.book, self.at):
                one = earlier.told(plain) if earlier else plain
                chain = build_chain(one, self.policy)
                more = others.get(one.change.change_id, ())
                yield replace(chain, links=(*chain.links, *more)) if more else chain

    def gaps(self) -> Mapping[str, tuple[Gap, ...]]:
        """Open gaps by repository; "" holds those that concern none."""
        found: dict[str, list[Gap]] = defaultdict(list)
        for gap in self.inputs.gaps:
            found[gap.repository].append(gap)
        return {repository: tuple(gaps) for repository, gaps in found.items()}

    def _settle(self) -> Population:
        answers = {} if self._narrow else dict(self.book.stored(POPULATION_KINDS))
        settling = Settling(policy=self.policy, inputs=self.inputs, book=self.book, answers=answers)
        population = settling.population()
        self._passing = _passing(settling.passing | population.questions, settling.answers)
        return population

    def _unlisted(
        self, change: Change, events: Iterable[PullRequestEvent], /, *, cut: bool
    ) -> set[str]:
        events = list(events)
        if not cut and not any(one.kind == FORCED for one in events):
            return set()
        return unlisted(change, events, self.inputs.graphs.get(change.repository), cut=cut)

    def _read_to(self, repository: str, /) -> int:
        """Up to when the forge of a repository was read whole, microseconds UTC."""
        if self._reads is None:
            self._reads = forge_reads(
                self.store, {one.forge for one in self.policy.repositories} - {""}, at=self.at
            )
        forges = [one.forge for one in self.policy.repositories if one.id == repository]
        return min((self._reads.get(one, 0) for one in forges), default=0)

    def _surroundings(self) -> Surroundings:
        gaps, forge = self.gaps(), self.forge
        return Surroundings(
            deployments={one.deployment_id: one for one in self.population.deployments},
            asked={
                repository: frozenset(commits)
                for repository, commits in self.inputs.associations.items()
            },
            gaps=gaps,
            identities=Accounts(store=self.store, at=self.at).of,
            settings=forge.settings,
            landing=forge.landing,
            pushes=forge.pushes,
            lost=forge.lost,
            returns=returns_of(self.population.deployments),
            trackers=tracker_reads(self.store, at=self.at),
            read_to=self._read_to,
            unlisted=self._unlisted,
        )


def _passing(
    questions: Iterable[GitQuestion], answers: Mapping[GitQuestion, GitAnswer]
) -> tuple[Passing, ...]:
    """Questions with their answers, in order; one that nobody answered says so."""
    found = []
    for one in questions:
        answer = answers.get(one)
        found.append(
            Passing(
                repository=one.repository,
                kind=one.kind,
                args=one.args,
                value=answer.value if answer else "",
                problem=answer.problem if answer else "unanswered",
            )
        )
    return in_order(found)


def in_order(found: Iterable[Passing]) -> tuple[Passing, ...]:
    """By question."""
    return tuple(sorted(found, key=lambda one: (one.repository, one.kind, one.args)))
