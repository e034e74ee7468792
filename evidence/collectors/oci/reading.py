"""Reads one image: its manifest or index, each platform, their configurations, its attestations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical
from evidence.collectors.lenient import at, items, mapping, text
from evidence.collectors.oci.holding import Held, Holding
from evidence.collectors.oci.names import (
    DIGEST,
    INDEXES,
    REFERRED,
    Reference,
    holds_statements,
)
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Form, Gap, GapReason

MANIFEST, CONFIG, STATEMENT = "oci.manifest", "oci.config", "oci.statement"
COLLECTOR, VERSION = "oci", "1"
PLATFORMS = 16
"""Platforms of one index that are read; more are a gap."""
STATEMENTS = 32
"""Statements about one image that are read."""
_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was read of one image so far."""

    source: str
    holding: Holding
    reference: Reference
    captures: list[Capture] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    _blobs: set[str] = field(default_factory=set)

    def read(self, *, known: frozenset[str]) -> None:
        """Everything of it; of a digest among `known` only what may have come since.

        Raises MalformedError for bytes that are not what their digest says.
        """
        wanted = self.reference.digest or self.reference.tag
        top = self.holding.manifest(self.reference.repository, wanted, self.reference.image)
        if top is None:
            self._gap(
                GapReason.NOT_FOUND_OR_FORBIDDEN,
                f"Image {self.reference.text} is not there, or the credential may not read it.",
            )
            return
        self._keep(MANIFEST, self.reference.text, top, tag=self.reference.tag)
        if top.digest not in known:
            self._manifest(top)
        self._attested(top.digest)

    def _manifest(self, held: Held) -> None:
        body = _body(held)
        if not _is_index(body):
            self._image(held, body, index="")
            return
        children = [mapping(one) for one in items(body.get("manifests"))]
        platforms = [one for one in children if not at(one, "annotations", REFERRED)]
        if len(platforms) > PLATFORMS:
            told = f"{self.reference.text} lists {len(platforms)} platforms; {PLATFORMS} were read."
            self._gap(GapReason.TRUNCATED, told)
        for child in platforms[:PLATFORMS]:
            found = self._by_digest(text(child.get("digest")))
            if found is not None:
                key = f"{self.reference.image}@{found.digest}"
                self._keep(MANIFEST, key, found, index=held.digest)
                self._image(found, _body(found), index=held.digest)
        for child in children:
            if at(child, "annotations", REFERRED):
                self._statements(text(child.get("digest")), held.digest)

    def _image(self, held: Held, body: Mapping[str, Any], index: str) -> None:
        """The labels stand in the configuration; other artifacts have annotations alone."""
        config = mapping(body.get("config"))
        digest = text(config.get("digest"))
        if config.get("mediaType") not in _CONFIGS or not DIGEST.match(digest):
            return
        blob = self.holding.blob(self.reference.repository, digest)
        key = f"{self.reference.image}@{held.digest}"
        if blob is None:
            self._gap(GapReason.NOT_FOUND_OR_FORBIDDEN, f"The configuration of {key} is not there.")
            return
        self._keep(CONFIG, key, blob, digest=held.digest, index=index)

    def _attested(self, digest: str) -> None:
        """What refers to the image, by the API, by its tag schema, or by cosign's tag."""
        repository, image = self.reference.repository, self.reference.image
        for one in self.holding.referrers(repository, digest):
            kind = text(one.get("artifactType"))
            if not kind or holds_statements(kind):
                self._statements(text(one.get("digest")), digest)
        tagged = self.holding.manifest(repository, f"{digest.replace(':', '-')}.att", image)
        if tagged is not None:
            self._layers(tagged, digest)

    def _statements(self, digest: str, subject: str) -> None:
        found = self._by_digest(digest)
        if found is not None:
            self._layers(found, subject)

    def _layers(self, held: Held, subject: str) -> None:
        for layer in items(_body(held).get("layers")):
            digest = text(at(layer, "digest"))
            if digest in self._blobs or not holds_statements(text(at(layer, "mediaType"))):
                continue
            self._blobs.add(digest)
            if len(self._blobs) > STATEMENTS:
                told = f"{self.reference.text} has more than {STATEMENTS} statements."
                self._gap(GapReason.TRUNCATED, told)
                return
            blob = self.holding.blob(self.reference.repository, digest)
            if blob is not None:
                self._keep(STATEMENT, f"{self.reference.image}@{subject}/{digest}", blob)

    def _by_digest(self, digest: str) -> Held | None:
        usable = DIGEST.match(digest)
        repository, image = self.reference.repository, self.reference.image
        return self.holding.manifest(repository, digest, image) if usable else None

    def _keep(self, kind: str, key: str, held: Held, **more: str) -> None:
        context = {"image": self.reference.image, "digest": held.digest, **more}
        self.captures.append(
            Capture(
                source=self.source,
                kind=kind,
                key=key,
                series=f"{kind}/1",
                observed_at=held.observed_at,
                form=Form.EXACT,
                payload=held.data,
                collector=COLLECTOR,
                collector_version=VERSION,
                exchanges=(held.exchange,),
                context={name: value for name, value in context.items() if value},
            )
        )

    def _gap(self, reason: GapReason, detail: str) -> None:
        self.gaps.append(gap(self.source, self.reference.text, reason, detail))


def gap(source: str, key: str, reason: GapReason, detail: str) -> Gap:
    """Something of an image that could not be read."""
    return Gap(source=source, kind=MANIFEST, key=key, reason=reason, detail=detail)


def _body(held: Held) -> Mapping[str, Any]:
    try:
        return mapping(canonical.loads(held.data))
    except MalformedError:
        return {}


def _is_index(body: Mapping[str, Any]) -> bool:
    return body.get("mediaType") in INDEXES or isinstance(body.get("manifests"), list)


def platforms(body: Mapping[str, Any]) -> Iterator[str]:
    """Digests of the platforms that an index lists."""
    for one in items(body.get("manifests")):
        digest = text(at(one, "digest"))
        if DIGEST.match(digest) and not at(one, "annotations", REFERRED):
            yield digest
