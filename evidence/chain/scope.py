"""Which commits of a range concern a deployment: those that touch what it is read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from evidence.chain.changed import changed_files
from evidence.chain.hop import Hop
from evidence.chain.inquiry import Inquiry
from evidence.chain.live import LIVE
from evidence.chain.mapping import source_paths
from evidence.chain.path_index import PathIndex
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.model.globs import matches
from evidence.policy import Policy

UNMAPPED = "path_unmapped"
"""Flag and problem of a deployment: it brought files that no image is known to be built from."""


class Scope:
    """Limits ranges to paths; asks Git only for commits whose files the store does not hold."""

    def __init__(
        self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry, hop: Hop
    ) -> None:
        self._inputs = inputs
        self._inquiry = inquiry
        self._hop = hop
        self._indexes: dict[str, PathIndex] = {}
        self._policy = policy
        self._mapped: dict[str, tuple[str, ...] | None] = {}
        self._roles = {one.id: one.role for one in policy.repositories}

    def limit(self, drafts: Iterable[Draft]) -> None:
        """Leaves in each range only the commits that touch its paths.

        A configuration lane is limited to what was read for it at both ends, a source lane to the
        path its image is mapped to. Without a path the whole repository counts. A commit whose
        files are not known yet stays in.
        """
        for draft in drafts:
            for one in draft.ranges:
                self.limit_one(draft, one)

    def limit_one(self, draft: Draft, one: RangeDraft) -> None:
        """The same for one range of a draft."""
        paths = self.paths(draft, one)
        if paths is None or "" in paths:
            return
        kept, unknown = self._touching(one, paths)
        stray = self._unmapped(draft, one)
        if stray:
            draft.problems.add(UNMAPPED)
            draft.flags.add(UNMAPPED)
            kept = tuple([commit for commit in one.commits if commit in stray.union(kept)])
        one.commits = kept
        one.lane = replace(one.lane, commits=())  # of a large repository most are left out
        if unknown:
            draft.problems.add("paths_not_read")

    def _unmapped(self, draft: Draft, one: RangeDraft) -> set[int]:
        """Commits of a monorepo that change files which nothing says what is built from.

        They may be in every image of it, until the path is mapped or called non-deployable.
        """
        if all(run.image != one.through for run in draft.running):
            return set()
        known = self._source_paths(one.repository)
        if known is None:
            return set()
        shas = self._inputs.graphs[one.repository].shas
        return {
            commit
            for commit in one.commits
            for file in self.changed(one.repository, shas[commit]) or ()
            if not matches(file, known)
        }

    def _source_paths(self, repository: str) -> tuple[str, ...] | None:
        if repository not in self._mapped:
            own = next(one for one in self._policy.repositories if one.id == repository)
            mapped = source_paths(self._policy, own)
            more = self._policy.non_deployable_paths
            self._mapped[repository] = mapped and (*mapped, *more)
        return self._mapped[repository]

    def paths(self, draft: Draft, one: RangeDraft) -> set[str] | None:
        """What a range is read from; None for the whole repository."""
        if one.through:
            return {one.path} if one.path else None
        limited = one.path or draft.application.values_files
        # What only its result shows is held to what it is read from wherever that stands: a
        # deployer calls an application synced at every newer commit, too, that changes nothing.
        kept_whole = self._roles.get(one.repository) != "configuration"
        if not limited or (kept_whole and draft.operation.origins != (LIVE,)):
            return None
        shas = self._inputs.graphs[one.repository].shas
        found: set[str] = set()
        for revision in {one.revision, one.lane.previous} - {-1}:
            for path in {one.path, one.key[1]}:
                read = self._hop.configuration(
                    draft.application, one.repository, shas[revision], path
                )
                found.update(read.scopes)
        return found

    def _touching(self, one: RangeDraft, paths: set[str]) -> tuple[tuple[int, ...], bool]:
        if one.repository not in self._indexes:
            repository = one.repository  # not that of another range, when the index asks later
            inputs, inquiry = self._inputs, self._inquiry  # not self: nothing should hold itself
            shas = inputs.graphs[repository].shas

            def changed(commit: int) -> Sequence[str] | None:
                return changed_files(inputs, inquiry, repository, shas[commit])

            self._indexes[repository] = PathIndex(len(shas), changed)
        return self._indexes[one.repository].touching(one.commits, paths)

    def changed(self, repository: str, sha: str) -> Sequence[str] | None:
        """Files of a commit: from the store, else from Git; None where not known yet."""
        return changed_files(self._inputs, self._inquiry, repository, sha)
