"""A registry over the OCI distribution API: what it holds, each answer checked by its digest.

Redirects are followed for blobs only, once, without the credential, and never to a weaker scheme or
from elsewhere to this machine: registries hand blobs to their storage, and the digest says whether
the bytes are right. Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from evidence import canonical
from evidence.collectors.http import Answer, Clock, PoliteSession, redact_url
from evidence.collectors.lenient import items, mapping
from evidence.collectors.oci.holding import (
    BLOB_LIMIT,
    MANIFEST_LIMIT,
    REFERRERS_LIMIT,
    Held,
)
from evidence.collectors.oci.names import DIGEST, INDEXES, MANIFESTS, digest_of
from evidence.collectors.oci.tokens import Tokens
from evidence.errors import AuthError, MalformedError, SourceError

_ACCEPT = ", ".join(sorted(INDEXES | MANIFESTS))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = 10
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?', re.IGNORECASE)


class Registry:
    """One registry. `secret` is empty, a token, or `user:password`."""

    def __init__(
        self, url: str, secret: str, clock: Clock, *, verify: bool | str = True, attempts: int = 5
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._verify = verify
        self._attempts = attempts
        self._tokens = Tokens(self._url, secret, self._session)
        self.calls = 0

    def manifest(self, repository: str, reference: str, image: str) -> Held | None:
        """By tag or digest; None where the registry has none."""
        del image
        path = f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}"
        answer = self._get(repository, path, MANIFEST_LIMIT)
        if answer.status != 200:
            return None
        found = _held(answer)
        stated = answer.headers.get("docker-content-digest", "")
        wanted = reference if DIGEST.match(reference) else stated
        if DIGEST.match(wanted) and wanted != found.digest:
            raise MalformedError(f"{answer.exchange.url} is not what its digest says.")
        return found

    def blob(self, repository: str, digest: str) -> Held | None:
        """By digest, from the registry or from the storage that it names."""
        if not DIGEST.match(digest):
            return None
        answer = self._get(
            repository,
            f"/v2/{quote(repository)}/blobs/{quote(digest, safe=':')}",
            BLOB_LIMIT,
            blob=True,
        )
        if answer.status in _REDIRECTS:
            answer = self._elsewhere(answer)
        if answer.status != 200:
            return None
        found = _held(answer)
        if found.digest != digest:
            raise MalformedError(f"{answer.exchange.url} is not what its digest says.")
        return found

    def referrers(self, repository: str, digest: str) -> Sequence[Mapping[str, Any]]:
        """By the referrers API, else by the tag that stands for it where a registry lacks it."""
        path = f"/v2/{quote(repository)}/referrers/{quote(digest, safe=':')}"
        answer = self._get(repository, path, MANIFEST_LIMIT, listing=True)
        if answer.status != 200 or not _is_index(answer):
            tagged = self.manifest(repository, digest.replace(":", "-"), "")
            return _descriptors(tagged.data) if tagged else ()
        found = _descriptors(answer.body)
        for _ in range(_PAGES):
            following = _NEXT.search(answer.headers.get("link", ""))
            if not following or len(found) > REFERRERS_LIMIT:
                break
            answer = self._get(repository, self._own(path, following[1]), MANIFEST_LIMIT)
            found += _descriptors(answer.body) if answer.status == 200 else []
        return found[:REFERRERS_LIMIT]

    def _get(
        self, repository: str, path: str, limit: int, *, blob: bool = False, listing: bool = False
    ) -> Answer:
        """One answer, after one exchange of a challenge for a token where there is one."""
        answers = frozenset({200, 401, 404}) | (_REDIRECTS if blob else frozenset())
        answers |= {400, 405} if listing else frozenset()  # a registry that knows no referrers
        for again in (False, True):
            headers = {"Accept": _ACCEPT, **self._tokens.header(repository)}
            answer = self._session(headers, limit, answers).get(path)
            self.calls += answer.tries
            if answer.status != 401:
                return answer
            if again or not self._tokens.answer(repository, answer):
                break
        raise AuthError(f"{redact_url(self._url)} refused the credential for {repository}.")

    def _elsewhere(self, answer: Answer) -> Answer:
        target = urljoin(self._url + "/", answer.headers.get("location", ""))
        own, there = urlsplit(self._url), urlsplit(target)
        if not _may_follow(own.scheme, own.hostname or "", there.scheme, there.hostname or ""):
            raise SourceError(f"{redact_url(self._url)} redirects a blob to {redact_url(target)}.")
        session = self._session({}, BLOB_LIMIT, frozenset({200, 404}), base=target)
        found = session.get("")
        self.calls += found.tries
        return found

    def _own(self, path: str, target: str) -> str:
        """Path and query of a further page; only this registry is asked for it."""
        there = urlsplit(urljoin(f"{self._url}{path}", target))
        if f"{there.scheme}://{there.netloc}" != self._url:
            raise SourceError(f"{redact_url(self._url)} continues a listing elsewhere.")
        return f"{there.path}?{there.query}" if there.query else there.path

    def _session(
        self,
        headers: Mapping[str, str],
        limit: int = MANIFEST_LIMIT,
        answers: frozenset[int] = frozenset({200, 401, 403, 404}),
        base: str = "",
    ) -> PoliteSession:
        return PoliteSession(
            base_url=base or self._url,
            headers=headers,
            attempts=self._attempts,
            verify=self._verify,
            limit=limit,
            answers=answers,
            clock=self._clock,
        )


def _held(answer: Answer) -> Held:
    return Held(
        data=answer.body,
        digest=digest_of(answer.body),
        exchange=answer.exchange,
        observed_at=answer.observed_at,
    )


def _is_index(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").partition(";")[0].strip() in INDEXES


def _descriptors(data: bytes) -> list[Mapping[str, Any]]:
    return [mapping(one) for one in items(mapping(canonical.loads(data)).get("manifests"))]


def _may_follow(scheme: str, host: str, to_scheme: str, to_host: str) -> bool:
    """Never to a weaker scheme; to an address of this machine or link only from such a one."""
    if to_scheme != "https" and (scheme, to_scheme) != ("http", "http"):
        return False
    return bool(to_host) and (not _is_near(to_host) or _is_near(host))


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or address.is_unspecified
