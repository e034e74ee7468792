"""Reconciliation R6 for images: what ran when a look was taken, against what deployments brought.

It catches what reached the cluster beside the deployers (kubectl, a part of a sync) where the
revision says nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.chain.images import parse_image, split_reference
from evidence.chain.looks import Looks
from evidence.chain.mapping import plain_image
from evidence.chain.scenes import Scenes
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveImages:
    """Images of production as looks listed them, each once per application and reference."""

    seen: int
    explained: int
    not_followed: int
    """Of images that no deployment of the application names: acquired, or not read."""
    unexplained: tuple[str, ...]
    """`<application>: <image>` that ran and that no deployment brought."""


def live_images(policy: Policy, looks: Looks, rows: Iterable[ProductionDeployment]) -> LiveImages:
    """Compares every image that was listed as running with those of the application's rows."""
    brought = _brought(rows)
    live = {
        (application, *_plain(text))
        for key, application in Scenes(policy, looks).production()
        for one in looks.of(key)
        for text in one.state.images
    }
    unexplained: list[str] = []
    explained = 0
    for application, image, reference in sorted(live):
        known = brought.get((application, image))
        if known is None:
            continue
        if any(_same(reference, other) for other in known):
            explained += 1
        else:
            unexplained.append(f"{application}: {image} at {reference}")
    return LiveImages(
        seen=len(live),
        explained=explained,
        not_followed=len(live) - explained - len(unexplained),
        unexplained=tuple(unexplained),
    )


def _brought(rows: Iterable[ProductionDeployment]) -> dict[tuple[str, str], set[str]]:
    """(application, image) -> every reference that a deployment of it brought or took away."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        for one in row.running:
            found[row.application, plain_image(one.image)].add(one.reference)
        for change in row.images:
            known = {change.old, change.new} - {""}
            found[row.application, plain_image(change.image)].update(known)
    return {key: references for key, references in found.items() if references}


def _plain(text: str) -> tuple[str, str]:
    image, reference = parse_image(text)
    return plain_image(image), reference


def _same(live: str, brought: str) -> bool:
    """By digest where both name one, else by tag; a digest alone tells nothing of a tag."""
    (tag, digest), (other, pinned) = split_reference(live), split_reference(brought)
    if digest and pinned:
        return digest == pinned
    return tag == other if tag and other else False
