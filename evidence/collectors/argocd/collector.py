"""The Argo CD collector: the applications list by REST, or the same objects from a JSON file.

One list, one look: Argo CD keeps no log, so a look is what is kept of the history at that moment.
The list never asks for a refresh (that would make the controller act).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence import canonical
from evidence.collectors.argocd import parse as parsing
from evidence.collectors.http import SIZE_LIMIT, Answer, Clock, PoliteSession
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.collectors.lenient import at, mapping, text
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Window

COLLECTOR = "argocd"
VERSION = "1"
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
    """One Argo CD, read through its API (`url` and `token`) or from a file (`file`).

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError. An application
    named in `expected` that is not listed is a gap: it is absent or hidden from the credential.
    """

    source: str
    url: str = ""
    token: str = field(default="", repr=False)
    file: str | Path = ""
    expected: tuple[str, ...] = ()
    """`namespace/name` or `name` of applications that must be there."""
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
        """One look at all applications; `window` and `cursor` do not matter to a look."""
        del window, cursor
        answer = self._read()
        cut = list(_cut(answer.body))
        captures = [self._application(answer, exact, body) for exact, body in cut]
        for begin in range(0, len(captures), _BATCH):
            batch = tuple(captures[begin : begin + _BATCH])
            progress("applications", begin + len(batch), len(captures))
            yield Page(captures=batch, cursor="{}", calls=answer.tries if begin == 0 else 0)
        yield Page(
            captures=(self._list(answer, cut),),
            gaps=tuple(self._missing(cut)),
            cursor="{}",
            complete=True,
            calls=0 if captures else answer.tries,
        )

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _read(self) -> Answer:
        if self.file:
            return self._read_file(Path(self.file))
        if not self.url:
            raise ConfigError(f"Source {self.source} has neither a url nor a file.")
        if not self.token:
            raise AuthError(f"Source {self.source} has no Argo CD token.")
        session = PoliteSession(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
            verify=self.verify,
            clock=self.clock,
        )
        answer = session.get("/api/v1/applications")
        if answer.status != 200:
            raise SourceError(f"{answer.exchange.url} is not the API of an Argo CD.")
        return answer

    def _read_file(self, path: Path) -> Answer:
        """A file as an answer: observed when it was last written, as far as that is known."""
        try:
            with path.open("rb") as opened:
                body = opened.read(SIZE_LIMIT + 1)
            written = int(path.stat().st_mtime * 1_000_000)
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
        if len(body) > SIZE_LIMIT:
            raise MalformedError(f"{path.name} is larger than {SIZE_LIMIT} bytes.")
        return Answer(
            body=body,
            status=200,
            headers={},
            exchange=Exchange(method="FILE", url=f"file:{path.name}"),
            observed_at=min(written, self.clock.micros()),
            tries=0,
        )

    def _application(self, answer: Answer, exact: str, body: dict[str, Any]) -> Capture:
        key = text(at(body, "metadata", "uid")) or parsing.display_name(body)
        return self._capture(answer, parsing.APPLICATION, key, exact, _VOLATILE)

    def _list(self, answer: Answer, cut: list[tuple[str, dict[str, Any]]]) -> Capture:
        """Who was listed: an application that vanishes is visible as a new version of this."""
        rows = sorted(_identity(exact, body) for exact, body in cut)
        payload = canonical.splice_array(rows)
        return self._capture(answer, parsing.APPLICATION_LIST, "applications", payload, ())

    def _capture(
        self, answer: Answer, kind: str, key: str, payload: str, volatile: tuple[str, ...]
    ) -> Capture:
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series="applications/1",
            observed_at=answer.observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=(answer.exchange,),
            volatile=volatile,
            context={"system": self.system or urlsplit(self.url).hostname or self.source},
        )

    def _missing(self, cut: list[tuple[str, dict[str, Any]]]) -> Iterator[Gap]:
        full = {parsing.display_name(body) for _exact, body in cut}
        short = {name.partition("/")[2] for name in full}
        for name in self.expected:
            if name not in (full if "/" in name else short):
                yield Gap(
                    source=self.source,
                    kind=parsing.APPLICATION,
                    key="*",
                    reason=GapReason.NOT_FOUND_OR_FORBIDDEN,
                    detail=f"Application {name} is not listed: it is absent or the token may not "
                    "read it.",
                )


def _identity(exact: str, body: dict[str, Any]) -> str:
    """The exact uid, namespace and name of one application."""
    metadata = mapping(body.get("metadata"))
    names = [name for name in ("uid", "namespace", "name") if name in metadata]
    cut = [(name, canonical.slice_json(exact, ("metadata", name))) for name in names]
    return canonical.splice_object(cut)


def _cut(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Exact text and value of each Application in a list, or of the one that the text is.

    Raises:
        MalformedError: neither a list of Applications nor one.
    """
    found = canonical.loads(body)
    whole = body.decode("utf-8-sig")  # `loads` has refused what is not UTF-8
    if isinstance(found, dict) and "items" in found:
        if found["items"] is None:  # an empty list, as Go writes it
            return
        each = canonical.slice_each(whole, ("items",))
    elif isinstance(found, list):
        each = canonical.slice_each(whole, ())
    elif isinstance(found, dict) and "metadata" in found:
        each = [(canonical.slice_json(whole, ()), found)]
    else:
        raise MalformedError("This holds no Argo CD Applications (`items`, or one object).")
    for exact, value in each:
        if isinstance(value, dict) and value.get("kind", "Application") == "Application":
            yield exact, value
