"""The end of a repository's history, closed below: in it every commit stands as in the whole.

Everything older is reached through its one lowest commit, so what contains what, which of two
commits is older, and where a branch's changes end come to the same as in the whole graph. `Whole`
is raised where that is not so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from evidence.chain.changes import PullRequestHead
from evidence.chain.graph import CommitGraph, first_reached
from evidence.chain.handover import BranchEnd
from evidence.model.change import Change
from evidence.model.pull_request import CommitPullRequests, PullRequest
from evidence.store import queries, since
from evidence.store.session import Store

LONGEST = 3_000
"""Commits of a window; beyond that everything is read."""
_SHORT = 300


class Whole(Exception):  # noqa: N818 - not an error: a way to decide
    """Only the whole population tells; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """The end of one repository."""

    repository: str
    branch: str
    tip: str
    decided: str
    """The tip of the last decision."""
    graph: CommitGraph
    line: frozenset[str]
    """Commits on the branch's own line."""
    bottom: str
    """The commit that everything older is reached through; decided, and only stood on."""

    @cached_property
    def known(self) -> frozenset[str]:
        """Commits that were decided."""
        reached = first_reached(self.graph, [self.graph.index[self.decided]])
        return frozenset(
            sha for sha, rank in zip(self.graph.shas, reached, strict=True) if rank == 0
        )


def window_of(store: Store, known: BranchEnd, tip: str, wanted: Iterable[str]) -> Window:
    """The commits of a branch from its tip down to one below all those wanted."""
    needed = {known.tip, tip, *wanted}
    line = since.first_parent_line(store, known.repository, tip, _SHORT)
    merged = any(len(parents) > 1 for _, parents in line)
    if merged or not needed <= {sha for sha, _ in line}:
        line = since.first_parent_line(store, known.repository, tip, LONGEST)
    places = {sha: place for place, (sha, _) in enumerate(line)}
    if not needed <= places.keys():
        raise Whole("a commit does not stand on the branch's own line, or far back")
    bottom, beside = _closed(store, known.repository, line, max(places[one] for one in needed))
    found = dict(line[: bottom + 1]) | beside
    found[line[bottom][0]] = ()
    if any(not parents for sha, parents in found.items() if sha != line[bottom][0]):
        raise Whole("the window holds a commit without parents")
    shas = sorted(found)
    index = {sha: place for place, sha in enumerate(shas)}
    return Window(
        repository=known.repository,
        branch=known.branch,
        tip=tip,
        decided=known.tip,
        graph=CommitGraph(shas, [tuple(index[one] for one in found[sha]) for sha in shas]),
        line=frozenset(sha for sha, _ in line[: bottom + 1]),
        bottom=line[bottom][0],
    )


def _closed(
    store: Store, repository: str, line: list[tuple[str, tuple[str, ...]]], bottom: int
) -> tuple[int, dict[str, tuple[str, ...]]]:
    """The place of the lowest commit, and what was merged above it, with its parents."""
    beside: dict[str, tuple[str, ...]] = {}
    place, places = 0, {sha: at for at, (sha, _) in enumerate(line)}
    while place < bottom:
        side = {one for _, parents in line[place:bottom] for one in parents[1:]}
        place = bottom
        while side := {one for one in side if one not in beside}:
            bottom = max([bottom, *(places[one] for one in side if one in places)])
            side -= places.keys()
            rows = since.parents_of(store, repository, side)
            if rows.keys() != side or len(beside) + len(rows) > LONGEST:
                raise Whole("what was merged reaches far back, or is not all there")
            beside |= rows
            side = {one for parents in rows.values() for one in parents}
    return bottom, beside


def head_of(pull: PullRequest) -> PullRequestHead:
    """What the population needs of a pull request."""
    return PullRequestHead(**{name: getattr(pull, name) for name in PullRequestHead._fields})


def heads_of(
    store: Store,
    window: Window,
    known: BranchEnd,
    told: Iterable[int],
    stored: Mapping[str, Change],
) -> dict[int, list[PullRequestHead]]:
    """Versions of the pull requests that may explain commits of the window, or that wait.

    `told`: numbers with new versions. `stored`: the window's decided changes, and those of `told`.
    """
    own = {one.number for one in stored.values() if one.landing_sha in window.graph.index}
    numbers = {*told, *own, *known.waiting} - {0}
    found = queries.load_in(
        store, PullRequest, "number", numbers, versions=True, repository=window.repository
    )
    versions: dict[int, list[PullRequestHead]] = {}
    for one in sorted(found, key=lambda one: one.entry_seq):
        versions.setdefault(one.number, []).append(head_of(one))
    return versions


def listings_of(store: Store, window: Window) -> dict[str, tuple[int, ...]]:
    """Pull requests that the forge lists for the commits of the window."""
    rows = queries.load_in(
        store, CommitPullRequests, "sha", window.graph.shas, repository=window.repository
    )
    found = {one.sha: one.merged_numbers for one in rows}
    if not found and since.has_any(store, CommitPullRequests, repository=window.repository):
        found[""] = ()  # the forge does list them: what it does not list here tells something
    return found
