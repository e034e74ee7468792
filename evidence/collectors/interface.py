"""The port that every source stands behind: `fetch` reads and yields pages, `parse` is pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from evidence.model.capture import Capture, Gap, Page, Window
from evidence.model.fact import Fact

Progress = Callable[[str, int, int | None], None]
"""(what is read, done, total or None): called often, must be cheap."""


def no_progress(_what: str, _done: int, _total: int | None) -> None:
    """The progress sink of a quiet run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a capture says: facts in a stable order, and gaps that its content reveals."""

    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Collector(Protocol):
    """One configured source.

    `fetch` may raise `AuthError`, `UnavailableError` and `SourceError`; what it yielded before is
    kept, and `fetch` with the last stored cursor goes on from there without loss. It captures and
    never judges. `parse` has no clock, network, file or randomness: replaying stored captures
    gives the facts of the live run. It never raises on odd input: what it cannot use is a gap.
    """

    @property
    def source(self) -> str:
        """Configured source id."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The capture kinds it yields and parses."""

    @property
    def name(self) -> str:
        """Which collector it is: `git`, `github`, `argocd`."""

    @property
    def version(self) -> str:
        """Raised whenever the same capture would parse into other facts."""

    @property
    def credential(self) -> str:
        """Identity of the credential in use, never the secret."""

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]: ...

    def parse(self, capture: Capture) -> Parsed: ...
