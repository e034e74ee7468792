"""Tokens of registries: a challenge is answered with one, fetched from where the challenge says.

The credential goes only to a host of the registry's own domain, over no weaker scheme: a challenge
is text from outside. Source: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from evidence import canonical
from evidence.collectors.http import Answer, PoliteSession, redact_url
from evidence.collectors.lenient import mapping, text
from evidence.errors import AuthError, MalformedError

_SCHEME = re.compile(r"^\s*(bearer|basic)\b", re.IGNORECASE)
_PART = re.compile(r'([a-z]+)\s*=\s*"([^"]*)"', re.IGNORECASE)
_TOKEN_LIMIT = 256 * 1024
Open = Callable[..., PoliteSession]


class Tokens:
    """The tokens of one registry, one per repository."""

    def __init__(self, url: str, secret: str, session: Open) -> None:
        self._url = url
        self._secret = secret
        self._session = session
        self._headers: dict[str, str] = {}

    def header(self, repository: str) -> dict[str, str]:
        """What is sent with a request for a repository."""
        known = self._headers.get(repository, "")
        return {"Authorization": known} if known else {}

    def answer(self, repository: str, refused: Answer) -> bool:
        """Answers a challenge; False where there is nothing to answer it with."""
        challenge = refused.headers.get("www-authenticate", "")
        kind = _SCHEME.match(challenge)
        if kind is None:
            return False
        if kind[1].lower() == "basic":
            self._headers[repository] = self._basic()
            return bool(self._secret)
        parts = {name.lower(): value for name, value in _PART.findall(challenge)}
        token = self._fetch(repository, parts)
        self._headers[repository] = f"Bearer {token}"
        return bool(token)

    def _fetch(self, repository: str, parts: Mapping[str, str]) -> str:
        realm = parts.get("realm", "")
        there, own = urlsplit(realm), urlsplit(self._url)
        if there.scheme != "https" and (own.scheme, there.scheme) != ("http", "http"):
            raise AuthError(f"{redact_url(self._url)} asks to fetch a token at no safe address.")
        scope = parts.get("scope") or f"repository:{repository}:pull"
        asked = {name: value for name, value in (("service", parts.get("service")),) if value}
        headers = {}
        if self._secret:
            if not same_domain(own.hostname or "", there.hostname or ""):
                raise AuthError(
                    f"{redact_url(self._url)} asks to send its credential to {there.hostname}.",
                    next_step="Read it without a credential, or name the registry that owns it.",
                )
            headers["Authorization"] = self._basic()
        base = f"{there.scheme}://{there.netloc}"
        query = urlencode({**asked, "scope": scope})
        path = f"{there.path}?{there.query + '&' if there.query else ''}{query}"
        answer = self._session(headers, _TOKEN_LIMIT, frozenset({200}), base=base).get(path)
        try:
            body = mapping(canonical.loads(answer.body))
        except MalformedError:
            body = {}
        return text(body.get("token")) or text(body.get("access_token"))

    def _basic(self) -> str:
        pair = self._secret if ":" in self._secret else f"x-access-token:{self._secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


def same_domain(host: str, other: str) -> bool:
    """Whether two hosts are one, or of one domain: `auth.docker.io` and `registry-1.docker.io`.

    That is their last two labels, three below a country's (`example.co.uk`).
    """
    if host == other:
        return True
    own, there = host.lower().split("."), other.lower().split(".")
    numeric = all(part.isdigit() for part in own)
    short = len(own) > 1 and len(own[-1]) == 2 and len(own[-2]) <= 3
    count = 3 if short else 2
    return not numeric and len(own) >= count and own[-count:] == there[-count:]
