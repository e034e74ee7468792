"""A simulated registry: the pull side of the OCI distribution API, with tokens as registries ask.

Nothing is listed; a repository without token is answered by a challenge; blobs may be handed out by
a storage elsewhere. https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.oci_images import INDEX, Images, digest_of
from evidence.demo.series import as_of
from evidence.demo.serving import Request

_PATH: Final = re.compile(r"^/v2/(?P<name>.+)/(?P<what>manifests|blobs|referrers)/(?P<ref>[^/]+)$")


@dataclass(slots=True, kw_only=True)
class Registry:
    """Answers requests as of `at` (microseconds UTC)."""

    repositories: dict[str, Images] = field(default_factory=dict)
    password: str = ""
    """Of the account `reader`; empty: whoever asks gets a token."""
    token: str = "pull-token"  # noqa: S105 - a simulated one, which opens nothing
    realm: str = ""
    """Where tokens are fetched; empty: no token is asked for."""
    knows_referrers: bool = True
    """Whether it has the referrers API, which came with version 1.1."""
    storage: str = ""
    """Address that blobs are handed out from; empty: the registry itself."""
    spoiled: frozenset[str] = frozenset()
    """Digests whose bytes are not what they should be."""
    page: int = 0
    """Referrers on one page; 0: all."""
    at: int = 0

    def images(self, name: str) -> Images:
        """What a repository holds; it is made where it is not there."""
        return self.repositories.setdefault(name, Images())

    def respond(self, request: Request) -> Answer:
        """One request."""
        if request.path == "/token":
            return self._token(request)
        if request.path.startswith("/storage/"):
            return self._stored(request)
        if request.path == "/v2/":
            return self._challenge("") if self.realm else json_answer(200, {})
        found = _PATH.match(request.path)
        if request.method not in {"GET", "HEAD"} or found is None:
            return _refused(404, "UNSUPPORTED")
        if self.realm and request.headers.get("authorization") != f"Bearer {self.token}":
            return self._challenge(found["name"])
        images = self.repositories.get(found["name"])
        if images is None:
            return _refused(404, "NAME_UNKNOWN")
        if found["what"] == "manifests":
            return self._manifest(images, found["ref"])
        if found["what"] == "referrers":
            return self._referrers(images, found["ref"], request.query)
        if self.storage:
            place = f"{self.storage}/storage/{found['name']}/{found['ref']}?sig=1"
            return Answer(status=307, headers={"Location": place})
        return self._blob(images, found["ref"])

    def _challenge(self, name: str) -> Answer:
        told = f'Bearer realm="{self.realm}",service="registry.example",'
        told += f'scope="repository:{name}:pull"'
        body = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
        return json_answer(401, body, **{"WWW-Authenticate": told})

    def _token(self, request: Request) -> Answer:
        wanted = base64.b64encode(f"reader:{self.password}".encode()).decode()
        if self.password and request.headers.get("authorization") != f"Basic {wanted}":
            return json_answer(401, {"details": "incorrect username or password"})
        if "scope" not in request.query:
            return json_answer(400, {"details": "no scope"})
        return json_answer(200, {"token": self.token, "expires_in": 300})

    def _stored(self, request: Request) -> Answer:
        """The storage: who sends it a credential of the registry is refused, as S3 refuses."""
        if request.headers.get("authorization"):
            return _refused(400, "only one auth mechanism allowed")
        name, _, digest = request.path.removeprefix("/storage/").rpartition("/")
        return self._blob(self.images(name), digest)

    def _manifest(self, images: Images, reference: str) -> Answer:
        digest = reference
        if ":" not in reference:
            digest = as_of(images.tags.get(reference, []), self.at, "")
        found = images.manifests.get(digest)
        if found is None:
            return _refused(404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": found[0], "Docker-Content-Digest": digest}
        return Answer(status=200, body=self._bytes(found[1]), headers=headers)

    def _blob(self, images: Images, digest: str) -> Answer:
        data = images.blobs.get(digest)
        if data is None:
            return _refused(404, "BLOB_UNKNOWN")
        headers = {"Content-Type": "application/octet-stream"}
        return Answer(status=200, body=self._bytes(data), headers=headers)

    def _referrers(self, images: Images, digest: str, query: Mapping[str, str]) -> Answer:
        if not self.knows_referrers:
            return _refused(404, "404 page not found")
        found = images.referrers(digest)
        headers = {"Content-Type": INDEX}
        begin = int(query.get("from", "0"))
        if self.page and begin + self.page < len(found):
            headers["Link"] = f'<?from={begin + self.page}>; rel="next"'
        shown = found[begin : begin + self.page] if self.page else found
        body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(shown)}
        answer = json_answer(200, body)
        return Answer(status=200, body=answer.body, headers=headers)

    def _bytes(self, data: bytes) -> bytes:
        return data + b" " if digest_of(data) in self.spoiled else data


def _refused(status: int, code: str) -> Answer:
    return json_answer(status, {"errors": [{"code": code, "message": code.lower()}]})
