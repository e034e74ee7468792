"""What the sources of one look say about the objects that are deployed from them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.collectors.flux.kinds import HELM_RELEASE, SOURCES
from evidence.collectors.http import iso_micros
from evidence.collectors.kubernetes import Listing, Resource
from evidence.collectors.lenient import at, mapping, text

_ORIGIN_URL = "org.opencontainers.image.source"
_REFERENCES = ("commit", "name", "digest", "semver", "tag", "branch")
"""Fields of `spec.ref`, the one that counts first (source-controller, API v1)."""

SourceKey = tuple[str, str, str]
"""(kind, namespace, name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """The sources of one look: repositories of Git, OCI and Helm, buckets, charts."""

    found: Mapping[SourceKey, Mapping[str, Any]]

    @classmethod
    def of(cls, listed: Mapping[Resource, Listing]) -> Origins:
        """Those that were listed."""
        return cls(
            found={
                _key(kind.kind, item.body): item.body
                for kind in SOURCES
                if kind in listed
                for item in listed[kind].items
            }
        )

    def context(self, kind: Resource, body: Mapping[str, Any]) -> dict[str, str]:
        """What `parse` must know of an object's source: its address and what was asked of it.

        Empty texts where the source was not listed: deleted, or hidden from the credential.
        """
        source = self._source(kind, body)
        return {
            "source_kind": text(source.get("kind")) or self._kind(kind, body),
            "source_url": text(at(source, "spec", "url")) or _bucket(source),
            "source_ref": _reference(mapping(at(source, "spec", "ref"))),
            "origin_url": text(at(source, "status", "artifact", "metadata", _ORIGIN_URL)),
        }

    def fetched(self, body: Mapping[str, Any]) -> int:
        """Microseconds UTC when the source had the applied revision; 0 where it does not say."""
        artifact = mapping(
            at(self._named(body, at(body, "spec", "sourceRef")), "status", "artifact")
        )
        revision = text(at(body, "status", "lastAppliedRevision"))
        same = bool(revision) and artifact.get("revision") == revision
        return iso_micros(artifact.get("lastUpdateTime")) if same else 0

    def _source(self, kind: Resource, body: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = at(body, "spec", "sourceRef")
        if kind == HELM_RELEASE:
            asked = at(body, "spec", "chart", "spec", "sourceRef")
            reference = asked or at(body, "spec", "chartRef")
        found = self._named(body, reference)
        if at(reference, "kind") == "HelmChart":  # a chart object names where it is from
            return self._named(found, at(found, "spec", "sourceRef")) if found else {}
        return found

    def _kind(self, kind: Resource, body: Mapping[str, Any]) -> str:
        """The kind of source that is asked for, where the source itself was not listed."""
        if kind == HELM_RELEASE:
            asked = at(body, "spec", "chart", "spec", "sourceRef") or at(body, "spec", "chartRef")
            return text(at(asked, "kind"))
        return text(at(body, "spec", "sourceRef", "kind"))

    def _named(self, body: Mapping[str, Any], reference: object) -> Mapping[str, Any]:
        """The source that an object refers to; its own namespace is the default."""
        home = text(at(body, "metadata", "namespace"))
        namespace = text(at(reference, "namespace")) or home
        key = (text(at(reference, "kind")), namespace, text(at(reference, "name")))
        return self.found.get(key, {})


def _key(kind: str, body: Mapping[str, Any]) -> SourceKey:
    return (kind, text(at(body, "metadata", "namespace")), text(at(body, "metadata", "name")))


def _bucket(source: Mapping[str, Any]) -> str:
    """Address of a bucket, which has no `url`; empty for any other source."""
    name = text(at(source, "spec", "bucketName"))
    return f"s3://{text(at(source, 'spec', 'endpoint'))}/{name}" if name else ""


def _reference(reference: Mapping[str, Any]) -> str:
    return next((found for name in _REFERENCES if (found := text(reference.get(name)))), "")
