"""Images of a world as bytes: configuration, manifest, index, and what refers to them.

Forms: https://github.com/opencontainers/image-spec (v1.1) and, for the attestations that a builder
puts beside the platforms of an index, the Docker documentation on attestation storage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
EMPTY: Final = "application/vnd.oci.empty.v1+json"
DSSE: Final = "application/vnd.dsse.envelope.v1+json"
IN_TOTO: Final = "application/vnd.in-toto+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
PLATFORMS: Final = ("amd64", "arm64", "ppc64le", "s390x")


@dataclass(slots=True, kw_only=True)
class Images:
    """What one repository of a registry holds."""

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Digest -> (media type, bytes)."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """Tag -> (moment, digest) since when it names it, oldest first."""

    def blob(self, data: bytes, media_type: str) -> dict[str, Any]:
        """Keeps bytes; gives their descriptor."""
        digest = digest_of(data)
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def manifest(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Keeps a manifest or index; gives its descriptor."""
        data = json.dumps(value, indent=2).encode()
        digest = digest_of(data)
        self.manifests[digest] = (str(value["mediaType"]), data)
        return {"mediaType": value["mediaType"], "digest": digest, "size": len(data)}

    def image(
        self,
        labels: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
        architecture: str = PLATFORMS[0],
        content: str = "",
    ) -> dict[str, Any]:
        """An image for one platform; `content` makes two with the same labels differ."""
        layer = self.blob(f"layer {architecture} {content}".encode(), LAYER)
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": dict(labels) or None, "Cmd": ["/app"]},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(json.dumps(config).encode(), CONFIG),
            "layers": [layer],
        }
        noted = {**body, "annotations": dict(annotations)} if annotations else body
        platform = {"architecture": architecture, "os": "linux"}
        return {**self.manifest(noted), "platform": platform}

    def index(
        self, members: Iterable[Mapping[str, Any]], *, annotations: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """An index over images."""
        body: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(members)}
        return self.manifest({**body, "annotations": dict(annotations)} if annotations else body)

    def attested_inside(self, subject: str, statement: Mapping[str, Any]) -> dict[str, Any]:
        """What a builder puts into the index beside the image that it is about."""
        layer = self.blob(json.dumps(statement).encode(), IN_TOTO)
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(b"{}", CONFIG),
            "layers": [{**layer, "annotations": {"in-toto.io/predicate-type": "provenance"}}],
        }
        notes = {
            "vnd.docker.reference.digest": subject,
            "vnd.docker.reference.type": "attestation-manifest",
        }
        unknown = {"architecture": "unknown", "os": "unknown"}
        return {**self.manifest(body), "annotations": notes, "platform": unknown}

    def referring(
        self, subject: Mapping[str, Any], data: bytes, *, kind: str = DSSE
    ) -> dict[str, Any]:
        """A manifest whose subject is an image, with one statement as its layer."""
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "config": self.blob(b"{}", EMPTY),
            "layers": [self.blob(data, kind)],
            "subject": {name: subject[name] for name in ("mediaType", "digest", "size")},
        }
        return {**self.manifest(body), "artifactType": kind}

    def cosigned(self, subject: str, data: bytes) -> None:
        """The tag under which cosign keeps attestations of an image."""
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(b"{}", CONFIG),
            "layers": [self.blob(data, DSSE)],
        }
        self.tag(f"{subject.replace(':', '-')}.att", self.manifest(body)["digest"])

    def tag(self, name: str, digest: str, at: int = 0) -> None:
        """From a moment on the tag names the digest."""
        self.tags.setdefault(name, []).append((at, digest))

    def referrers(self, digest: str) -> Sequence[Mapping[str, Any]]:
        """Descriptors of the manifests with that subject."""
        found = []
        for own, (media_type, data) in sorted(self.manifests.items()):
            body = json.loads(data)
            if body.get("subject", {}).get("digest") == digest:
                told = {"mediaType": media_type, "digest": own, "size": len(data)}
                found.append({**told, "artifactType": body["artifactType"]})
        return found


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
