"""Which digests were ever seen for an image and tag: a tag that had two was moved.

An image of several platforms has an index with a digest of its own; a node may list its platform's.
Both are one content: a digest that an index lists counts as the index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from evidence.chain.images import parse_image, split_reference
from evidence.chain.mapping import plain_image
from evidence.chain.records import PopulationInputs
from evidence.chain.sights import Sighted
from evidence.model.provenance import MEMBER, TAG, Provenance


class Digests:
    """Digests by (image, tag): as deployers and registries list them, and as configurations pin it.

    What a reference means is told by what is listed alone, so that it does not matter which
    configuration was read first.
    """

    def __init__(self, inputs: PopulationInputs) -> None:
        self._before, self._stated = inputs.sighted, inputs.stated
        members = (one for one in inputs.provenance if one.predicate_type == MEMBER)
        self._indexes = {one.subject_digest: one.ref for one in members}
        listed = (
            *(one.images for one in inputs.deployments),
            *(one.images for one in inputs.states),
            *(one.images for one in inputs.rollouts),
        )
        found = {*sighted({text for images in listed for text in images})}
        self._listed = _by_tag({*found, *sighted(tagged(inputs.provenance))})
        self._pinned: dict[tuple[str, str], set[str]] = defaultdict(set)

    def pin(self, image: str, reference: str) -> None:
        """Takes note of what a configuration says, where it names both a tag and a digest."""
        tag, digest = split_reference(reference)
        if tag and digest:
            self._pinned[plain_image(image), tag].add(digest)

    @property
    def listed(self) -> frozenset[Sighted]:
        """What deployers and registries list."""
        return frozenset(_flat(self._listed))

    @property
    def pinned(self) -> frozenset[Sighted]:
        """What configurations pin."""
        return frozenset(_flat(self._pinned))

    def of(self, image: str, reference: str) -> tuple[str, ...]:
        """Every digest seen for the tag of a reference, pins too; for one without tag its own."""
        key = (plain_image(image), split_reference(reference)[0])
        pinned = self._pinned.get(key, set()).union(self._before.pinned(*key))
        return self._known(key, reference, pinned)

    def only(self, image: str, reference: str) -> str:
        """The digest that a reference is pinned to, else the only one listed for it; else empty."""
        tag, pinned = split_reference(reference)
        known = () if pinned else self._known((plain_image(image), tag), reference, ())
        return pinned or (known[0] if len(known) == 1 else "")

    def _known(
        self, key: tuple[str, str], reference: str, pinned: Iterable[str]
    ) -> tuple[str, ...]:
        """Sorted; nothing but its own is known of a reference without tag."""
        own = {split_reference(reference)[1]} - {""}
        if key[1]:
            own |= {*pinned, *self._listed.get(key, ()), *self._before.listed(*key)}
        return tuple(sorted({self.content(one) for one in own}))

    def content(self, digest: str) -> str:
        """The digest of the index that lists this one, else itself."""
        if digest not in self._indexes:
            for one in self._stated.get(digest, ()):
                if one.predicate_type == MEMBER:
                    self._indexes[digest] = one.ref
        return self._indexes.get(digest, digest)


def sighted(images: Iterable[str]) -> Iterator[Sighted]:
    """Those of the references that name both a tag and a digest."""
    for text in images:
        image, reference = parse_image(text)
        tag, digest = split_reference(reference)
        if tag and digest:
            yield Sighted(plain_image(image), tag, digest)


def tagged(observed: Iterable[Provenance]) -> Iterator[str]:
    """What registries said that a tag named, as references with a digest."""
    for one in observed:
        if one.predicate_type == TAG:
            yield f"{one.subject_name}@{one.subject_digest}"


def _by_tag(found: Iterable[Sighted]) -> dict[tuple[str, str], set[str]]:
    tags: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        tags[one.image, one.tag].add(one.digest)
    return tags


def _flat(tags: dict[tuple[str, str], set[str]]) -> Iterator[Sighted]:
    for (image, tag), digests in tags.items():
        for digest in digests:
            yield Sighted(image, tag, digest)
