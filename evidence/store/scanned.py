"""Results of scans on what changes came to: by commit and by digest, never by name or time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from evidence.model.chain import ChangeEvidence
from evidence.model.policy_result import PolicyResult
from evidence.model.provenance import MEMBER, Provenance
from evidence.store import queries, since
from evidence.store.session import Store


def with_scans(
    store: Store, found: Mapping[str, ChangeEvidence], at: int | None
) -> dict[str, ChangeEvidence]:
    """Adds the results on the commits and images of each change (by its id), oldest entry first."""
    if not since.has_any(store, PolicyResult):
        return dict(found)
    digests = {change_id: digests_of(one) for change_id, one in found.items()}
    members = _members(store, set().union(*digests.values()) if digests else set(), at)
    wanted = {
        change_id: _commits_of(one)
        | digests[change_id]
        | {one for digest in digests[change_id] for one in members[digest]}
        for change_id, one in found.items()
    }
    every = set().union(*wanted.values()) if wanted else set()
    results: dict[str, list[PolicyResult]] = defaultdict(list)
    for row in queries.load_in(store, PolicyResult, "subject", every, at=at):
        results[row.subject].append(row)
    return {
        change_id: replace(
            one,
            scans=tuple(
                sorted(
                    (row for subject in wanted[change_id] for row in results[subject]),
                    key=lambda row: (row.entry_seq, row.scan_id),
                )
            ),
            platforms={
                member: digest
                for digest in sorted(digests[change_id])
                for member in sorted(members[digest])
            },
        )
        for change_id, one in found.items()
    }


def digests_of(evidence: ChangeEvidence) -> set[str]:
    """Digests of the images of its repository that its deployments are seen to run."""
    return {
        digest
        for deployment in (*evidence.deployments, *evidence.returns)
        for image in deployment.running
        if image.repository == evidence.change.repository
        for digest in image.digests
    }


def _commits_of(evidence: ChangeEvidence) -> set[str]:
    change = evidence.change
    found = {change.head_sha, change.landing_sha, *change.commits}
    found |= {row.sha for row in evidence.pull_request_commits}
    found |= {row.before_sha for row in evidence.events if row.before_sha}
    found |= {
        span.revision
        for deployment in (*evidence.deployments, *evidence.returns)
        for span in deployment.ranges
        if span.repository == change.repository
    }
    return found - {""}


def _members(store: Store, digests: set[str], at: int | None) -> Mapping[str, set[str]]:
    """Index -> digests of its platforms, as registries list them."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = queries.load_in(store, Provenance, "ref", digests, at=at) if digests else []
    for row in rows:
        if row.predicate_type == MEMBER:
            found[row.ref].add(row.subject_digest)
    return found


def scanned_since(store: Store, begin: int) -> frozenset[str]:
    """Commits and digests that results of entries from `begin` on are about."""
    return frozenset(one.subject for one in since.facts_since(store, PolicyResult, begin))


def indexes_of(store: Store, digests: Iterable[str]) -> frozenset[str]:
    """The indexes that list any of the digests as one of their platforms."""
    own = {one for one in digests if one.startswith("sha256:")}
    rows = queries.load_in(store, Provenance, "subject_digest", own) if own else []
    return frozenset(row.ref for row in rows if row.predicate_type == MEMBER)
