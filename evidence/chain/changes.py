"""Commits of production branches become changes: pull requests, or direct commits.

Which change a commit belongs to is decided per branch, by the first of these that holds:

1. the pull request whose merge commit, in ancestry order, is the earliest that contains it;
2. for a rebase merge: it stands, without interruption, below the pull request's last commit on the
   first-parent line *and* the forge lists that pull request for it;
3. for a local merge: the landing commit that no merge commit explains brings in the pull request's
   head, as a parent of its own or for that pull request alone;
4. otherwise it is a direct change, named by the first-parent commit that brought it in.

Message text is never evidence. Matches that do not decide are kept as candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evidence.chain.graph import NEVER, CommitGraph, first_parent_line, first_reached, oldest_first
from evidence.model.actor import Actor
from evidence.model.change import MergeMethod, Strength


class PullRequestHead(NamedTuple):
    """What the population needs of a pull request: ids, times and strata, no inner lists."""

    repository: str
    number: int
    merge_sha: str
    base_ref: str
    head_sha: str
    head_ref: str = ""
    base_sha: str = ""
    created_at: int = 0
    merged_at: int = 0
    entry_seq: int = 0
    title: str = ""
    author: Actor | None = None
    merged_by: Actor | None = None
    url: str = ""
    labels: tuple[str, ...] = ()
    commits_total: int = -1
    merge_queue: bool = False
    state: str = "MERGED"


class Group(NamedTuple):
    """One change on one branch, before it is written out."""

    number: int
    """0 for a direct change."""
    landing: int
    method: MergeMethod
    basis: str
    strength: Strength
    commits: tuple[int, ...]
    """Oldest first; the landing commit last."""
    flags: tuple[str, ...] = ()
    candidates: tuple[int, ...] = ()
    """Pull requests that the forge lists for it and that do not explain it."""


class BranchMap(NamedTuple):
    """The changes of one branch and which of them each commit belongs to."""

    branch: str
    """Empty for commits that were deployed from outside every production branch."""
    groups: list[Group]
    owner: list[int]
    """Per commit the index of its group; -1 where the branch does not contain it."""
    first_parent: int = 0
    """Commits on the first-parent line of its tips."""


Associations = Mapping[str, tuple[int, ...]]


class _Branch(NamedTuple):
    graph: CommitGraph
    name: str
    associations: Associations
    observed: bool


class _Claim(NamedTuple):
    head: PullRequestHead
    method: MergeMethod
    basis: str
    strength: Strength


def map_branch(
    graph: CommitGraph,
    tips: Sequence[int],
    branch: str,
    heads: Iterable[PullRequestHead],
    associations: Associations,
    *,
    observed: bool = True,
) -> BranchMap:
    """Maps every commit that the tips contain to its change on this branch.

    `heads` are the repository's merged pull requests; with a branch name only those that were
    merged into a production branch may stand as marks, so hand in no others. `observed` says that
    the forge lists pull requests of commits at all.
    """
    context = _Branch(graph, branch, associations, observed)
    heads = list(heads)
    line = _line(graph, tips)
    carried = first_reached(graph, line)
    claims = _by_merge_commit(context, heads, carried)
    marks, rank = line, carried
    if not set(claims) <= set(line):
        marks = list(oldest_first(graph, {*line, *claims}))
        rank = first_reached(graph, marks)
    landed = [marks[one] if one != NEVER else -1 for one in rank]
    _claim_local(context, heads, claims, landed)
    leader = _rebase_blocks(context, set(marks), claims)
    return _group(context, marks, landed, claims, leader)._replace(first_parent=len(line))


def _line(graph: CommitGraph, tips: Sequence[int]) -> list[int]:
    """First-parent commits of all tips, oldest first."""
    if len(tips) == 1:
        return first_parent_line(graph, tips[0])[::-1]
    found: set[int] = set()
    for tip in tips:
        commit = tip
        while commit not in found:
            found.add(commit)
            if not graph.parents[commit]:
                break
            commit = graph.parents[commit][0]
    return list(oldest_first(graph, found))


def _by_merge_commit(
    context: _Branch, heads: Iterable[PullRequestHead], carried: list[int]
) -> dict[int, _Claim]:
    """The pull request of each merge commit that the branch contains.

    Where two name the same commit, the one that was merged into this branch comes first, then the
    one merged earlier, then the lower number.
    """
    claims: dict[int, _Claim] = {}
    graph = context.graph
    order = sorted(heads, key=lambda one: (one.base_ref != context.name, one.merged_at, one.number))
    for head in order:
        mark = graph.index.get(head.merge_sha, -1)
        if mark >= 0 and carried[mark] != NEVER and mark not in claims:
            method = _method(graph, head, mark)
            claims[mark] = _Claim(head, method, "merge_commit", Strength.PROVED)
    return claims


def _method(graph: CommitGraph, head: PullRequestHead, mark: int) -> MergeMethod:
    if head.merge_queue:
        return MergeMethod.QUEUE
    if len(graph.parents[mark]) > 1:
        return MergeMethod.MERGE
    return MergeMethod.LOCAL if graph.shas[mark] == head.head_sha else MergeMethod.SQUASH


def _claim_local(
    context: _Branch,
    heads: Iterable[PullRequestHead],
    claims: dict[int, _Claim],
    landed: list[int],
) -> None:
    """Pull requests that were merged into this branch by hand claim the commit that did it."""
    graph = context.graph
    matched = {claim.head.number for claim in claims.values()}
    wanted: dict[int, list[PullRequestHead]] = defaultdict(list)
    for head in heads:
        tip = graph.index.get(head.head_sha, -1)
        if head.number in matched or head.base_ref != context.name or tip < 0 or landed[tip] < 0:
            continue
        if landed[tip] not in claims:
            wanted[landed[tip]].append(head)
    for mark, claimants in wanted.items():
        tips = {mark, *graph.parents[mark][1:]}
        direct = [one for one in claimants if graph.index[one.head_sha] in tips]
        if len(direct) == 1:
            claims[mark] = _Claim(direct[0], MergeMethod.LOCAL, "head_merged", Strength.STRONG)
        elif len(claimants) == 1:
            claims[mark] = _Claim(
                claimants[0], MergeMethod.LOCAL, "head_contained", Strength.INFERRED
            )


def _rebase_blocks(context: _Branch, marks: set[int], claims: dict[int, _Claim]) -> dict[int, int]:
    """For each further commit of a rebase merge the last one, which its pull request names."""
    graph = context.graph
    leader: dict[int, int] = {}
    for mark in list(claims):
        claim = claims[mark]
        if len(graph.parents[mark]) != 1:
            continue
        room = claim.head.commits_total if claim.head.commits_total >= 0 else len(marks)
        below = graph.parents[mark][0]
        while room > 1 and below in marks and below not in claims and below not in leader:
            if claim.head.number not in context.associations.get(graph.shas[below], ()):
                break
            leader[below] = mark
            room -= 1
            if len(graph.parents[below]) != 1:
                break
            below = graph.parents[below][0]
        claims[mark] = _refine(context, claim, mark, leader)
    return leader


def _refine(context: _Branch, claim: _Claim, mark: int, leader: Mapping[int, int]) -> _Claim:
    """Tells rebase from squash: by what was found below, or by knowing that nothing is there."""
    if claim.method != MergeMethod.SQUASH:
        return claim
    below = context.graph.parents[mark][0]
    if leader.get(below) == mark:
        return claim._replace(method=MergeMethod.REBASE, basis="rebase_block")
    known = context.graph.shas[below] in context.associations or not context.observed
    if claim.head.commits_total in (0, 1) or known or not context.associations:
        return claim
    return claim._replace(method=MergeMethod.UNKNOWN)


def _group(
    context: _Branch,
    marks: list[int],
    landed: list[int],
    claims: Mapping[int, _Claim],
    leader: Mapping[int, int],
) -> BranchMap:
    last = [mark for mark in marks if mark not in leader]
    place = {mark: position for position, mark in enumerate(last)}
    for mark, final in leader.items():
        place[mark] = place[final]
    owner = [place[mark] if mark >= 0 else -1 for mark in landed]
    members: list[list[int]] = [[] for _ in last]
    for commit in context.graph.oldest_first:
        if owner[commit] >= 0:
            members[owner[commit]].append(commit)
    groups = [
        _describe(context, mark, tuple(commits), claims.get(mark))
        for mark, commits in zip(last, members, strict=True)
    ]
    return BranchMap(branch=context.name, groups=groups, owner=owner)


def _describe(context: _Branch, mark: int, commits: tuple[int, ...], claim: _Claim | None) -> Group:
    if claim:
        number = claim.head.number
        return Group(number, mark, claim.method, claim.basis, claim.strength, commits)
    listed = context.associations.get(context.graph.shas[mark])
    flags: tuple[str, ...] = ("associated_pull_request",) if listed else ()
    if listed is None and context.observed:
        flags = ("association_not_observed",)
    proved = Strength.PROVED
    return Group(0, mark, MergeMethod.DIRECT, "first_parent", proved, commits, flags, listed or ())
