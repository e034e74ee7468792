"""The changes of one repository: every branch mapped, every commit with its change's id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from evidence.chain.changes import Associations, BranchMap, Group, PullRequestHead, map_branch
from evidence.chain.graph import NEVER, CommitGraph, first_reached
from evidence.chain.records import BranchCount
from evidence.in_scope import Repository
from evidence.model.actor import ActorType
from evidence.model.change import (
    IMPORT,
    PROMOTION,
    Change,
    ChangeKind,
    Link,
    LinkKind,
    MergeMethod,
    Strength,
)
from evidence.policy import Policy

OFF_BRANCH = "not_on_production_branch"
BASELINE = "baseline"
BEFORE_OBSERVATION = "deployed_before_observation"
"""Contained in the first observed deployment, and in scope because the policy says from when."""
"""Contained in the first deployment observed and carried by none after it."""


class ChangeBook:
    """Maps commits to changes and writes the changes out, once deployments are known."""

    def __init__(
        self,
        repository: Repository,
        graph: CommitGraph,
        *,
        tips: Mapping[str, tuple[str, ...]],
        heads: Sequence[PullRequestHead],
        associations: Associations,
        deployed: Iterable[int] = (),
        baselines: Iterable[int] = (),
    ) -> None:
        """`deployed`: commits that deployments name; those outside every branch are mapped too.

        `baselines`: those of them that stand for what was deployed before observation began.
        """
        self.repository = repository
        self.graph = graph
        self.heads = {head.number: head for head in heads}
        merged = [head for head in heads if head.state == "MERGED"]
        branches = repository.production_branches
        inside = [head for head in merged if head.base_ref in branches]
        observed = bool(repository.forge)
        self.maps: list[BranchMap] = []
        for branch in branches:
            known = [graph.index[sha] for sha in tips.get(branch, ()) if sha in graph.index]
            if known:
                self.maps.append(
                    map_branch(graph, known, branch, inside, associations, observed=observed)
                )
        outside = [one for one in deployed if all(part.owner[one] < 0 for part in self.maps)]
        if outside:
            part = map_branch(
                graph, sorted(set(outside)), "", merged, associations, observed=observed
            )
            self.maps.append(part)
        self._before = first_reached(graph, sorted(baselines))
        self._ids = [[self._id(group) for group in part.groups] for part in self.maps]

    def _id(self, group: Group) -> str:
        if group.number:
            return f"{self.repository.id}:pr:{group.number}"
        return f"{self.repository.id}:commit:{self.graph.shas[group.landing]}"

    def owners(self, revision: int, commits: Iterable[int]) -> Iterator[tuple[int, str]]:
        """(commit, change id) by the branch on which the deployed revision stands."""
        order = sorted(
            range(len(self.maps)),
            key=lambda one: (not self.maps[one].branch, self.maps[one].owner[revision] < 0),
        )
        for commit in commits:
            for place in order:
                group = self.maps[place].owner[commit]
                if group >= 0:
                    yield commit, self._ids[place][group]
                    break

    def groups_of(self, commit: int) -> Iterator[tuple[BranchMap, str, Group]]:
        """(branch, change id, change) of each branch that contains a commit."""
        for part, ids in zip(self.maps, self._ids, strict=True):
            place = part.owner[commit]
            if place >= 0:
                yield part, ids[place], part.groups[place]

    def on_branch(self, revision: int) -> bool:
        """Whether a production branch, as observed, contains a deployed revision."""
        return any(part.branch and part.owner[revision] >= 0 for part in self.maps)

    def primary(self) -> dict[str, tuple[BranchMap, Group]]:
        """Each change once: a pull request on the branch it was merged into, where mapped."""
        chosen: dict[str, tuple[BranchMap, Group]] = {}
        for part, ids in zip(self.maps, self._ids, strict=True):
            claimed = _claimed(chosen) if not part.branch else frozenset()
            for change_id, group in zip(ids, part.groups, strict=True):
                if group.landing in claimed:
                    continue
                head = self.heads.get(group.number)
                home = head is not None and head.base_ref == part.branch
                if home or change_id not in chosen:
                    chosen[change_id] = (part, group)
        return chosen

    @cached_property
    def ambiguous(self) -> frozenset[str]:
        """Direct changes for which the forge lists several pull requests, none of them shown."""
        return frozenset(
            change_id
            for part, ids in zip(self.maps, self._ids, strict=True)
            for change_id, group in zip(ids, part.groups, strict=True)
            if len(group.candidates) > 1
        )

    def imports(self, group: Group) -> bool:
        """Whether it merged a history that shares no commit with the branch: a root came with it.

        However many commits that are, somebody merged them at once: they are one change.
        """
        parents = self.graph.parents
        merged = len(parents[group.landing]) > 1
        return merged and any(not parents[commit] for commit in group.commits)

    def before_observation(self, group: Group) -> bool:
        """Whether the first deployment observed contained it already."""
        return self._before[group.landing] != NEVER

    def counts(self) -> list[BranchCount]:
        """R3 for each production branch; one that was never seen counts nothing and says so."""
        seen = [
            BranchCount(
                repository=self.repository.id,
                branch=part.branch,
                commits=sum(1 for owner in part.owner if owner >= 0),
                landed=len(part.groups),
                by_pull_request=sum(1 for group in part.groups if group.number),
                direct=sum(1 for group in part.groups if not group.number),
                first_parent=part.first_parent,
            )
            for part in self.maps
            if part.branch
        ]
        names = {one.branch for one in seen}
        return seen + [
            BranchCount(
                repository=self.repository.id,
                branch=branch,
                commits=0,
                landed=0,
                by_pull_request=0,
                direct=0,
                found=False,
            )
            for branch in self.repository.production_branches
            if branch not in names
        ]

    def candidates(self) -> dict[str, tuple[Link, ...]]:
        """Matches that did not decide: other branches' changes of a commit, listed by the forge."""
        found: dict[str, list[Link]] = defaultdict(list)
        for part, ids in zip(self.maps, self._ids, strict=True):
            for change_id, group in zip(ids, part.groups, strict=True):
                for number in group.candidates:
                    found[change_id].append(
                        self._candidate(group.landing, number, "listed_by_forge")
                    )
        return {change_id: tuple(dict.fromkeys(links)) for change_id, links in found.items()}

    def _candidate(self, commit: int, number: int, basis: str) -> Link:
        return Link(
            kind=LinkKind.MERGE,
            source=f"commit:{self.repository.id}:{self.graph.shas[commit]}",
            target=f"pr:{self.repository.id}:{number}",
            basis=basis,
            strength=Strength.CANDIDATE,
            detail="the source lists this pull request for the commit; nothing else shows it",
        )


def _claimed(chosen: Mapping[str, tuple[BranchMap, Group]]) -> frozenset[int]:
    """Commits that production branches already account for."""
    return frozenset(commit for _part, group in chosen.values() for commit in group.commits)


def change_type(
    policy: Policy,
    head: PullRequestHead | None,
    accounts: frozenset[str],
    *,
    promotion: bool = False,
    imported: bool = False,
) -> str:
    """The stratum of a change; a grouping for sampling, it decides no determination.

    `imported`: it brought the history of another repository (`ChangeBook.imports`).
    """
    if head is None:
        return PROMOTION if promotion else "direct"
    if set(head.labels) & set(policy.emergency_labels):
        return "emergency"
    if promotion:
        return PROMOTION
    if head.head_ref.startswith("revert-") or head.title.startswith('Revert "'):
        return "revert"
    if imported:
        return IMPORT
    author = head.author
    if author and (author.type in {ActorType.BOT, ActorType.APP} or author.key in accounts):
        return "bot"
    return "normal"


def write_change(
    book: ChangeBook,
    change_id: str,
    part: BranchMap,
    group: Group,
    *,
    scope_start: int = 0,
    **known: object,
) -> Change:
    """The record of a landed change. `known`: fields that deployments and earlier runs decide.

    `scope_start` (microseconds UTC): what landed from then on is tested although the first
    deployment that was observed contained it already; 0: it is not.
    """
    graph, head = book.graph, book.heads.get(group.number)
    shas = graph.shas
    notable = () if group.basis in {"merge_commit", "first_parent"} else (group.basis,)
    extra = (*notable, OFF_BRANCH) if not part.branch else notable
    if not known.get("deployments") and book.before_observation(group):
        merged_at = head.merged_at if head else 0
        in_scope = 0 < scope_start <= merged_at
        extra = (*extra, BEFORE_OBSERVATION if in_scope else BASELINE)
    first = group.landing if len(graph.parents[group.landing]) != 1 else group.commits[0]
    below = graph.parents[first]
    values: dict[str, object] = {
        "change_id": change_id,
        "kind": ChangeKind.PULL_REQUEST if head else ChangeKind.DIRECT,
        "repository": book.repository.id,
        "number": group.number,
        "commits": tuple([shas[commit] for commit in group.commits]),
        "branch": part.branch,
        "landing_sha": shas[group.landing],
        "base_sha": shas[below[0]] if below else "",
        "head_sha": head.head_sha if head else shas[group.landing],
        "merge_method": group.method,
        "flags": (*group.flags, *extra),
    }
    return Change(**{**values, **(told(head) if head else {}), **known})  # type: ignore[arg-type]


def told(head: PullRequestHead) -> dict[str, object]:
    """What the pull request itself says of the change."""
    return {
        "title": head.title,
        "url": head.url,
        "author": head.author,
        "created_at": head.created_at,
        "merged_at": head.merged_at,
        "merged_by": head.merged_by,
    }


def write_not_landed(repository: str, head: PullRequestHead, flag: str, **known: object) -> Change:
    """The record of a pull request that no production branch and no deployment contains."""
    return Change(
        change_id=f"{repository}:pr:{head.number}",
        kind=ChangeKind.PULL_REQUEST,
        repository=repository,
        number=head.number,
        head_sha=head.head_sha,
        merge_method=MergeMethod.UNKNOWN,
        flags=(flag,),
        **told(head),  # type: ignore[arg-type]
        **known,  # type: ignore[arg-type]
    )
