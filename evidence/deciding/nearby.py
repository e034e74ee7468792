"""The case of an increment: what the chains of some changes need, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from evidence.chain.graph import CommitGraph
from evidence.chain.records import Population, PopulationInputs, Reconciliation
from evidence.deciding.brought import changes_in
from evidence.deciding.case import Case
from evidence.deciding.inputs import graph_of
from evidence.deciding.touching import Stored
from evidence.model.change import Change
from evidence.model.production import ProductionDeployment
from evidence.model.pull_request import CommitPullRequests
from evidence.store import queries
from evidence.store.session import Store


class StoredGraphs(Mapping[str, CommitGraph]):
    """The graphs of the repositories, each read when it is asked for."""

    def __init__(self, store: Store, repositories: Iterable[str]) -> None:
        self._repositories = list(repositories)
        self._read = cache(lambda repository: graph_of(store, repository))

    def __getitem__(self, repository: str) -> CommitGraph:
        if repository not in self._repositories:
            raise KeyError(repository)
        return self._read(repository)

    def __iter__(self) -> Iterator[str]:
        return iter(self._repositories)

    def __len__(self) -> int:
        return len(self._repositories)


def nearby(
    case: Case,
    changes: Iterable[Change],
    rows: Iterable[ProductionDeployment],
    part: Population,
    stored: Stored,
) -> Case:
    """A case that holds what the chains of these changes and the judgement of these rows need.

    Graphs are read where they are asked for.
    """
    rows = list(rows)
    own = {one.change_id: one for one in changes}
    beside = {change_id for row in rows for change_id in changes_in(row)} - own.keys()
    every = {**stored.changes(beside), **own}
    deployments = {one.deployment_id: one for one in rows}
    carried = {one for each in every.values() for one in each.deployments}
    deployments = {**stored.deployments(carried - deployments.keys()), **deployments}
    others = {
        change_id: links
        for change_id in every
        if (links := part.others.get(change_id) or stored.others(change_id))
    }
    inputs = PopulationInputs(
        graphs=StoredGraphs(case.store, [one.id for one in case.policy.repositories]),
        associations=_asked(case.store, every.values()),
        gaps=tuple(row.gap for row in queries.gaps(case.store)),
    )
    population = Population(
        deployments=tuple(deployments.values()),
        changes=tuple(every.values()),
        questions=frozenset(),
        reconciliation=Reconciliation(),
        aftermaths=part.aftermaths,
        others=others,
    )
    return case.narrowed(inputs, population)


def _asked(store: Store, changes: Iterable[Change]) -> dict[str, dict[str, tuple[int, ...]]]:
    """The listings of the commits with which changes landed."""
    shas: dict[str, set[str]] = defaultdict(set)
    for one in changes:
        shas[one.repository].add(one.landing_sha)
    return {
        repository: {
            one.sha: one.merged_numbers
            for one in queries.load_in(
                store, CommitPullRequests, "sha", some, repository=repository
            )
        }
        for repository, some in shas.items()
    }
