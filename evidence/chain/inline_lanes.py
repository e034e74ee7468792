"""Which operations were given images by the definition of their application, source by source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.chain.configuration import Configuration
from evidence.chain.images import value_images
from evidence.chain.inline import value_layers
from evidence.chain.mapping import only_image
from evidence.chain.rows import Draft, RangeDraft
from evidence.in_scope import Application


def inline_lanes(drafts: Iterable[Draft]) -> Iterator[list[tuple[Draft, str]]]:
    """Operations with what their charts were given inline, chart by chart.

    A chart is in no repository of ours, so that nothing else tells its images.
    """
    lanes: dict[str, list[tuple[Draft, str]]] = {}
    for draft in drafts:
        if draft.without_commit:
            continue
        for located, source in zip(draft.located, draft.operation.deployment.sources, strict=True):
            if located.commit < 0 and (source.inline or located.path in lanes):
                lanes.setdefault(located.path, []).append((draft, source.inline))
    yield from lanes.values()


def inline_of(draft: Draft, one: RangeDraft) -> str:
    """What the source of a range was given inline by an operation."""
    places = zip(draft.located, draft.operation.deployment.sources, strict=True)
    for located, source in places:
        if (located.repository, located.path) == (one.repository, one.path):
            return source.inline
    return ""


def inline_configuration(inline: str, application: Application) -> Configuration:
    """The images that a chart is given inline."""
    layers, problems = value_layers(inline)
    found = value_images(layers, application.values_keys, only_image(application))
    return Configuration(
        images=tuple(sorted(set(found), key=lambda one: (one.image, one.field, one.reference))),
        problems=tuple(problems),
    )
