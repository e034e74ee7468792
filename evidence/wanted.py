"""What registries and GitHub are asked for: the images that run, as listed and as we found them.

Deployers list what runs now; where they list nothing (Flux), the last decision says which images
the newest deployment of each application brought, so an image that only Git names is read one sync
later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial

from evidence.collectors.github.artifact_records import GitHubArtifactRecords
from evidence.collectors.github.attestations import GitHubAttestations
from evidence.collectors.interface import Collector
from evidence.collectors.oci import OciCollector, Wanted
from evidence.model import codec
from evidence.model.deployment import ApplicationState
from evidence.model.production import ProductionDeployment
from evidence.model.provenance import LABELS, TAG, Provenance
from evidence.store import queries
from evidence.store.session import Store

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def tell(store: Store, collectors: Iterable[Collector]) -> None:
    """Has each registry know what to read, as the store stands when it is its turn."""
    for collector in collectors:
        if isinstance(collector, OciCollector):
            collector.wanted = partial(wanted, store, collector.source)
        if isinstance(collector, GitHubAttestations):
            collector.wanted = partial(digests, store)
        if isinstance(collector, GitHubArtifactRecords):
            collector.wanted = partial(brought_at, store)


def wanted(store: Store, source: str) -> Wanted:
    """Images that run, and digests that the source was read for before."""
    rows = queries.load(store, Provenance, source=source, predicate_type=LABELS)
    return Wanted(
        images=tuple(sorted({*_listed(store), *_brought(store)})),
        known=frozenset(row.subject_digest for row in rows),
    )


def digests(store: Store) -> frozenset[str]:
    """Digests that run: as they are written, and as a registry gave them for a tag that is."""
    return frozenset(brought_at(store))


def brought_at(store: Store) -> dict[str, int]:
    """Digests that run, and when the newest deployment of them began, microseconds UTC; 0: they
    are only listed."""  # noqa: D205, D209
    images = dict.fromkeys(_listed(store), 0)
    for image, started in _deployed(store):
        images[image] = max(images.get(image, 0), started)
    given = queries.load(store, Provenance, predicate_type=TAG)
    named = [(one.rpartition("@")[2], started) for one, started in images.items()]
    named += [(one.subject_digest, images.get(one.subject_name, -1)) for one in given]
    found: dict[str, int] = {}
    for digest, started in named:
        if started >= 0 and _DIGEST.fullmatch(digest):
            found[digest] = max(found.get(digest, 0), started)
    return found


def _listed(store: Store) -> Iterator[str]:
    for (images,) in queries.stream(store, ApplicationState, ("images",)):
        yield from images


def _brought(store: Store) -> Iterator[str]:
    yield from (image for image, _ in _deployed(store))


def _deployed(store: Store) -> Iterator[tuple[str, int]]:
    """Images of the newest deployment of each application, and when it began."""
    for body in queries.newest_deployments(store):
        deployment = codec.decode(ProductionDeployment, json.loads(body))
        for one in deployment.running:
            mark = "@" if one.reference.startswith("sha256:") else ":"
            yield f"{one.image}{mark}{one.reference}", deployment.started_at
