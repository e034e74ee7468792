"""What the sources of one look say about the objects that are deployed from them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.collectors.flux.kinds import GIT_REPOSITORY, HELM_RELEASE, OCI_REPOSITORY
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
    """The GitRepositories and OCIRepositories of one look."""

    found: Mapping[SourceKey, Mapping[str, Any]]

    @classmethod
    def of(cls, listed: Mapping[Resource, Listing]) -> Origins:
        """Those that were listed."""
        return cls(
            found={
                _key(kind.kind, item.body): item.body
                for kind in (GIT_REPOSITORY, OCI_REPOSITORY)
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
            "source_url": text(at(source, "spec", "url")),
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
        return self._named(body, reference)

    def _named(self, body: Mapping[str, Any], reference: object) -> Mapping[str, Any]:
        """The source that an object refers to; its own namespace is the default."""
        home = text(at(body, "metadata", "namespace"))
        namespace = text(at(reference, "namespace")) or home
        key = (text(at(reference, "kind")), namespace, text(at(reference, "name")))
        return self.found.get(key, {})


def _key(kind: str, body: Mapping[str, Any]) -> SourceKey:
    return (kind, text(at(body, "metadata", "namespace")), text(at(body, "metadata", "name")))


def _reference(reference: Mapping[str, Any]) -> str:
    return next((found for name in _REFERENCES if (found := text(reference.get(name)))), "")
