"""Ranges of one lane of deployment: what each operation brought, took away or repeated.

A lane is one (application, environment, repository, path), or one image of an application for the
source behind it. Which operation first carried a commit is computed for all operations at once.

Operations that settle (they succeeded, in whole) move "previous"; the others are attempts. A
commit belongs to the first operation that may have brought it to production, and, where that was
an attempt, to the first one that settled it as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.chain.graph import (
    NEVER,
    CommitGraph,
    Relation,
    contains,
    first_reached,
    newest_first,
    oldest_first,
    only_in,
    relation,
)
from evidence.model.production import DeploymentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation in a lane, in order of start."""

    revision: int
    """Index of the deployed commit in the graph."""
    settles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRange:
    """What one step brought; commits are indexes into the graph."""

    kind: DeploymentKind
    previous: int
    """Commit that production stood at before; -1 at the first deployment without a baseline."""
    commits: tuple[int, ...] = ()
    """Oldest first."""
    removed: tuple[int, ...] = ()
    """Newest first."""


def lane_ranges(graph: CommitGraph, steps: Sequence[Step], baseline: int = -1) -> list[LaneRange]:
    """The range of each step.

    Without a baseline the first step is one: it brings no commits, what it contains is taken as
    there before. With one, the first range is baseline..revision.
    """
    lead = [baseline] if baseline >= 0 else []
    revisions = lead + [step.revision for step in steps]
    new = new_commits(graph, revisions)
    attempts = any(not step.settles for step in steps)
    settled = _settled_buckets(graph, steps, lead, revisions) if attempts else new
    ranges: list[LaneRange] = []
    previous = baseline
    for position, step in enumerate(steps, start=len(lead)):
        commits = new.get(position, ())
        if attempts and step.settles:
            commits = _union(graph, commits, settled.get(position, ()))
        ranges.append(_range(graph, step.revision, previous, commits, baseline))
        if step.settles:
            previous = step.revision
    return ranges


def new_commits(graph: CommitGraph, revisions: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """By position, the commits that a revision contains and none before it did, oldest first.

    What the first revision contains is left out. Each revision costs in proportion to what it
    brings; where together they bring much of the graph, one pass over it serves them all.
    """
    dense = len(revisions) * DENSE > len(graph)
    found = None if dense else _one_by_one(graph, revisions, most=len(graph) // SHARE)
    return _in_one_pass(graph, revisions) if found is None else found


DENSE = 20
"""Commits per revision below which one pass over the whole graph is cheaper (measured)."""
SHARE = 10
"""Part of the graph beyond which commits brought one by one cost more than one pass (measured)."""


def _in_one_pass(graph: CommitGraph, revisions: Sequence[int]) -> dict[int, tuple[int, ...]]:
    rank = first_reached(graph, revisions)
    buckets: dict[int, list[int]] = defaultdict(list)
    for commit in graph.oldest_first:
        reached = rank[commit]
        if reached not in (0, NEVER):
            buckets[reached].append(commit)
    return {reached: tuple(commits) for reached, commits in buckets.items()}


def _one_by_one(
    graph: CommitGraph, revisions: Sequence[int], most: int | None = None
) -> dict[int, tuple[int, ...]] | None:
    """The same walking down from each revision; None where more than `most` are brought."""
    newest = list(revisions[:1])  # revisions so far that no other one of them contains
    found: dict[int, tuple[int, ...]] = {}
    brought = 0
    for position, revision in enumerate(revisions):
        if any(contains(graph, one, revision) for one in newest):
            continue
        found[position] = oldest_first(graph, only_in(graph, revision, newest))
        brought += len(found[position]) if position else 0
        if most is not None and brought > most:
            return None
        newest = [one for one in newest if not contains(graph, revision, one)] + [revision]
    return found


def _settled_buckets(
    graph: CommitGraph, steps: Sequence[Step], lead: list[int], revisions: list[int]
) -> dict[int, tuple[int, ...]]:
    """The same buckets over settled steps alone, keyed by position among all steps."""
    places = [0] if revisions else []
    places += [
        place
        for place, step in enumerate(steps, start=len(lead))
        if step.settles and place not in places
    ]
    found = new_commits(graph, [revisions[place] for place in places])
    return {places[position]: commits for position, commits in found.items()}


def _union(graph: CommitGraph, one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
    return oldest_first(graph, {*one, *two}) if one != two else one


def _range(
    graph: CommitGraph, revision: int, previous: int, commits: tuple[int, ...], baseline: int
) -> LaneRange:
    if previous < 0:
        return LaneRange(kind=DeploymentKind.FIRST, previous=-1, commits=commits)
    how = relation(graph, previous, revision)
    removed: tuple[int, ...] = ()
    if how in {Relation.BACKWARD, Relation.DIVERGED}:
        removed = tuple(newest_first(graph, only_in(graph, previous, [revision])))
    kind = _kind(how, bool(commits), previous == baseline)
    return LaneRange(kind=kind, previous=previous, commits=commits, removed=removed)


def _kind(how: Relation, brings: bool, first: bool) -> DeploymentKind:
    """Rolling forward again over commits that were deployed before is a redeploy."""
    if how == Relation.BACKWARD:
        return DeploymentKind.ROLLBACK
    if how == Relation.DIVERGED:
        return DeploymentKind.DIVERGED
    if first:
        return DeploymentKind.FIRST
    return DeploymentKind.FORWARD if brings else DeploymentKind.REDEPLOY
