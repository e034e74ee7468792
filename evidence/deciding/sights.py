"""Digests that new facts list for tags, and the deployments that ran what they speak of.

What an image was built from, and whether its tag was moved, may be told long after it was deployed:
by a look at what runs, by a registry, by a builder's statement. The applications that ran it are
then built again from before it ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache

from evidence.chain.digests import sighted, tagged
from evidence.chain.handover import Handover
from evidence.chain.images import split_reference
from evidence.chain.mapping import plain_image
from evidence.chain.records import Population
from evidence.chain.sights import Sighted
from evidence.deciding.tags import moved_words, tag_words
from evidence.deciding.window import Whole
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.production import ProductionDeployment, RunningImage
from evidence.model.provenance import MEMBER, TAG, Provenance
from evidence.model.rollout import RolloutStep
from evidence.store import queries, since
from evidence.store.session import Store
from evidence.store.sights import (
    LISTED,
    PINNED,
    digests_of,
    ran_first,
    ran_row,
    sight_row,
    unknown,
)
from evidence.store.writer import IndexRow


class StoredSights:
    """Digests by tag as decisions met them, with what entries from `begin` on list besides."""

    def __init__(self, store: Store, begin: int) -> None:
        self._store = store
        self._begin = begin
        self._told = since.facts_since(store, Provenance, begin)
        listed = [
            text
            for cls in (Deployment, ApplicationState, RolloutStep)
            for one in since.facts_since(store, cls, begin)
            for text in one.images  # type: ignore[attr-defined]
        ]
        self.fresh = frozenset(sighted({*listed, *tagged(self._told)}))
        self._of: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self.fresh:
            self._of[one.image, one.tag].add(one.digest)
        self._stored = cache(lambda kind, image, tag: digests_of(store, kind, image, tag))

    def listed(self, image: str, tag: str) -> Iterable[str]:
        """Those that deployers and registries list."""
        return self._stored(LISTED, image, tag) | self._of.get((image, tag), set())

    def pinned(self, image: str, tag: str) -> Iterable[str]:
        """Those that configurations pin."""
        return self._stored(PINNED, image, tag)

    def starts(self, known: Handover) -> dict[str, int]:
        """Application -> start of its first deployment of what is told of, microseconds UTC.

        Raises:
            Whole: it is no single object of its deployer.
        """
        fresh = unknown(self._store, LISTED, self.fresh)
        words = {f"{image}:{tag}" for image, tag, _ in fresh} | _stated(self._told)
        words |= moved_words(self._store, self._begin)
        ends = {f"{one.source}:{one.uid}": one.application for one in known.applications}
        ran = _starts(ran_first(self._store, words))
        if ran.keys() - ends.keys():
            raise Whole("an image is told of that ran in an application made again")
        return {ends[identity]: started for identity, started in ran.items()}

    def check_pins(self, part: Population, built: Collection[str]) -> None:
        """Refuses what configurations pin only now where it ran before what is built again.

        Raises:
            Whole: it did.
        """
        fresh = unknown(self._store, PINNED, part.pinned)
        words = {f"{image}:{tag}" for image, tag, _ in fresh}
        if ran_first(self._store, words) - set(built):
            raise Whole("an image that ran before is pinned only now")


def ran_again(store: Store, population: Population, begin: int) -> dict[str, int]:
    """Object of a deployer (`source:uid`) -> start of its first deployment of an image of which a
    whole population, or an entry from `begin` on, tells more. Microseconds UTC."""  # noqa: D205, D209
    fresh = unknown(store, LISTED, population.listed) | unknown(store, PINNED, population.pinned)
    words = {f"{image}:{tag}" for image, tag, _ in fresh}
    words |= _stated(since.facts_since(store, Provenance, begin)) | moved_words(store, begin)
    return _starts(ran_first(store, words))


def _stated(told: Iterable[Provenance]) -> set[str]:
    """The digests that statements are about."""
    about = [one for one in told if one.predicate_type != TAG]
    found = {one.subject_digest for one in about}
    return found | {one.ref for one in about if one.predicate_type == MEMBER}


def _starts(deployment_ids: Iterable[str]) -> dict[str, int]:
    """Object of a deployer -> start of the first of its deployments."""
    found: dict[str, int] = {}
    for one in deployment_ids:
        identity, _, started = one.rpartition(":")
        found[identity] = min(found.get(identity, int(started)), int(started))
    return found


class StoredStatements(Mapping[str, tuple[Provenance, ...]]):
    """What is stated of digests, each read when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._read = cache(
            lambda digest: tuple(queries.load_in(store, Provenance, "subject_digest", [digest]))
        )

    def __getitem__(self, digest: str) -> tuple[Provenance, ...]:
        if not digest:
            raise KeyError(digest)
        return self._read(digest)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def sight_words(listed: Iterable[Sighted], pinned: Iterable[Sighted]) -> Iterator[IndexRow]:
    """The words of digests that were seen for tags."""
    for kind, sights in ((LISTED, listed), (PINNED, pinned)):
        for one in sorted(sights):
            yield sight_row(kind, one)


def ran_words(deployments: Iterable[ProductionDeployment], *, first: bool) -> Iterator[IndexRow]:
    """From which deployments on tags and digests ran. `deployments` in order of start.

    `first`: whether the first one of each application is known to be its first of all.
    """
    before: dict[str, set[str]] = {}
    for one in deployments:
        words = {word for image in one.running for word in _words(image)} | set(tag_words(one))
        known = before.get(one.application)
        if known is not None or first:
            for word in sorted(words - (known or set())):
                yield ran_row(word, one.deployment_id)
        before[one.application] = words


def _words(image: RunningImage) -> Iterator[str]:
    tag, digest = split_reference(image.reference)
    if tag:
        yield f"{plain_image(image.image)}:{tag}"
    yield from {digest, *image.digests} - {""}
