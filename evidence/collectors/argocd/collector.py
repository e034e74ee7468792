"""The Argo CD collector: every Application as it stands, look by look.

One list, one look: Argo CD keeps no log, so a look is what is kept of the history at that moment.
The cursor carries which applications there were: one that is gone takes its history with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.argocd import listing
from evidence.collectors.argocd import parse as parsing
from evidence.collectors.argocd.listing import Listed, Look
from evidence.collectors.http import Clock
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.collectors.kubernetes import display_name
from evidence.collectors.lenient import at, mapping, text
from evidence.errors import ConfigError
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Window

COLLECTOR = "argocd"
VERSION = "2"
_BATCH = 100
_VOLATILE = (
    "/metadata/resourceVersion",
    "/metadata/managedFields",
    "/metadata/generation",
    "/metadata/annotations/argocd.argoproj.io~1refresh",
    "/status/reconciledAt",
    "/status/observedAt",
)
"""What moves with every reconciliation and says nothing about a deployment."""


@dataclass(slots=True, kw_only=True)
class ArgoCdCollector:
    """One Argo CD, read through its API, the Kubernetes API (`cluster`) or from a file (`file`).

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError. An application
    named in `expected` that is not listed is a gap: it is absent or hidden from the credential.
    """

    source: str
    url: str = ""
    token: str = field(default="", repr=False)
    file: str | Path = ""
    cluster: bool = False
    """`url` is the API server of the cluster in which the Applications are."""
    expected: tuple[str, ...] = ()
    """`namespace/name`, `name` or uid of applications that must be there."""
    system: str = ""
    """The system instance that user names belong to; by default the host of `url`."""
    credential: str = ""
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(
        default=(parsing.APPLICATION, parsing.APPLICATION_LIST), init=False
    )

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """One look at all applications; `window` does not matter to a look."""
        del window
        look = self._look()
        there = {_key(each): display_name(each.body) for each in look.applications}
        captures = [self._application(look, each) for each in look.applications]
        for begin in range(0, len(captures), _BATCH):
            batch = tuple(captures[begin : begin + _BATCH])
            progress("applications", begin + len(batch), len(captures))
            yield Page(captures=batch, cursor=cursor or "{}", calls=0 if begin else look.calls)
        yield Page(
            captures=(self._list(look),),
            gaps=(*self._missing(there), *self._gone(cursor, there, look)),
            cursor=cursors.dumped({"at": look.observed_at, "there": there}),
            complete=True,
            calls=0 if captures else look.calls,
        )

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _look(self) -> Look:
        if self.file:
            return listing.by_file(self.file, self.clock)
        if not self.url:
            raise ConfigError(f"Source {self.source} has neither a url nor a file.")
        if self.cluster:
            return listing.by_cluster(self.url, self.token, self.verify, self.clock)
        return listing.by_api(self.url, self.token, self.verify, self.clock, self.source)

    def _application(self, look: Look, each: Listed) -> Capture:
        place = (each.exchange, each.observed_at)
        return self._capture(look, parsing.APPLICATION, _key(each), each.exact, _VOLATILE, place)

    def _list(self, look: Look) -> Capture:
        """Who was listed: an application that vanishes is visible as a new version of this."""
        payload = canonical.splice_array(sorted(map(listing.identity, look.applications)))
        place = (look.exchange, look.observed_at)
        return self._capture(look, parsing.APPLICATION_LIST, "applications", payload, (), place)

    def _capture(
        self,
        look: Look,
        kind: str,
        key: str,
        payload: str,
        volatile: tuple[str, ...],
        place: tuple[Exchange, int],
    ) -> Capture:
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=look.series,
            observed_at=place[1],
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=(place[0],),
            volatile=volatile,
            context={"system": self.system or urlsplit(self.url).hostname or self.source},
        )

    def _missing(self, there: Mapping[str, str]) -> Iterator[Gap]:
        full = set(there.values())
        known = {*full, *there, *(name.partition("/")[2] for name in full)}
        for name in self.expected:
            if name not in known:
                yield Gap(
                    source=self.source,
                    kind=parsing.APPLICATION,
                    key="*",
                    reason=GapReason.NOT_FOUND_OR_FORBIDDEN,
                    detail=f"Application {name} is not listed: it is absent or the token may not "
                    "read it.",
                )

    def _gone(self, cursor: str, there: Mapping[str, str], look: Look) -> Iterator[Gap]:
        """Applications of the last look that are not listed any more, by uid."""
        seen, before = _before(cursor)
        for uid, name in sorted(before.items()):
            if uid not in there:
                yield Gap(
                    source=self.source,
                    kind=parsing.APPLICATION,
                    key=uid,
                    reason=GapReason.HISTORY_LOST,
                    detail=f"Application {name} (uid {uid}) is no longer listed; its history went "
                    "with it, and what it did after the last look was not seen.",
                    window_from=seen,
                    window_to=look.observed_at,
                )


def _key(each: Listed) -> str:
    return text(at(each.body, "metadata", "uid")) or display_name(each.body)


def _before(cursor: str) -> tuple[int, dict[str, str]]:
    """Moment of the last look and the applications it showed."""
    found = cursors.loaded(cursor)
    moment = found.get("at")
    names = mapping(found.get("there"))
    known = {uid: name for uid, name in names.items() if isinstance(name, str)}
    return (moment, known) if type(moment) is int else (0, {})
