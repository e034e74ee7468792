"""Digests that were seen for tags by what a population is not built from itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Sighted(NamedTuple):
    """A digest that was seen for a tag of an image (its name without the default registry)."""

    image: str
    tag: str
    digest: str


class Sights(Protocol):
    """Digests by image and tag."""

    def listed(self, image: str, tag: str, /) -> Iterable[str]:
        """Those that deployers and registries list."""

    def pinned(self, image: str, tag: str, /) -> Iterable[str]:
        """Those that configurations pin."""


class Nothing:
    """Nothing was seen elsewhere: the population is built from all there is."""

    def listed(self, _image: str, _tag: str, /) -> Iterable[str]:
        """None."""
        return ()

    def pinned(self, _image: str, _tag: str, /) -> Iterable[str]:
        """None."""
        return ()
