"""The OCI collector: reads the images of ours that run from their registry, or from a folder.

What is wanted is told by whoever knows what runs (`wanted`): a registry is never listed. An image
that was read is read again only by its tag, which may have moved, and for statements, which may
have come since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from evidence.collectors.http import Clock
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.collectors.oci import parse as parsing
from evidence.collectors.oci.holding import Holding
from evidence.collectors.oci.layout import Layout
from evidence.collectors.oci.names import Reference, host_of, matching, reference_of
from evidence.collectors.oci.reading import (
    COLLECTOR,
    CONFIG,
    MANIFEST,
    STATEMENT,
    VERSION,
    Reading,
    gap,
)
from evidence.collectors.oci.registry import Registry
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError
from evidence.model.capture import Capture, GapReason, Page, Window

_BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What runs, and what was read of it before."""

    images: tuple[str, ...] = ()
    """References as deployers and configurations write them."""
    known: frozenset[str] = frozenset()
    """Digests whose content is stored."""


def _nothing() -> Wanted:
    return Wanted()


@dataclass(slots=True, kw_only=True)
class OciCollector:
    """One registry (`url`), or one image layout (`file`)."""

    source: str
    url: str = ""
    file: str = ""
    secret: str = field(default="", repr=False)
    credential: str = ""
    verify: bool | str = True
    system: str = ""
    """The registry as images are named by it, where that is not the host of `url`."""
    images: tuple[str, ...] = ()
    """Images of ours, with `{name}` for one part; others are not read."""
    attempts: int = 5
    clock: Clock = field(default_factory=Clock)
    wanted: Callable[[], Wanted] = _nothing
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(MANIFEST, CONFIG, STATEMENT), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """Every wanted image; a page is some of them. There is no cursor: the store knows."""
        del window, cursor
        holding, wanted = self._holding(), self.wanted()
        references = sorted(self._references(wanted.images), key=lambda one: one.text)
        refused: list[str] = []
        for begin in range(0, len(references), _BATCH):
            batch = references[begin : begin + _BATCH]
            before = holding.calls
            read = [self._read(holding, one, wanted.known, refused) for one in batch]
            progress(f"{self.source}: images", begin + len(batch), len(references))
            yield Page(
                captures=tuple(capture for one in read for capture in one.captures),
                gaps=tuple(found for one in read for found in one.gaps),
                complete=begin + _BATCH >= len(references),
                calls=holding.calls - before,
            )
        if refused and len(refused) == len(references):
            raise AuthError(refused[0])

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _holding(self) -> Holding:
        if self.file:
            named = [one for one in self.images if "{" not in one]
            single = named[0] if len(named) == len(self.images) == 1 else ""
            return Layout(self.file, self.clock, single=single)
        if not self.url:
            raise ConfigError(f"Source {self.source} has neither a url nor a file.")
        make = partial(Registry, self.url, self.secret, self.clock)
        return make(verify=self.verify, attempts=self.attempts)

    def _references(self, images: Iterable[str]) -> Iterator[Reference]:
        """Each once; what is pinned to a digest is read by it."""
        own = host_of(self.system or urlsplit(self.url).hostname or "")
        seen: set[str] = set()
        for written in images:
            found = reference_of(written)
            if found is None or not matching(found.image, self.images) or found.text in seen:
                continue
            if self.file or found.host == own or found.host == urlsplit(self.url).netloc.lower():
                seen.add(found.text)
                yield found

    def _read(
        self, holding: Holding, reference: Reference, known: frozenset[str], refused: list[str]
    ) -> Reading:
        reading = Reading(source=self.source, holding=holding, reference=reference)
        try:
            reading.read(known=known)
        except AuthError as error:
            refused.append(error.message)
            told = gap(self.source, reference.text, GapReason.FORBIDDEN, error.message)
            reading.gaps.append(told)
        except MalformedError as error:
            told = gap(self.source, reference.text, GapReason.MALFORMED, error.message)
            reading.gaps.append(told)
        except SourceError as error:
            if type(error) is not SourceError:
                raise  # out of reach: the next run goes on
            told = gap(self.source, reference.text, GapReason.UNAVAILABLE, error.message)
            reading.gaps.append(told)
        return reading
