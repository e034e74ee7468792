"""A repository's commit graph and the few questions about ancestry that the chain asks of it.

Nothing here assumes that deployed commits stand on the first-parent line, that deployments come
in order, or that there is one root. Commits are indexes into `CommitGraph.shas`; a parent that is
not in the graph is left out by whoever builds it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property

NEVER = 1 << 60
"""Rank of a commit that no revision contains."""


class Relation(StrEnum):
    """How a new revision stands to an old one."""

    EQUAL = "equal"
    FORWARD = "forward"
    """The old one is an ancestor of the new one."""
    BACKWARD = "backward"
    """The new one is an ancestor of the old one."""
    DIVERGED = "diverged"


class CommitGraph:
    """Commits and their parents, as index lists; immutable once built.

    Raises ValueError where the parent relation has a cycle (it is then not a commit graph).
    """

    def __init__(self, shas: Sequence[str], parents: Sequence[tuple[int, ...]]) -> None:
        self.shas = shas
        self.parents = parents

    def __len__(self) -> int:
        return len(self.shas)

    @cached_property
    def index(self) -> dict[str, int]:
        """Index of each sha."""
        return {sha: position for position, sha in enumerate(self.shas)}

    @cached_property
    def order(self) -> list[int]:
        """Every commit, children before their parents."""
        children = [0] * len(self.parents)
        for parents in self.parents:
            for parent in parents:
                children[parent] += 1
        ready = [commit for commit, count in enumerate(children) if not count]
        order: list[int] = []
        while ready:
            commit = ready.pop()
            order.append(commit)
            for parent in self.parents[commit]:
                children[parent] -= 1
                if not children[parent]:
                    ready.append(parent)
        if len(order) != len(self.parents):
            raise ValueError("the parent relation has a cycle")
        return order

    @cached_property
    def generation(self) -> list[int]:
        """Length of the longest path to a root: an ancestor's is always smaller."""
        generation = [0] * len(self.parents)
        for commit in reversed(self.order):
            parents = self.parents[commit]
            if len(parents) == 1:
                generation[commit] = generation[parents[0]] + 1
            elif parents:
                generation[commit] = 1 + max(generation[parent] for parent in parents)
        return generation

    @cached_property
    def oldest_first(self) -> list[int]:
        """Every commit, parents before children, in an order that the input order cannot move."""
        generation, shas = self.generation, self.shas
        return sorted(range(len(shas)), key=lambda commit: (generation[commit], shas[commit]))

    @cached_property
    def lines(self) -> list[int]:
        """A number per commit: equal for commits of one first-parent line."""
        line = [-1] * len(self.parents)
        for start in self.order:
            commit = start
            while line[commit] < 0:
                line[commit] = start
                if not self.parents[commit]:
                    break
                commit = self.parents[commit][0]
        return line


def first_reached(graph: CommitGraph, revisions: Iterable[int]) -> list[int]:
    """For each commit the rank of the first revision that contains it, else `NEVER`.

    One pass over the graph for all revisions together: a commit's rank is the smallest among its
    own and its children's. The rank of a revision is its position in `revisions`.
    """
    rank = [NEVER] * len(graph)
    for position, revision in enumerate(revisions):
        if rank[revision] > position:  # noqa: PLR1730 - a call to min() costs more than the loop
            rank[revision] = position
    parents = graph.parents
    for commit in graph.order:
        reached = rank[commit]
        if reached != NEVER:
            for parent in parents[commit]:
                if rank[parent] > reached:  # noqa: PLR1730
                    rank[parent] = reached
    return rank


def first_parent_line(graph: CommitGraph, tip: int) -> list[int]:
    """The first-parent commits of a branch, newest first."""
    line = [tip]
    while graph.parents[line[-1]]:
        line.append(graph.parents[line[-1]][0])
    return line


def landing(graph: CommitGraph, tip: int) -> list[int]:
    """For each commit the first-parent commit of the branch that brought it in; -1 if none did."""
    line = first_parent_line(graph, tip)[::-1]
    return [line[rank] if rank != NEVER else -1 for rank in first_reached(graph, line)]


def contains(graph: CommitGraph, revision: int, commit: int) -> bool:
    """Whether `commit` is `revision` or one of its ancestors; walks only what is newer."""
    if commit == revision:
        return True
    generation = graph.generation
    floor = generation[commit]
    if generation[revision] <= floor:
        return False
    if graph.lines[commit] == graph.lines[revision]:
        return True
    seen = {revision}
    stack = [revision]
    while stack:
        for parent in graph.parents[stack.pop()]:
            if parent == commit:
                return True
            if parent not in seen and generation[parent] > floor:
                seen.add(parent)
                stack.append(parent)
    return False


def relation(graph: CommitGraph, old: int, new: int) -> Relation:
    """How the new revision stands to the old one."""
    if old == new:
        return Relation.EQUAL
    if contains(graph, new, old):
        return Relation.FORWARD
    return Relation.BACKWARD if contains(graph, old, new) else Relation.DIVERGED


def only_in(graph: CommitGraph, revision: int, others: Iterable[int]) -> list[int]:
    """Commits that `revision` contains and none of `others` does, newest first.

    Walks from the newest commit down and stops where only commits of `others` are left, so the
    cost follows the difference and not the history.
    """
    excluded = set(others)
    straight = _straight(graph, revision, excluded)
    if straight is not None:
        return straight
    generation = graph.generation
    wanted = {revision}
    heap = [(-generation[commit], commit) for commit in excluded | wanted]
    heapq.heapify(heap)
    pending = 1 if revision not in excluded else 0
    found: list[int] = []
    done: set[int] = set()
    while heap and pending:
        commit = heapq.heappop(heap)[1]
        if commit in done:
            continue
        done.add(commit)
        out = commit in excluded
        if not out:
            pending -= 1
            found.append(commit)
        for parent in graph.parents[commit]:
            pending += _mark(parent, out, wanted, excluded)
            heapq.heappush(heap, (-generation[parent], parent))
    return found


def _straight(graph: CommitGraph, revision: int, others: set[int]) -> list[int] | None:
    """The commits down to the only other one, where no merge lies between; None where one may."""
    if len(others) != 1:
        return None
    found: list[int] = []
    commit = revision
    while commit not in others:
        parents = graph.parents[commit]
        if len(parents) != 1:
            return None
        found.append(commit)
        (commit,) = parents
    return found


def _mark(commit: int, out: bool, wanted: set[int], excluded: set[int]) -> int:
    """Colours a commit; returns the change in the number of wanted commits not yet visited."""
    if out:
        if commit in excluded:
            return 0
        excluded.add(commit)
        return -1 if commit in wanted else 0
    if commit in wanted or commit in excluded:
        return 0
    wanted.add(commit)
    return 1


def newest_first(graph: CommitGraph, commits: Iterable[int]) -> list[int]:
    """Commits in a fixed order in which no commit stands before one of its descendants."""
    return sorted(commits, key=lambda commit: (-graph.generation[commit], graph.shas[commit]))


def oldest_first(graph: CommitGraph, commits: Iterable[int]) -> tuple[int, ...]:
    """Commits in a fixed order in which no commit stands before one of its ancestors."""
    return tuple(sorted(commits, key=lambda one: (graph.generation[one], graph.shas[one])))
