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
from evidence.chain.images import ImageRef, differences, split_reference
from evidence.chain.inline import FLAG, SPEC
from evidence.chain.inline_lanes import inline_configuration, inline_lanes, inline_of
from evidence.chain.inquiry import Inquiry
from evidence.chain.lanes import Step, lane_ranges
from evidence.chain.mapping import ImageMaps
from evidence.chain.matches import Resolution
from evidence.chain.naming import Naming
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.running import running_image
from evidence.chain.tags import MOVED
from evidence.chain.weaker import TOLD
from evidence.in_scope import Application
from evidence.model.production import ImageChange, RunningImage
from evidence.policy import Policy

ImageKey = tuple[str, str, str]
"""(image, source repository id, path in it)."""
_BY_DIGEST = TOLD | {"provenance", "claimed_provenance", "commit_trailer", "image_label"}
"""What tells the commit of a digest although the tag stays the same."""
_UNDECIDED = frozenset({"third_party"})
"""Problems of an image that leave no question about our own sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One image at one operation, resolved."""

    draft: Draft
    commit: int
    resolution: Resolution


class Hop:
    """Follows images from configuration to source for all applications of one run."""

    def __init__(self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry) -> None:
        self._policy = policy
        self._inputs = inputs
        self._inquiry = inquiry
        self._maps = ImageMaps(policy)
        self._configurations: dict[str, Configurations] = {}
        self._roles = {one.id: one.role for one in policy.repositories}
        self.digests = Digests(inputs)
        self._naming = Naming(policy, inputs, inquiry, self.digests)
        self._interned: dict[RunningImage, RunningImage] = {}

    def follows(self, application: Application, repository: str, path: str) -> bool:
        """Whether images are read there: in configuration, or where images are mapped at all."""
        if self._roles.get(repository) == "configuration":
            return True
        mapped = application.images or self._policy.image_maps
        return bool(mapped and (path or application.values_files))

    def configuration(
        self, application: Application, repository: str, revision: str, path: str, inline: str = ""
    ) -> Configuration:
        """What the repository says at a revision; asks Git where it must."""
        reader = self._configurations.get(repository)
        if reader is None:
            reader = Configurations(self._inquiry, repository)
            self._configurations[repository] = reader
        return reader.read(revision, path, application, inline)

    def follow(self, application: Application, drafts: Sequence[Draft]) -> None:
        """Adds image changes and source ranges to the drafts of one application."""
        lanes: dict[tuple[str, str], list[tuple[Draft, RangeDraft]]] = defaultdict(list)
        for draft in drafts:
            for one in draft.ranges:
                if not one.through and self.follows(application, one.repository, one.path):
                    lanes[one.key].append((draft, one))
        for lane in lanes.values():
            steps = ((draft, one, self._at(application, draft, one)) for draft, one in lane)
            self._lane(application, steps, self._before(application, *lane[0]))
        for given in inline_lanes(drafts):
            told = ((draft, None, inline_configuration(one, application)) for draft, one in given)
            self._lane(application, told, None)

    def _at(self, application: Application, draft: Draft, one: RangeDraft) -> Configuration:
        """What an operation was read from, with what its application was given inline."""
        sha = self._inputs.graphs[one.repository].shas[one.revision]
        inline = inline_of(draft, one)
        return self.configuration(application, one.repository, sha, one.path, inline)

    def _lane(
        self,
        application: Application,
        lane: Iterable[tuple[Draft, RangeDraft | None, Configuration]],
        settled: tuple[ImageRef, ...] | None,
    ) -> None:
        """`settled`: the images before all of it, where they are known."""
        first, unread = settled is None, False
        baselines = self._commits(application, settled or ())
        sources: dict[ImageKey, list[Seen]] = defaultdict(list)
        for draft, one, now in lane:
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

    def _before(
        self, application: Application, draft: Draft, first: RangeDraft
    ) -> tuple[ImageRef, ...] | None:
        """Images at the configured baseline; None without one."""
        if first.lane.previous < 0:
            return None
        sha = self._inputs.graphs[first.repository].shas[first.lane.previous]
        inline = inline_of(draft, first)
        return self.configuration(application, first.repository, sha, first.path, inline).images

    def _commits(self, application: Application, refs: Iterable[ImageRef]) -> dict[ImageKey, int]:
        """Source commit of each image that resolves."""
        found: dict[ImageKey, int] = {}
        for ref in refs:
            built = self._maps.built_from(application, ref.image)
            commit = self._naming.by_itself(built, ref).commit
            if commit:
                graph = self._inputs.graphs[built.repository]
                found[ref.image, built.repository, built.path] = graph.index[commit]
        return found

    def _change(
        self,
        application: Application,
        draft: Draft,
        image: str,
        old: ImageRef | None,
        new: ImageRef | None,
        lane: RangeDraft | None,
    ) -> ImageChange:
        place = new or old
        built = self._maps.built_from(application, image)
        before = self._naming.by_itself(built, old, draft) if old else Resolution()
        after = self._naming.as_changed(built, new, draft, lane) if new else Resolution()
        if place and place.file == SPEC:
            draft.flags.add(FLAG)
        if after.moved:
            draft.flags.add(MOVED)
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

    def _sight(
        self,
        application: Application,
        draft: Draft,
        ref: ImageRef,
        sources: dict[ImageKey, list[Seen]],
        lane: RangeDraft | None,
    ) -> None:
        built = self._maps.built_from(application, ref.image)
        if not built.repository:
            return
        found = self._naming.as_running(built, ref, draft, lane)
        self.digests.pin(ref.image, ref.reference)
        runs = running_image(ref, built, found, self._naming.stated(built, ref))
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
            if unresolved:
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
