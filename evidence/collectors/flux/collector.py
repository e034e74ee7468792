"""The Flux collector: its objects through the Kubernetes API, or from a file of kubectl.

One look reads the sources first, then what is deployed from them. Flux keeps no log: the cursor
carries from look to look when each applied revision was first seen as it is (see `applied`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.flux import applied
from evidence.collectors.flux import parse as parsing
from evidence.collectors.flux.kinds import (
    CAPTURED,
    DEPLOYERS,
    HELM_RELEASE,
    KUSTOMIZATION,
    OBJECT_LIST,
    VOLATILE,
)
from evidence.collectors.flux.reading import HELM_PREFIX
from evidence.collectors.flux.sources import Origins
from evidence.collectors.http import Clock
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.collectors.kubernetes import Item, KubernetesClient, Listing, Resource, read_file
from evidence.collectors.lenient import mapping, text
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Window

COLLECTOR = "flux"
VERSION = "2"
_BATCH = 100

Listed = Mapping[Resource, Listing]


@dataclass(slots=True, kw_only=True)
class FluxCollector:
    """One cluster's Flux, read through the API (`url`, `token`) or from a file (`file`).

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError. What may not
    be listed, and an application named in `expected` that is not listed, is a gap.
    """

    source: str
    url: str = ""
    token: str = field(default="", repr=False)
    file: str | Path = ""
    expected: tuple[str, ...] = ()
    """`namespace/name` of Kustomizations, `helmrelease/namespace/name`, or uids."""
    system: str = ""
    """The cluster; by default the host of `url`."""
    credential: str = ""
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(*CAPTURED.values(), OBJECT_LIST), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """One look at all objects; `window` does not matter to a look."""
        del window
        known = _known(cursor)
        listed, calls = self._read()
        origins = Origins.of(listed)
        every = [(kind, item) for kind in CAPTURED if kind in listed for item in listed[kind].items]
        for begin in range(0, len(every), _BATCH):
            batch = every[begin : begin + _BATCH]
            gaps = tuple(self._lost(batch, known))
            captures = tuple(self._object(*each, origins, known) for each in batch)
            progress("objects", begin + len(batch), len(every))
            yield Page(captures=captures, gaps=gaps, cursor=_cursor(known), calls=calls)
            calls = 0
        if KUSTOMIZATION in listed and not listed[KUSTOMIZATION].problem:
            there = {item.uid for item in listed[KUSTOMIZATION].items}
            known = {uid: one for uid, one in known.items() if uid in there}
        yield Page(
            captures=tuple(self._list(*each) for each in listed.items() if not each[1].problem),
            gaps=(*self._forbidden(listed), *self._missing(listed)),
            cursor=_cursor(known),
            complete=True,
            calls=calls,
        )

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _read(self) -> tuple[Listed, int]:
        """What is listed of each resource, and the requests it took."""
        if self.file:
            listed: Listed = read_file(Path(self.file), CAPTURED, self.clock)
            if not any(kind in listed for kind in DEPLOYERS):
                name = Path(self.file).name
                raise MalformedError(f"{name} holds no Kustomization and no HelmRelease of Flux.")
            return listed, 0
        if not self.url:
            raise ConfigError(f"Source {self.source} has neither a url nor a file.")
        client = KubernetesClient(
            url=self.url, token=self.token, verify=self.verify, clock=self.clock
        )
        return read(client), client.calls

    def _object(
        self, kind: Resource, item: Item, origins: Origins, known: dict[str, applied.Known]
    ) -> Capture:
        context = origins.context(kind, item.body) if kind in DEPLOYERS else {}
        if kind == KUSTOMIZATION:
            before = known.get(item.uid, applied.Known())
            fetched = origins.fetched(item.body)
            now = applied.look(item.body, before, fetched, item.observed_at)
            known[item.uid] = now
            context["starts"] = json.dumps(dict(now.starts), sort_keys=True)
        return self._capture(
            CAPTURED[kind], item.uid, item.exact, item.exchange, item.observed_at, VOLATILE, context
        )

    def _list(self, kind: Resource, listing: Listing) -> Capture:
        """Who was listed: an object that vanishes is visible as a new version of this."""
        rows = sorted(_identity(item) for item in listing.items)
        payload = canonical.splice_array(rows)
        return self._capture(
            OBJECT_LIST, kind.plural, payload, listing.exchange, listing.observed_at, (), {}
        )

    def _capture(
        self,
        kind: str,
        key: str,
        payload: str,
        exchange: Exchange,
        observed_at: int,
        volatile: tuple[str, ...],
        context: Mapping[str, str],
    ) -> Capture:
        system = self.system or urlsplit(self.url).hostname or self.source
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series="objects/1",
            observed_at=observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=(exchange,),
            volatile=volatile,
            context={"system": system, **context},
        )

    def _lost(
        self, batch: list[tuple[Resource, Item]], known: Mapping[str, applied.Known]
    ) -> Iterator[Gap]:
        """Kustomizations whose kept rows are all new: others may have come and gone between."""
        for kind, item in batch:
            before = known.get(item.uid, applied.Known())
            if kind == KUSTOMIZATION and applied.rows_lost(item.body, before):
                yield Gap(
                    source=self.source,
                    kind=CAPTURED[kind],
                    key=item.uid,
                    reason=GapReason.HISTORY_LOST,
                    detail=f"All rows that Flux keeps of {item.name} are newer than the last look; "
                    "sync more often than five applications take.",
                    window_from=before.seen,
                    window_to=item.observed_at,
                )

    def _forbidden(self, listed: Listed) -> Iterator[Gap]:
        for kind, listing in listed.items():
            if listing.problem:
                yield Gap(
                    source=self.source,
                    kind=CAPTURED[kind],
                    key="*",
                    reason=GapReason.FORBIDDEN,
                    detail=f"The credential may not list {kind.plural}.{kind.group}.",
                )

    def _missing(self, listed: Listed) -> Iterator[Gap]:
        there: set[str] = set()
        for kind, prefix in ((KUSTOMIZATION, ""), (HELM_RELEASE, HELM_PREFIX)):
            for item in listed[kind].items if kind in listed else ():
                there |= {item.uid, prefix + item.name, item.name.partition("/")[2]}
        for name in self.expected:
            if name not in there:
                yield Gap(
                    source=self.source,
                    kind=CAPTURED[KUSTOMIZATION],
                    key="*",
                    reason=GapReason.NOT_FOUND_OR_FORBIDDEN,
                    detail=f"{name} is not listed: it is absent or the credential may not read it.",
                )


def read(client: KubernetesClient) -> Listed:
    """Every served resource with its objects; what is not installed is left out.

    Raises:
        SourceError: there is no Flux in this cluster.
        AuthError: the credential may list nothing of what Flux deploys.
    """
    served = {kind: client.served(kind) for kind in CAPTURED}
    if not any(served[kind] for kind in DEPLOYERS):
        raise SourceError(f"The cluster at {urlsplit(client.url).hostname} serves no Flux objects.")
    listed = {kind: client.list(kind, version) for kind, version in served.items() if version}
    if all(listed[kind].problem for kind in DEPLOYERS if kind in listed):
        raise AuthError(
            "The credential may list neither Kustomizations nor HelmReleases.",
            next_step="Bind it to a ClusterRole with get and list on them: docs/how-to/flux.md.",
        )
    return listed


def probe(url: str, token: str, verify: bool | str) -> Iterator[tuple[str, bool]]:
    """(resource, may be listed) of each resource that is served, by one look."""
    client = KubernetesClient(url=url, token=token, verify=verify)
    for kind, listing in read(client).items():
        yield f"{kind.plural}.{kind.group}", not listing.problem


def _identity(item: Item) -> str:
    """The exact uid, namespace and name of one object."""
    metadata = mapping(item.body.get("metadata"))
    names = [name for name in ("uid", "namespace", "name") if name in metadata]
    cut = [(name, canonical.slice_json(item.exact, ("metadata", name))) for name in names]
    return canonical.splice_object(cut)


def _cursor(known: Mapping[str, applied.Known]) -> str:
    return cursors.dumped({uid: asdict(one) for uid, one in known.items()})


def _known(cursor: str) -> dict[str, applied.Known]:
    """What the last look fixed; an unreadable cursor is none."""
    return {uid: _fixed(mapping(row)) for uid, row in cursors.loaded(cursor).items()}


def _fixed(row: Mapping[str, Any]) -> applied.Known:
    starts = mapping(row.get("starts"))
    return applied.Known(
        current=text(row.get("current")),
        starts={key: at for key, at in starts.items() if type(at) is int},
        seen=row["seen"] if type(row.get("seen")) is int else 0,
    )
