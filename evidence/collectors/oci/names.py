"""Names of images, media types and digests, as the OCI specifications and their users write them.

Sources: https://github.com/opencontainers/image-spec, https://github.com/opencontainers/distribution-spec,
https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md,
https://docs.docker.com/build/metadata/attestations/attestation-storage/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
"""The one algorithm that registries use; another one cannot be verified and is not read."""
TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")
_REPOSITORY = re.compile(r"^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$")
_HUB = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)

INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
_STATEMENTS = ("application/vnd.in-toto+json", "application/vnd.dsse.envelope.v1+json")
_BUNDLE = "application/vnd.dev.sigstore.bundle"
REFERRED = "vnd.docker.reference.digest"
"""Annotation of an attestation manifest in an index: the image that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One image to read."""

    image: str
    """As deployers and configurations write it, without tag and digest."""
    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def text(self) -> str:
        """`image:tag` or `image@digest`, by what it is read."""
        return f"{self.image}@{self.digest}" if self.digest else f"{self.image}:{self.tag}"


def reference_of(text: str) -> Reference | None:
    """What `registry:port/name:tag@digest` names; None where no registry can be asked for it."""
    name, _, digest = text.strip().partition("@")
    image, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        image, tag = name, ""
    tag = tag or ("" if digest else "latest")
    host, slash, rest = image.partition("/")
    if not slash or not (re.search(r"[.:]", host) or host == "localhost"):
        host, rest = "docker.io", image
    if host in _HUB:
        host, rest = "docker.io", rest if "/" in rest else f"library/{rest}"
    usable = DIGEST.match(digest) if digest else TAG.match(tag)
    if not usable or not _REPOSITORY.match(rest) or len(rest) > 255:
        return None
    return Reference(image=image, host=host.lower(), repository=rest, tag=tag, digest=digest)


def host_of(name: str) -> str:
    """A registry's host as images are named by it."""
    return "docker.io" if name.lower() in _HUB else name.lower()


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def holds_statements(media_type: str) -> bool:
    """Whether a layer or artifact of this type can be a statement about an image's origin."""
    return media_type in _STATEMENTS or media_type.startswith(_BUNDLE)


def matching(image: str, patterns: Iterable[str]) -> bool:
    """Whether an image is one of ours: `{name}` stands for one part of a name."""
    own = _plain(image)
    for one in patterns:
        pattern = re.escape(_plain(one)).replace(re.escape("{name}"), "[^/:@]+", 1)
        if re.fullmatch(pattern, own):
            return True
    return False


def _plain(image: str) -> str:
    for registry in ("docker.io/library/", "index.docker.io/", "docker.io/"):
        if image.startswith(registry):
            return image.removeprefix(registry)
    return image
