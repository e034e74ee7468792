"""What Git tags were seen to name, and by which word deployments that rest on one are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from evidence.chain.images import split_reference
from evidence.chain.tags import PROBLEM, TAG_BASIS, TagSight
from evidence.model.git import RefTip
from evidence.model.production import ProductionDeployment
from evidence.store import queries
from evidence.store.movements import TAGS, tags_moved
from evidence.store.session import Store


class StoredTags:
    """The looks at tags among the first `at` entries, each tag read when it is asked for."""

    def __init__(self, store: Store, at: int | None = None) -> None:
        def read(repository: str, name: str) -> tuple[TagSight, ...]:
            versions = queries.load_versions(
                store, RefTip, at=at, repository=repository, name=f"{TAGS}{name}"
            )
            return tuple(TagSight(one.observed_at, one.peeled or one.sha) for one in versions)

        self._read = cache(read)

    def seen(self, repository: str, name: str) -> Sequence[TagSight]:
        """Looks at the tag of that short name, oldest first."""
        return self._read(repository, name)


def moved_words(store: Store, begin: int) -> set[str]:
    """The words of the tags that entries from `begin` on show at another commit than before."""
    return {_word(repository, name) for repository, name in tags_moved(store, begin)}


def tag_words(row: ProductionDeployment) -> Iterator[str]:
    """The word of each Git tag that a deployment rests on."""
    for span in row.ranges:
        if span.tag:
            yield _word(span.repository, span.tag)
    for image in row.running:
        tag = split_reference(image.reference)[0]
        if tag and (image.basis == TAG_BASIS or image.problem == PROBLEM):
            yield _word(image.repository, tag)


def _word(repository: str, name: str) -> str:
    return f"{repository} {TAGS}{name}"
