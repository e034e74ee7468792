"""The GitOps hop: images that a deployment changed, and the source commits behind them.

For each lane of a configuration the images at each deployed revision are read; where a reference
differs from the one that was settled before, the tags are resolved in the mapped repository and
the commits first reached through that image belong to the deployment: all of them, not the tip.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.chain.configuration import Configuration, Configurations
from evidence.chain.digests import Digests
from evidence.chain.images import ImageRef, split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.lanes import Step, lane_ranges
from evidence.chain.mapping import Built, ImageMaps
from evidence.chain.provenance import Statements
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.running import running_image
from evidence.chain.strategies import Reference, Resolution, resolve_reference
from evidence.chain.trailers import Trailer, trailer_of
from evidence.chain.urls import find_repository, repository_index
from evidence.model.change import ImageChange, RunningImage
from evidence.policy import Application, Policy

ImageKey = tuple[str, str, str]
"""(image, source repository id, path in it)."""
_BY_DIGEST = frozenset({"provenance", "claimed_provenance", "commit_trailer"})
"""What tells the commit of a digest although the tag stays the same."""
_UNNAMED = frozenset({"no_such_tag", "digest_only", "not_a_commit"})
"""Problems of a reference that names no commit by itself."""
_UNDECIDED = frozenset({"third_party"})
"""Problems of an image that leave no question about our own sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One image at one operation, resolved."""

    draft: Draft
    commit: int
    resolution: Resolution


_TRAILERS_READ = 50
"""Configuration commits of one deployment whose messages are read, the newest first."""


class Hop:
    """Follows images from configuration to source for all applications of one run."""

    def __init__(self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry) -> None:
        self._policy = policy
        self._inputs = inputs
        self._inquiry = inquiry
        self._maps = ImageMaps(policy)
        self._configurations: dict[str, Configurations] = {}
        self._roles = {one.id: one.role for one in policy.repositories}
        self._urls = repository_index(policy.repositories)
        self._statements = Statements(policy, inputs.provenance)
        self.digests = Digests(inputs.deployments, inputs.states, inputs.rollouts)
        self._interned: dict[RunningImage, RunningImage] = {}
        self._by_trailer: dict[tuple[str, str, str], Resolution] = {}

    def follows(self, application: Application, repository: str, path: str) -> bool:
        """Whether images are read there: in configuration, or where images are mapped at all."""
        if self._roles.get(repository) == "configuration":
            return True
        mapped = application.images or self._policy.image_maps
        return bool(mapped and (path or application.values_files))

    def configuration(
        self, application: Application, repository: str, revision: str, path: str
    ) -> Configuration:
        """What the repository says at a revision; asks Git where it must."""
        reader = self._configurations.get(repository)
        if reader is None:
            reader = Configurations(self._inquiry, repository)
            self._configurations[repository] = reader
        return reader.read(revision, path, application)

    def follow(self, application: Application, drafts: Sequence[Draft]) -> None:
        """Adds image changes and source ranges to the drafts of one application."""
        lanes: dict[tuple[str, str], list[tuple[Draft, RangeDraft]]] = defaultdict(list)
        for draft in drafts:
            for one in draft.ranges:
                if not one.through and self.follows(application, one.repository, one.path):
                    lanes[one.key].append((draft, one))
        for lane in lanes.values():
            self._lane(application, lane)

    def _lane(self, application: Application, lane: Sequence[tuple[Draft, RangeDraft]]) -> None:
        settled = self._before(application, lane[0][1])
        first, unread = settled is None, False
        baselines = self._commits(application, settled or ())
        sources: dict[ImageKey, list[Seen]] = defaultdict(list)
        for draft, one in lane:
            shas = self._inputs.graphs[one.repository].shas
            now = self.configuration(application, one.repository, shas[one.revision], one.path)
            problems = _worth_naming(now.problems)
            draft.problems.update(problems)
            if unread:
                draft.problems.add("previous_image_unresolved")
            if not first:
                changes = [
                    self._change(application, draft, image, old, new, one)
                    for image, old, new in differences(settled or (), now.images)
                ]
                draft.images += changes
                draft.problems.update(_problems(changes))
            for ref in now.images:
                self._sight(application, draft, ref, sources, one)
            if draft.operation.settles:
                settled, first, unread = now.images, False, bool(problems)
        for key, seen in sources.items():
            self._ranges(key, seen, baselines.get(key, -1))

    def _before(self, application: Application, first: RangeDraft) -> tuple[ImageRef, ...] | None:
        """Images at the configured baseline; None without one."""
        if first.lane.previous < 0:
            return None
        sha = self._inputs.graphs[first.repository].shas[first.lane.previous]
        return self.configuration(application, first.repository, sha, first.path).images

    def _commits(self, application: Application, refs: Iterable[ImageRef]) -> dict[ImageKey, int]:
        """Source commit of each image that resolves."""
        found: dict[ImageKey, int] = {}
        for ref in refs:
            built = self._maps.built_from(application, ref.image)
            commit = self._resolve(built, ref).commit
            if commit:
                graph = self._inputs.graphs[built.repository]
                found[ref.image, built.repository, built.path] = graph.index[commit]
        return found

    def _resolve(
        self,
        built: Built,
        ref: ImageRef,
        draft: Draft | None = None,
        trailers: tuple[Trailer, ...] = (),
    ) -> Resolution:
        """The commit behind a reference; a Git tag that is younger than `draft` tells nothing."""
        if not built.repository:
            return Resolution(problem=built.problem)
        tag = split_reference(ref.reference)[0]
        digest = self.digests.only(ref.image, ref.reference)
        stated = self._statements.of(digest, built.repository)
        found = resolve_reference(
            self._inquiry,
            built.repository,
            Reference(tag=tag, digest=digest, statements=tuple(stated), trailers=trailers),
        )
        graph = self._inputs.graphs.get(built.repository)
        if found.commit and (graph is None or found.commit not in graph.index):
            return Resolution(problem="not_collected", candidates=(found.commit,))
        if draft and found.made > self._ended(draft):
            return Resolution(problem="tag_moved_since", candidates=(found.commit,))
        return found

    def _ended(self, draft: Draft) -> int:
        """The last moment at which the operation can have read an image."""
        deployment = draft.operation.deployment
        return max(deployment.started_at, deployment.finished_at) + self._policy.clock_tolerance

    def _change(
        self,
        application: Application,
        draft: Draft,
        image: str,
        old: ImageRef | None,
        new: ImageRef | None,
        lane: RangeDraft,
    ) -> ImageChange:
        place = new or old
        built = self._maps.built_from(application, image)
        before = self._resolve(built, old, draft) if old else Resolution()
        after = self._resolved(built, new, draft, lane) if new else Resolution()
        problem = after.problem
        if old and new and split_reference(old.reference)[0] == split_reference(new.reference)[0]:
            by_digest = after.basis in _BY_DIGEST
            problem = "digest_only" if built.repository and not by_digest else problem
        return ImageChange(
            image=image,
            file=place.file if place else "",
            field=place.field if place else "",
            old=old.reference if old else "",
            new=new.reference if new else "",
            repository=built.repository,
            old_commit=before.commit,
            new_commit=after.commit,
            basis=after.basis,
            strength=after.strength,
            problem=problem,
            candidates=after.candidates,
            matches=after.matches,
        )

    def _resolved(self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft) -> Resolution:
        """With the trailers of the commits that set it, where nothing else names a commit."""
        found = self._resolve(built, ref, draft)
        if not built.repository or found.pending or found.problem not in _UNNAMED:
            return found
        trailers = self._trailers(built.repository, lane)
        return self._resolve(built, ref, draft, trailers) if trailers else found

    def _seen_before(
        self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft
    ) -> Resolution:
        """A reference that trailers named once keeps that meaning while it runs."""
        found = self._resolved(built, ref, draft, lane)
        key = (built.repository, ref.image, ref.reference)
        if found.basis == "commit_trailer":
            self._by_trailer[key] = found
        return self._by_trailer.get(key, found) if found.problem in _UNNAMED else found

    def _trailers(self, repository: str, lane: RangeDraft) -> tuple[Trailer, ...]:
        """References in messages of the lane's commits to commits of the mapped repository.

        A message that names another repository, or none of ours, is no reference to this one.
        """
        shas = self._inputs.graphs[lane.repository].shas
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

    def _sight(
        self,
        application: Application,
        draft: Draft,
        ref: ImageRef,
        sources: dict[ImageKey, list[Seen]],
        lane: RangeDraft,
    ) -> None:
        built = self._maps.built_from(application, ref.image)
        if not built.repository:
            return
        found = self._seen_before(built, ref, draft, lane)
        self.digests.add(ref.image, ref.reference)
        stated = self._statements.of(self.digests.only(ref.image, ref.reference), built.repository)
        runs = running_image(ref, built, found, stated)
        runs = self._interned.setdefault(runs, runs)
        if runs not in draft.running:
            draft.running.append(runs)
        graph = self._inputs.graphs.get(built.repository)
        commit = graph.index[found.commit] if graph is not None and found.commit else -1
        key = (ref.image, built.repository, built.path)
        seen = Seen(draft=draft, commit=commit, resolution=found)
        if not any(one.draft is draft and one.commit == commit for one in sources[key][-8:]):
            sources[key].append(seen)

    def _ranges(self, key: ImageKey, seen: Sequence[Seen], baseline: int) -> None:
        """Source ranges of one image; an operation it did not move gets none."""
        image, repository, path = key
        unresolved = False
        known: list[Seen] = []
        for one in seen:
            if one.commit < 0:
                unresolved = True
                continue
            if unresolved and known:
                one.draft.problems.add("previous_image_unresolved")
            unresolved = False
            known.append(one)
        if not known:
            return
        graph = self._inputs.graphs[repository]
        steps = [Step(revision=one.commit, settles=one.draft.operation.settles) for one in known]
        for one, step, lane in zip(known, steps, lane_ranges(graph, steps, baseline), strict=True):
            if step.revision == lane.previous:
                continue
            one.draft.ranges.append(
                RangeDraft(
                    key=(repository, path),
                    repository=repository,
                    path=path,
                    revision=step.revision,
                    lane=lane,
                    basis=one.resolution.basis,
                    strength=one.resolution.strength,
                    through=image,
                    commits=lane.commits,
                )
            )


def differences(
    old: Sequence[ImageRef], new: Sequence[ImageRef]
) -> list[tuple[str, ImageRef | None, ImageRef | None]]:
    """(image, old, new) of every image whose references differ; a mere move is no difference.

    References are paired by place where the place stayed, else one to one where there is one of
    each; what is left appeared or went away.
    """
    found: list[tuple[str, ImageRef | None, ImageRef | None]] = []
    for image in sorted({ref.image for ref in (*old, *new)}):
        was = [ref for ref in old if ref.image == image]
        now = [ref for ref in new if ref.image == image]
        if {ref.reference for ref in was} == {ref.reference for ref in now}:
            continue
        places = {(ref.file, ref.field): ref for ref in was}
        left: list[ImageRef] = []
        for ref in now:
            before = places.pop((ref.file, ref.field), None)
            if before is None:
                left.append(ref)
            elif before.reference != ref.reference:
                found.append((image, before, ref))
        gone = list(places.values())
        if len(gone) == len(left) == 1:
            found.append((image, gone[0], left[0]))
            continue
        found += [(image, None, ref) for ref in left]
        found += [(image, ref, None) for ref in gone]
    return found


def _problems(changes: Iterable[ImageChange]) -> set[str]:
    """Problems of the row: an image of ours whose source commits cannot be told."""
    return {
        f"image_{change.problem}"
        for change in changes
        if change.new and change.problem and change.problem not in _UNDECIDED
    }


def _worth_naming(problems: Iterable[str]) -> set[str]:
    """Codes of what could not be read; templates are expected in a chart and say nothing."""
    return {f"configuration_{code}" for code in {one.split(":")[0] for one in problems}} - {
        "configuration_template"
    }
