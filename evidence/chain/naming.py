"""Which commit an image reference named when an operation read it.

The strategies say what a reference tells by itself; here stands what an operation adds to that: a
Git tag that is younger than it tells nothing, the commits that set a reference may name what it
was built from, and what they named once holds while that reference runs.
"""

from __future__ import annotations

from dataclasses import replace

from evidence.chain.digests import Digests
from evidence.chain.images import ImageRef, split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.mapping import Built
from evidence.chain.matches import Reference, Resolution
from evidence.chain.provenance import Statement, Statements
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.set_by import SetBy, Told
from evidence.chain.strategies import resolve_reference
from evidence.chain.tags import PROBLEM, TAG_BASIS, moved_after, other_before
from evidence.chain.weaker import TOLD
from evidence.policy import Policy

_UNNAMED = frozenset({"no_such_tag", "digest_only", "not_a_commit", "candidate_only"})
"""Problems of a reference that names no commit by itself."""
_WHILE_IT_RUNS = TOLD | {"commit_trailer"}
"""Bases that only the commits that set a reference tell; they hold while it runs."""

_NOTHING = Told()


class Naming:
    """Resolves image references to commits of their mapped repositories, for one run."""

    def __init__(
        self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry, digests: Digests
    ) -> None:
        self._policy = policy
        self._graphs = inputs.graphs
        self._inquiry = inquiry
        self._digests = digests
        self._set_by = SetBy(policy, inputs, inquiry)
        self._statements = Statements(policy, inputs.provenance, inputs.stated)
        self._by_text: dict[tuple[str, str, str], Resolution] = {}
        self._tags = inputs.tags
        self._open: dict[tuple[str, str, str, str], Resolution] = {}

    def stated(self, built: Built, ref: ImageRef) -> tuple[Statement, ...]:
        """What builders state of the digest behind a reference."""
        digest = self._digests.only(ref.image, ref.reference)
        return tuple(self._statements.of(digest, built.repository))

    def by_itself(
        self,
        built: Built,
        ref: ImageRef,
        draft: Draft | None = None,
        told: Told = _NOTHING,
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
                trailers=told.trailers,
                claims=told.claims,
                links=told.links,
                version=told.version,
                landed_last=told.landed_last,
            ),
        )
        graph = self._graphs.get(built.repository)
        if found.commit and (graph is None or found.commit not in graph.index):
            return Resolution(problem="not_collected", candidates=(found.commit,))
        if draft and found.made > self._ended(draft):
            return Resolution(problem=PROBLEM, candidates=(found.commit,))
        return found

    def as_set(
        self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft | None
    ) -> Resolution:
        """With what is told by those who set it, where nothing else names a commit."""
        found = self.by_itself(built, ref, draft)
        told_of = built.repository and not found.pending and found.problem in _UNNAMED
        if lane is None or not told_of:
            return found
        told = self._set_by.told(built, ref, draft, lane)
        return self.by_itself(built, ref, draft, told) if told != _NOTHING else found

    def as_changed(
        self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft | None
    ) -> Resolution:
        """As `as_set`, of a reference that was another one before: its tag may have moved since.

        Where the last look before the operation showed the tag at another commit, nothing tells
        which one was deployed, for as long as that reference runs.
        """
        found = self.as_set(built, ref, draft, lane)
        key = (draft.application.id, built.repository, ref.image, ref.reference)
        self._open.pop(key, None)
        if found.basis != TAG_BASIS:
            return found
        sights = self._tags.seen(built.repository, split_reference(ref.reference)[0])
        ended = self._ended(draft)
        other = other_before(sights, found.commit, ended)
        if other:
            candidates = tuple(sorted({found.commit, other}))
            self._open[key] = Resolution(problem=PROBLEM, candidates=candidates)
            return self._open[key]
        return replace(found, moved=moved_after(sights, found.commit, ended))

    def as_running(
        self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft | None
    ) -> Resolution:
        """A reference that was named by those who set it keeps that meaning while it runs."""
        kept = self._open.get((draft.application.id, built.repository, ref.image, ref.reference))
        if kept is not None:
            return kept
        found = self.as_set(built, ref, draft, lane)
        key = (built.repository, ref.image, ref.reference)
        if found.basis in _WHILE_IT_RUNS:
            self._by_text[key] = found
        return self._by_text.get(key, found) if found.problem in _UNNAMED else found

    def _ended(self, draft: Draft) -> int:
        """The last moment at which the operation can have read an image."""
        deployment = draft.operation.deployment
        return max(deployment.started_at, deployment.finished_at) + self._policy.clock_tolerance
