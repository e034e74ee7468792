"""A look at some kinds of objects of a cluster: what collectors of such objects share.

No source of its own. One look yields every object of each resource as it stands; a resource that
is not installed is nothing, one that may not be listed is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence.collectors.http import Clock
from evidence.collectors.interface import Progress, no_progress
from evidence.collectors.kubernetes import (
    Item,
    KubernetesClient,
    Listing,
    Resource,
    display_name,
    read_file,
)
from evidence.collectors.lenient import at, mapping, text
from evidence.collectors.parsing import gap
from evidence.errors import ConfigError, MalformedError
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window

BATCH = 100
VOLATILE = (
    "/metadata/resourceVersion",
    "/metadata/managedFields",
    "/metadata/generation",
    "/status/observedGeneration",
)
"""What moves with every reconciliation, whatever the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a collector takes: resources with their capture kinds, and how it names itself."""

    collector: str
    version: str
    kinds: Mapping[Resource, str]
    volatile: tuple[str, ...] = VOLATILE


def named(value: object) -> Mapping[str, Any]:
    """The object of a cluster, where it is one and has a name; else an empty one."""
    body = mapping(value)
    return {} if display_name(body) == "/" else body


def known_by_name(capture: Capture, body: Mapping[str, Any]) -> tuple[Gap, ...]:
    """The gap of an object without a uid: another of its name would be taken for it."""
    if text(at(body, "metadata", "uid")):
        return ()
    detail = f"{display_name(body)} has no uid; it is known by its name only."
    return (gap(capture, GapReason.MALFORMED, detail),)


@dataclass(slots=True, kw_only=True)
class ObjectCollector:
    """One cluster, read through the API (`url`, `token`) or from a file of kubectl (`file`).

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError.
    """

    source: str
    plan: Plan = field(init=False)
    url: str = ""
    token: str = field(default="", repr=False)
    file: str | Path = ""
    system: str = ""
    """The cluster; by default the host of `url`."""
    credential: str = ""
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)

    @property
    def name(self) -> str:
        """Which collector it is."""
        return self.plan.collector

    @property
    def version(self) -> str:
        """Raised whenever the same capture would parse into other facts."""
        return self.plan.version

    @property
    def kinds(self) -> tuple[str, ...]:
        """The capture kinds it yields."""
        return tuple(self.plan.kinds.values())

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """One look at all objects; `window` and `cursor` do not matter to a look."""
        del window, cursor
        listed, calls = self._read()
        every = [
            (kind, item)
            for kind, listing in listed.items()
            for item in listing.items
            if self.takes(item)
        ]
        for begin in range(0, len(every), BATCH):
            batch = every[begin : begin + BATCH]
            progress("objects", begin + len(batch), len(every))
            yield Page(
                captures=tuple(self._capture(*each) for each in batch), cursor="{}", calls=calls
            )
            calls = 0
        yield Page(gaps=tuple(self._forbidden(listed)), cursor="{}", complete=True, calls=calls)

    def takes(self, item: Item) -> bool:
        """Whether an object is evidence here: by default each is."""
        del item
        return True

    def _read(self) -> tuple[Mapping[Resource, Listing], int]:
        if self.file:
            listed = read_file(Path(self.file), self.plan.kinds, self.clock)
            if not listed:
                wanted = ", ".join(each.kind for each in self.plan.kinds)
                raise MalformedError(f"{Path(self.file).name} holds none of: {wanted}.")
            return listed, 0
        if not self.url:
            raise ConfigError(f"Source {self.source} has neither a url nor a file.")
        client = KubernetesClient(
            url=self.url, token=self.token, verify=self.verify, clock=self.clock
        )
        found: dict[Resource, Listing] = {}
        for resource in self.plan.kinds:
            version = client.served(resource)
            if version:
                found[resource] = client.list(resource, version)
        if not found:
            names = ", ".join(f"{each.plural}.{each.group}" for each in self.plan.kinds)
            raise ConfigError(
                f"The cluster of source {self.source} serves none of {names}.",
                next_step="Take the source out of the configuration, or name another cluster.",
            )
        return found, client.calls

    def _capture(self, resource: Resource, item: Item) -> Capture:
        return Capture(
            source=self.source,
            kind=self.plan.kinds[resource],
            key=item.uid,
            series="objects/1",
            observed_at=item.observed_at,
            form=Form.SLICE,
            payload=item.exact.encode("utf-8", "surrogatepass"),
            collector=self.plan.collector,
            collector_version=self.plan.version,
            exchanges=(item.exchange,),
            volatile=self.plan.volatile,
            context={"system": self.system or urlsplit(self.url).hostname or self.source},
        )

    def _forbidden(self, listed: Mapping[Resource, Listing]) -> Iterator[Gap]:
        for resource, listing in listed.items():
            if listing.problem:
                yield Gap(
                    source=self.source,
                    kind=self.plan.kinds[resource],
                    key="*",
                    reason=GapReason.FORBIDDEN,
                    detail=f"The credential may not list {resource.plural}.{resource.group}; its "
                    "role needs `get` and `list` on them.",
                )
