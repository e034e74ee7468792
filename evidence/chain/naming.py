"""Which commit an image reference named when an operation read it.

The strategies say what a reference tells by itself; here stands what an operation adds to that: a
Git tag that is younger than it tells nothing, the commits that set a reference may name what it
was built from, and what they named once holds while that reference runs.
"""

from __future__ import annotations

from evidence.chain.digests import Digests
from evidence.chain.images import ImageRef, split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.mapping import Built
from evidence.chain.provenance import Statement, Statements
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.strategies import Reference, Resolution, resolve_reference
from evidence.chain.trailers import Trailer, trailer_of
from evidence.chain.urls import find_repository, repository_index
from evidence.policy import Policy

_UNNAMED = frozenset({"no_such_tag", "digest_only", "not_a_commit", "candidate_only"})
"""Problems of a reference that names no commit by itself."""
_TRAILERS_READ = 50
"""Configuration commits of one deployment whose messages are read, the newest first."""


class Naming:
    """Resolves image references to commits of their mapped repositories, for one run."""

    def __init__(
        self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry, digests: Digests
    ) -> None:
        self._policy = policy
        self._graphs = inputs.graphs
        self._inquiry = inquiry
        self._digests = digests
        self._urls = repository_index(policy.repositories)
        self._statements = Statements(policy, inputs.provenance)
        self._by_trailer: dict[tuple[str, str, str], Resolution] = {}

    def stated(self, built: Built, ref: ImageRef) -> tuple[Statement, ...]:
        """What builders state of the digest behind a reference."""
        digest = self._digests.only(ref.image, ref.reference)
        return tuple(self._statements.of(digest, built.repository))

    def by_itself(
        self,
        built: Built,
        ref: ImageRef,
        draft: Draft | None = None,
        trailers: tuple[Trailer, ...] = (),
    ) -> Resolution:
        """The commit behind a reference; a Git tag that is younger than `draft` tells nothing."""
        if not built.repository:
            return Resolution(problem=built.problem)
        digest = self._digests.only(ref.image, ref.reference)
        found = resolve_reference(
            self._inquiry,
            built.repository,
            Reference(
                tag=split_reference(ref.reference)[0],
                digest=digest,
                statements=self.stated(built, ref),
                labels=tuple(self._statements.labels(digest, built.repository)),
                trailers=trailers,
            ),
        )
        graph = self._graphs.get(built.repository)
        if found.commit and (graph is None or found.commit not in graph.index):
            return Resolution(problem="not_collected", candidates=(found.commit,))
        if draft and found.made > self._ended(draft):
            return Resolution(problem="tag_moved_since", candidates=(found.commit,))
        return found

    def as_set(self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft) -> Resolution:
        """With the trailers of the commits that set it, where nothing else names a commit."""
        found = self.by_itself(built, ref, draft)
        if not built.repository or found.pending or found.problem not in _UNNAMED:
            return found
        trailers = self._trailers(built.repository, lane)
        return self.by_itself(built, ref, draft, trailers) if trailers else found

    def as_running(self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft) -> Resolution:
        """A reference that trailers named once keeps that meaning while it runs."""
        found = self.as_set(built, ref, draft, lane)
        key = (built.repository, ref.image, ref.reference)
        if found.basis == "commit_trailer":
            self._by_trailer[key] = found
        return self._by_trailer.get(key, found) if found.problem in _UNNAMED else found

    def _ended(self, draft: Draft) -> int:
        """The last moment at which the operation can have read an image."""
        deployment = draft.operation.deployment
        return max(deployment.started_at, deployment.finished_at) + self._policy.clock_tolerance

    def _trailers(self, repository: str, lane: RangeDraft) -> tuple[Trailer, ...]:
        """References in messages of the lane's commits to commits of the mapped repository.

        A message that names another repository, or none of ours, is no reference to this one.
        """
        shas = self._graphs[lane.repository].shas
        found: list[Trailer] = []
        for commit in lane.commits[-_TRAILERS_READ:]:
            message = self._inquiry.message(lane.repository, shas[commit])
            trailer = trailer_of(message, shas[commit]) if message else None
            if trailer and self._named(trailer) == repository:
                found.append(trailer)
        return tuple(found[-1:])

    def _named(self, trailer: Trailer) -> str:
        url = trailer.repository_url
        return find_repository(url, self._urls, self._policy.repositories)[0] if url else ""
