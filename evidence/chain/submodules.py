"""Submodules: repositories that a deployed commit includes by a pointer to a commit of theirs.

Where a pointer moved between the two ends of a deployed range, what lies between its two values
came with it, as what lies behind an image does. A pointer into no repository in scope, or to a
commit that was not found there, leaves open what the deployment brought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.chain.answers import ask, strings
from evidence.chain.graph import CommitGraph, oldest_first, only_in
from evidence.chain.inquiry import Inquiry
from evidence.chain.lanes import LaneRange, Step, lane_ranges
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.scope import Scope
from evidence.chain.urls import find_repository, relative_url, repository_index
from evidence.model.git import QuestionKind
from evidence.model.production import SUBMODULE, DeploymentKind
from evidence.policy import Policy

OUT_OF_SCOPE, NOT_FOUND, NOT_READ = (
    "submodule_out_of_scope",
    "submodule_commit_not_found",
    "submodules_not_read",
)
"""Problems of a deployment that a submodule makes."""
_DEPTH = 10
"""How deep submodules are followed that stand in submodules."""

_Lane = Sequence[tuple[Draft, RangeDraft]]
"""The ranges of one repository by one way into one application, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """One pointer that one operation moved."""

    draft: Draft
    old: str
    """Empty where the submodule was not there before."""
    new: str


class Submodules:
    """Adds the ranges of submodules to drafts, for one run."""

    def __init__(
        self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry, scope: Scope
    ) -> None:
        self._inputs = inputs
        self._inquiry = inquiry
        self._scope = scope
        self._repositories = {one.id: one for one in policy.repositories}
        self._index = repository_index(policy.repositories)

    def follow(self, drafts: Sequence[Draft]) -> None:
        """Adds what came with moved pointers to the drafts of one application, in order."""
        own: dict[tuple[str, str, str], list[tuple[Draft, RangeDraft]]] = defaultdict(list)
        for draft in drafts:
            for one in draft.ranges:
                own[(*one.key, one.through)].append((draft, one))
        lanes: list[_Lane] = list(own.values())
        for _ in range(_DEPTH):
            lanes = [below for lane in lanes for below in self._below(lane)]
        for draft, _range in (row for lane in lanes for row in lane):
            draft.problems.add(NOT_READ)

    def _below(self, lane: _Lane) -> Iterator[_Lane]:
        """The lanes of a lane's submodules, their ranges added to the drafts."""
        pointers: dict[tuple[str, str], list[_Moved]] = defaultdict(list)
        for draft, one in lane:
            above = f"{one.through}/" if one.basis == SUBMODULE else ""
            for path, url, old, new in self._moved(draft, one):
                target, problem = self._target(one.repository, url, (old, new))
                if problem:
                    draft.problems.add(problem)
                else:
                    pointers[target, above + path].append(_Moved(draft=draft, old=old, new=new))
        for (repository, through), moves in pointers.items():
            added = tuple(self._ranges(repository, through, moves))
            for draft, one in added:
                draft.ranges.append(one)
            yield added

    def _moved(self, draft: Draft, one: RangeDraft) -> Iterator[tuple[str, str, str, str]]:
        """(path, URL, old, new) of the pointers that a range moved, as far as they concern it."""
        if one.lane.previous in (-1, one.revision):
            return
        shas = self._inputs.graphs[one.repository].shas
        old, new = shas[one.lane.previous], shas[one.revision]
        rows = self._inquiry.value(ask(one.repository, QuestionKind.SUBMODULES, old, new))
        if not isinstance(rows, list):
            draft.problems.add(NOT_READ)
            return
        paths = self._scope.paths(draft, one) if rows else None
        for row in rows:
            texts = strings(row)
            if texts is None or len(texts) != 4:
                draft.problems.add(NOT_READ)
            elif texts[3] and _concerns(texts[0], paths):
                yield texts[0], texts[1], texts[2], texts[3]

    def _target(self, repository: str, url: str, commits: Iterable[str]) -> tuple[str, str]:
        """The repository in scope that holds the commits, or the problem."""
        owner = self._repositories[repository]
        urls = [relative_url(base, url) for base in owner.urls] or [url]
        known = (find_repository(one, self._index, self._repositories.values())[0] for one in urls)
        found = next(filter(None, known), "")
        if not found:
            return "", OUT_OF_SCOPE
        graph = self._inputs.graphs.get(found)
        there = graph is not None and all(one in graph.index for one in commits if one)
        return found, "" if there else NOT_FOUND

    def _ranges(
        self, repository: str, through: str, moves: Sequence[_Moved]
    ) -> Iterator[tuple[Draft, RangeDraft]]:
        graph = self._inputs.graphs[repository]
        for move, lane in zip(moves, _lanes(graph, moves), strict=True):
            yield (
                move.draft,
                RangeDraft(
                    key=(repository, ""),
                    repository=repository,
                    path="",
                    revision=graph.index[move.new],
                    lane=lane,
                    basis=SUBMODULE,
                    through=through,
                    commits=lane.commits,
                ),
            )


def _lanes(graph: CommitGraph, moves: Sequence[_Moved]) -> list[LaneRange]:
    """What each move brought. Of a submodule that was not there before that is all it holds."""
    found: list[LaneRange] = []
    baseline, rest = -1, list(moves)
    while rest and not rest[0].old and baseline < 0:
        first = rest.pop(0)
        revision = graph.index[first.new]
        every = tuple(oldest_first(graph, only_in(graph, revision, [])))
        found.append(LaneRange(kind=DeploymentKind.FORWARD, previous=-1, commits=every))
        baseline = revision if first.draft.operation.settles else -1
    if rest and baseline < 0:
        baseline = graph.index[rest[0].old]
    steps = [
        Step(revision=graph.index[one.new], settles=one.draft.operation.settles) for one in rest
    ]
    return found + [_plain(one) for one in lane_ranges(graph, steps, baseline)]


def _plain(lane: LaneRange) -> LaneRange:
    """A pointer that moves goes on from where it stood: nothing of it is a first deployment."""
    if lane.kind != DeploymentKind.FIRST:
        return lane
    kind = DeploymentKind.FORWARD if lane.commits else DeploymentKind.REDEPLOY
    return replace(lane, kind=kind)


def _concerns(path: str, paths: Iterable[str] | None) -> bool:
    """Whether a submodule lies in, or holds, one of the paths; None or "": the whole repository."""
    return paths is None or any(
        not one or one == path or one.startswith(f"{path}/") or path.startswith(f"{one}/")
        for one in paths
    )
