"""What the population is built from, read slim and whole from the store."""

from __future__ import annotations

from collections import defaultdict

from evidence.chain.changes import PullRequestHead
from evidence.chain.claims import Linked, links_in
from evidence.chain.graph import CommitGraph
from evidence.chain.population import PopulationInputs
from evidence.deciding.tags import StoredTags
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.git import RefTip
from evidence.model.provenance import Provenance
from evidence.model.pull_request import CommitPullRequests, PullRequest
from evidence.model.rollout import RolloutStep
from evidence.policy import Policy
from evidence.store import ids, queries
from evidence.store.runs import complete_runs
from evidence.store.session import Store


def load_inputs(store: Store, policy: Policy, at: int | None) -> PopulationInputs:
    """Everything but the answers of Git, as of a ledger size."""
    return PopulationInputs(
        deployments=tuple(queries.load_versions(store, Deployment, at=at)),
        rollouts=tuple(queries.load_versions(store, RolloutStep, at=at)),
        states=tuple(queries.load_versions(store, ApplicationState, at=at)),
        runs=complete_runs(store, at=at),
        graphs={one.id: graph_of(store, one.id) for one in policy.repositories},
        tips={
            one.id: _tips(store, one.id, one.production_branches, at) for one in policy.repositories
        },
        heads=tuple(
            PullRequestHead(*row)
            for row in queries.stream(store, PullRequest, PullRequestHead._fields, at=at)
        ),
        associations=_associations(store, at),
        linked={
            one.id: _linked(store, one.id, at)
            for one in policy.repositories
            if one.role == "configuration"
        },
        provenance=tuple(queries.load(store, Provenance, at=at)),
        tags=StoredTags(store, at),
        gaps=tuple(row.gap for row in queries.gaps(store, at=at)),
        previous_ids=tuple(ids.direct_change_ids(store)),
    )


def graph_of(store: Store, repository: str) -> CommitGraph:
    """The commits of a repository, as the mirror has them now."""
    shas, parents = queries.graph(store, repository)
    return CommitGraph(shas, [tuple(places) for places in parents])


def _tips(
    store: Store, repository: str, branches: tuple[str, ...], at: int | None
) -> dict[str, tuple[str, ...]]:
    """Branch -> the commits it was seen to point to, the newest observation first."""
    found: dict[str, tuple[str, ...]] = {}
    for branch in branches:
        versions = queries.load_versions(
            store, RefTip, at=at, repository=repository, name=f"refs/heads/{branch}"
        )
        shas = [tip.peeled or tip.sha for tip in reversed(versions)]
        if shas:
            found[branch] = tuple(dict.fromkeys(shas))
    return found


def _associations(store: Store, at: int | None) -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    columns = ("repository", "sha", "merged_numbers")
    for repository, sha, numbers in queries.stream(store, CommitPullRequests, columns, at=at):
        found[repository][sha] = numbers
    return found


def _linked(store: Store, repository: str, at: int | None) -> dict[int, tuple[Linked, ...]]:
    """Links in the bodies of merged pull requests, each by the first version seen merged."""
    found: dict[int, tuple[Linked, ...]] = {}
    columns = ("number", "body", "merged_at")
    rows = queries.stream(store, PullRequest, columns, at=at, versions=True, repository=repository)
    for number, body, merged_at in rows:
        if merged_at and number not in found:
            found[number] = links_in(body)
    return {number: links for number, links in found.items() if links}
