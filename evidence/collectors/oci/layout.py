"""An image layout: a folder with `oci-layout`, `index.json` and `blobs/sha256/`, read offline.

Made by `skopeo copy --all docker://... oci:DIR:IMAGE:TAG`, `oras copy --to-oci-layout`, `crane pull
--format=oci`. Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence import canonical
from evidence.collectors.http import Clock
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.oci.holding import (
    BLOB_LIMIT,
    MANIFEST_LIMIT,
    REFERRERS_LIMIT,
    Held,
)
from evidence.collectors.oci.names import DIGEST, INDEXES, digest_of
from evidence.errors import ConfigError, MalformedError
from evidence.model.capture import Exchange

_NAMED = "org.opencontainers.image.ref.name"
_FULL = "io.containerd.image.name"
_LISTED_LIMIT = 5_000


class Layout:
    """One folder. A tag counts where the folder says of which image it is, or holds but one."""

    calls = 0

    def __init__(self, folder: str, clock: Clock, *, single: str = "") -> None:
        """`single`: the only image that the folder can hold, whose tags need no name.

        Raises:
            ConfigError: the folder is no image layout of a version that can be read.
        """
        self._folder = Path(folder)
        self._clock = clock
        self._single = single
        marked = mapping(self._json("oci-layout"))
        if not text(marked.get("imageLayoutVersion")).startswith("1."):
            raise ConfigError(
                f"{folder} is no OCI image layout.",
                next_step="Name a folder that holds `oci-layout`, `index.json` and `blobs`.",
            )

    def manifest(self, repository: str, reference: str, image: str) -> Held | None:
        """By digest, or by a tag that the index of the folder gives to a digest."""
        del repository
        digest = reference if DIGEST.match(reference) else self._tagged(image, reference)
        return self._read(digest, MANIFEST_LIMIT) if digest else None

    def blob(self, repository: str, digest: str) -> Held | None:
        """By digest."""
        del repository
        return self._read(digest, BLOB_LIMIT) if DIGEST.match(digest) else None

    def referrers(self, repository: str, digest: str) -> Sequence[Mapping[str, Any]]:
        """Manifests of the folder's index with that subject, and those that a tag lists for it."""
        del repository
        own = [*self._by_subject(digest), *self._by_tag(digest)]
        return own[:REFERRERS_LIMIT]

    def _by_subject(self, digest: str) -> Iterator[Mapping[str, Any]]:
        for descriptor in self._listed:
            manifest = self._manifest_of(descriptor)
            if text(at(manifest, "subject", "digest")) == digest:
                kind = text(manifest.get("artifactType"))
                yield {**descriptor, "artifactType": kind or at(manifest, "config", "mediaType")}

    def _by_tag(self, digest: str) -> Iterator[Mapping[str, Any]]:
        wanted = digest.replace(":", "-")
        for descriptor in self._listed:
            named = text(at(descriptor, "annotations", _NAMED))
            if named.rpartition(":")[2] == wanted and descriptor.get("mediaType") in INDEXES:
                yield from map(mapping, items(self._manifest_of(descriptor).get("manifests")))

    def _tagged(self, image: str, tag: str) -> str:
        for descriptor in self._listed:
            notes = mapping(descriptor.get("annotations"))
            named = text(notes.get(_FULL)) or text(notes.get(_NAMED))
            if named == f"{image}:{tag}" or (named == tag and image == self._single):
                return text(descriptor.get("digest"))
        return ""

    @cached_property
    def _listed(self) -> list[Mapping[str, Any]]:
        listed = items(mapping(self._json("index.json")).get("manifests"))
        return [mapping(one) for one in listed[:_LISTED_LIMIT]]

    def _manifest_of(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        digest = text(descriptor.get("digest"))
        held = self._read(digest, MANIFEST_LIMIT) if DIGEST.match(digest) else None
        return mapping(canonical.loads(held.data)) if held else {}

    def _read(self, digest: str, limit: int) -> Held | None:
        path = self._folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
        data = self._bytes(path, limit)
        if data is None:
            return None
        if digest_of(data) != digest:
            raise MalformedError(f"A blob of {self._folder.name} is not what its name says.")
        return Held(
            data=data,
            digest=digest,
            exchange=Exchange(method="FILE", url=f"file:{self._folder.name}"),
            observed_at=self._clock.micros(),
        )

    def _json(self, name: str) -> object:
        data = self._bytes(self._folder / name, MANIFEST_LIMIT)
        try:
            return canonical.loads(data or b"null")
        except MalformedError as error:
            raise ConfigError(f"{self._folder / name}: {error.message}") from error

    def _bytes(self, path: Path, limit: int) -> bytes | None:
        try:
            with path.open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
        if len(data) > limit:
            raise MalformedError(f"A blob of {self._folder.name} is larger than {limit} bytes.")
        return data
