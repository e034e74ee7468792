"""The fetcher that fetches nothing: a packet is made of what it already holds.

WeasyPrint asks it for every URL of a document. Nothing but the named files of our own package is
answered; anything else ends the rendering, because a blocked fetch means that text from a source
was read as markup. (Function fetchers are gone in WeasyPrint 70; `FatalURLFetchingError` is a
BaseException that it does not swallow.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse


class DenyAllFetcher(URLFetcher):  # type: ignore[misc]
    """Answers `asset:<name>` for the assets given, refuses every other address."""

    def __init__(self, assets: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        """`assets`: name to (media type, bytes)."""
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._assets = dict(assets or {})
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002
        """The asset of that exact name, or `FatalURLFetchingError`."""
        scheme, _, name = url.partition(":")
        if scheme == "asset" and name in self._assets:
            media_type, body = self._assets[name]
            return URLFetcherResponse(url, body, {"Content-Type": media_type})
        self.refused.append(url[:200])
        raise FatalURLFetchingError(f"the packet may not fetch {url[:200]}")
