"""The fetcher that fetches nothing: a packet is made of what it already holds.

WeasyPrint asks it for every URL of a document. Each one ends the rendering, because a request means
that text from a source was read as markup. (Function fetchers are gone in WeasyPrint 70;
`FatalURLFetchingError` is a BaseException, which WeasyPrint does not swallow.)
"""

from __future__ import annotations

from typing import Any, NoReturn

from weasyprint.urls import FatalURLFetchingError, URLFetcher


class DenyAllFetcher(URLFetcher):  # type: ignore[misc]
    """Refuses every address, `file:` and `data:` too."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: Any = None) -> NoReturn:  # noqa: ARG002
        """Raises `FatalURLFetchingError`, always."""
        raise FatalURLFetchingError(f"the packet may not fetch {url[:200]}")
