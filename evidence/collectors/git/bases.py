"""Merge bases of many pairs of commits at once, over the part of the graph that they span.

A few pairs are asked of `git merge-base` one by one; for many the graph is read once, because a
process per pair costs minutes where the walk costs seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from evidence.collectors.git.tool import GitTool, lines

FEW = 24
"""Pairs up to which a process per pair is cheaper than reading the graph."""
_LEFT, _RIGHT, _STALE = 1, 2, 4


def merge_bases(tool: GitTool, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """All best common ancestors of each pair of existing commits, sorted by name.

    Empty where two commits share no history.
    """
    if len(pairs) <= FEW:
        return [_asked(tool, one, other) for one, other in pairs]
    graph = Graph.read(tool, sorted({sha for pair in pairs for sha in pair}))
    return [graph.merge_bases(one, other) for one, other in pairs]


def _asked(tool: GitTool, one: str, other: str) -> tuple[str, ...]:
    done = tool.run("merge-base", "--all", one, other)
    return tuple(sorted(done.stdout.decode("ascii").split()))


class Graph:
    """Commits in topological order (children first) with the positions of their parents."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        names = []
        parents = []
        for row in rows:
            name, *others = row.split()
            names.append(name)
            parents.append(others)
        self._names = names
        self._position = {name: number for number, name in enumerate(names)}
        self._parents = [
            tuple(self._position[other] for other in others if other in self._position)
            for others in parents
        ]

    @classmethod
    def read(cls, tool: GitTool, tips: Sequence[str]) -> Graph:
        """The graph of everything reachable from the tips."""
        arguments = ("--topo-order", "--parents", "--stdin")
        with tool.stream("rev-list", *arguments, stdin=lines(tips)) as names:
            graph = cls(iter(names.stdout))
            names.check()
        return graph

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """All best common ancestors, sorted by name.

        Positions are visited children first, so a commit's marks are final when it is reached:
        the first ones with both marks are the best, their ancestors are stale.
        """
        marks: dict[int, int] = {}
        queue: list[int] = []
        live = 0
        found: list[str] = []
        for name, mark in ((one, _LEFT), (other, _RIGHT)):
            position = self._position[name.encode("ascii")]
            if position not in marks:
                heappush(queue, position)
                live += 1
            marks[position] = marks.get(position, 0) | mark
        while live:
            position = heappop(queue)
            mark = marks[position]
            if not mark & _STALE:
                live -= 1
                if mark == _LEFT | _RIGHT:
                    found.append(self._names[position].decode("ascii"))
                    mark |= _STALE
            for parent in self._parents[position]:
                before = marks.get(parent)
                if before is None:
                    heappush(queue, parent)
                    before = 0
                    live += 1
                    marks[parent] = 0
                after = before | mark
                live -= bool(after & _STALE) and not before & _STALE
                marks[parent] = after
        return tuple(sorted(found))
