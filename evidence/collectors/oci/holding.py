"""The port behind which images are held: a registry, or a folder with the same content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evidence.model.capture import Exchange

MANIFEST_LIMIT = 4 * 1024 * 1024
"""Bytes of a manifest; the distribution specification has registries take at least as many."""
BLOB_LIMIT = 16 * 1024 * 1024
"""Bytes of a configuration or a statement."""
REFERRERS_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Bytes whose digest is what was asked for."""

    data: bytes
    digest: str
    exchange: Exchange
    observed_at: int
    """Microseconds UTC."""


class Holding(Protocol):
    """Where images are read.

    Each method gives None (or nothing) for what is not there, and raises `MalformedError` for bytes
    that are too large or not what their digest says. A registry may raise `AuthError`,
    `UnavailableError` and `SourceError`.
    """

    @property
    def calls(self) -> int:
        """Requests sent so far."""

    def manifest(self, repository: str, reference: str, image: str) -> Held | None:
        """By tag or digest."""

    def blob(self, repository: str, digest: str) -> Held | None: ...

    def referrers(self, repository: str, digest: str) -> Sequence[Mapping[str, Any]]:
        """Descriptors of the manifests that name the digest as their subject."""
