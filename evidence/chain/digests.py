"""Which digests were ever seen for an image and tag: a tag that had two was moved.

An image of several platforms has an index with a digest of its own; a node may list its platform's.
Both are one content: a digest that an index lists counts as the index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from evidence.chain.images import parse_image, split_reference
from evidence.chain.mapping import plain_image
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.provenance import MEMBER, TAG, Provenance
from evidence.model.rollout import RolloutStep


class Digests:
    """Digests by (image, tag), as deployers list what runs and configurations pin it."""

    def __init__(
        self,
        deployments: Iterable[Deployment],
        states: Iterable[ApplicationState],
        rollouts: Iterable[RolloutStep],
        observed: Iterable[Provenance] = (),
    ) -> None:
        """`observed`: what registries said, among it which digest a tag named and what it lists."""
        self._seen: dict[tuple[str, str], set[str]] = defaultdict(set)
        observed = [one for one in observed if one.predicate_type in {MEMBER, TAG}]
        members = (one for one in observed if one.predicate_type == MEMBER)
        self._indexes = {one.subject_digest: one.ref for one in members}
        listed = (
            *(one.images for one in deployments),
            *(one.images for one in states),
            *(one.images for one in rollouts),
        )
        for text in {text for images in listed for text in images}:
            self.add(*parse_image(text))
        for one in observed:
            if one.predicate_type == TAG:
                self.add(*parse_image(f"{one.subject_name}@{one.subject_digest}"))

    def add(self, image: str, reference: str) -> None:
        """Takes note of a reference that names both a tag and a digest."""
        tag, digest = split_reference(reference)
        if tag and digest:
            self._seen[plain_image(image), tag].add(self._indexes.get(digest, digest))

    @property
    def any(self) -> bool:
        """Whether any tag was ever seen with a digest."""
        return bool(self._seen)

    def of(self, image: str, reference: str) -> tuple[str, ...]:
        """Every digest seen for the tag of a reference; for one without tag its own, sorted."""
        tag, digest = split_reference(reference)
        digest = self._indexes.get(digest, digest)
        if not tag:
            return (digest,) if digest else ()
        known = self._seen.get((plain_image(image), tag), set())
        return tuple(sorted(known | {digest} if digest else known))

    def only(self, image: str, reference: str) -> str:
        """The digest that a reference is pinned to, else the only one seen for it; else empty."""
        pinned = split_reference(reference)[1]
        known = self.of(image, reference)
        return pinned or (known[0] if len(known) == 1 else "")
