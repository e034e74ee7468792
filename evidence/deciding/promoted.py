"""What a pull request promotes: the earlier pull requests that all of its commits came by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from evidence.chain.book import ChangeBook, write_change
from evidence.chain.changes import BranchMap, Group, PullRequestHead
from evidence.chain.graph import CommitGraph, only_in
from evidence.chain.records import PopulationInputs
from evidence.model.change import Change, ChangeKind, MergeMethod
from evidence.policy import Policy

_MAYBE_REBASED = frozenset({MergeMethod.SQUASH, MergeMethod.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """One part of what a pull request brought."""

    change_id: str
    landing_sha: str
    change: Change | None = None
    """The pull request that it came by; None where it came by none that was read."""
    maybe: bool = False
    """It may have come by one all the same: what a rebase merge of several commits put there."""


@dataclass(slots=True, kw_only=True)
class Promoting:
    """Finds what pull requests promote, by the graph of commits alone."""

    policy: Policy
    inputs: PopulationInputs
    _heads: dict[str, list[PullRequestHead]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        found: dict[str, list[PullRequestHead]] = defaultdict(list)
        for head in self.inputs.heads:
            if head.state == "MERGED":
                found[head.repository].append(head)
        self._heads = dict(found)

    def brought(self, change: Change) -> tuple[Brought, ...]:
        """Everything a change brought, oldest first; () where no part came by a pull request."""
        graph = self.inputs.graphs.get(change.repository)
        if change.kind is not ChangeKind.PULL_REQUEST or graph is None:
            return ()
        head, base = (graph.index.get(sha, -1) for sha in (change.head_sha, change.base_sha))
        others = [
            one for one in self._heads.get(change.repository, ()) if one.number != change.number
        ]
        if head < 0 or base < 0:
            return ()
        commits = set(only_in(graph, head, [base]))
        if not any(graph.index.get(one.merge_sha, -1) in commits for one in others):
            return ()
        return tuple(self._parts(change, graph, head, commits, others))

    def _parts(
        self,
        own: Change,
        graph: CommitGraph,
        head: int,
        commits: set[int],
        others: Sequence[PullRequestHead],
    ) -> Iterator[Brought]:
        repository = own.repository
        configured = next(one for one in self.policy.repositories if one.id == repository)
        book = ChangeBook(
            configured,
            graph,
            tips={},
            heads=others,
            associations=self.inputs.associations.get(repository, {}),
            deployed=[head],
        )
        part = book.maps[0]
        maybe = _maybe_rebased(graph, part, book.heads)
        for place in dict.fromkeys(part.owner[one] for one in sorted(commits)):
            group = part.groups[place]
            sha = graph.shas[group.landing]
            if not group.number:
                listed = any(number != own.number for number in group.candidates)
                unsure = listed or group.landing in maybe
                yield Brought(change_id=f"{repository}:commit:{sha}", landing_sha=sha, maybe=unsure)
                continue
            change_id = f"{repository}:pr:{group.number}"
            change = write_change(book, change_id, part, group)
            yield Brought(change_id=change_id, landing_sha=sha, change=change)


def _maybe_rebased(
    graph: CommitGraph, part: BranchMap, heads: dict[int, PullRequestHead]
) -> frozenset[int]:
    """Commits below the last one of a pull request that may be others of the same rebase merge.

    The forge is not asked which pull requests list the commits of every branch.
    """
    direct = {group.landing for group in part.groups if not group.number}
    found: set[int] = set()
    for group in _single(graph, part.groups):
        total = heads[group.number].commits_total
        room = total - 1 if total >= 0 else len(direct)
        below = graph.parents[group.landing][0]
        while room > 0 and below in direct:
            found.add(below)
            room -= 1
            if len(graph.parents[below]) != 1:
                break
            below = graph.parents[below][0]
    return frozenset(found)


def _single(graph: CommitGraph, groups: Iterable[Group]) -> Iterator[Group]:
    for group in groups:
        lone = len(graph.parents[group.landing]) == 1
        if group.number and lone and group.method in _MAYBE_REBASED:
            yield group
