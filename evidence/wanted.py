"""What registries are asked for: the images that run, as deployers list them and as we found them.

Deployers list what runs now; where they list nothing (Flux), the last decision says which images
the newest deployment of each application brought, so an image that only Git names is read one sync
later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial

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


def wanted(store: Store, source: str) -> Wanted:
    """Images that run, and digests that the source was read for before."""
    rows = queries.load(store, Provenance, source=source, predicate_type=LABELS)
    return Wanted(
        images=tuple(sorted({*_listed(store), *_brought(store)})),
        known=frozenset(row.subject_digest for row in rows),
    )


def digests(store: Store) -> frozenset[str]:
    """Digests that run: as they are written, and as a registry gave them for a tag that is."""
    images = {*_listed(store), *_brought(store)}
    written = {one.rpartition("@")[2] for one in images}
    given = queries.load(store, Provenance, predicate_type=TAG)
    tagged = {row.subject_digest for row in given if row.subject_name in images}
    return frozenset(one for one in written | tagged if _DIGEST.fullmatch(one))


def _listed(store: Store) -> Iterator[str]:
    for (images,) in queries.stream(store, ApplicationState, ("images",)):
        yield from images


def _brought(store: Store) -> Iterator[str]:
    for body in queries.newest_deployments(store):
        for one in codec.decode(ProductionDeployment, json.loads(body)).running:
            mark = "@" if one.reference.startswith("sha256:") else ":"
            yield f"{one.image}{mark}{one.reference}"
