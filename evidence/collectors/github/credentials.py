"""What a request to GitHub is signed with: a token, or a GitHub App's installation token.

An installation token lives an hour (docs.github.com "Generating an installation access token for a
GitHub App"): it is renewed before its end by the server's own clock, and once more when a request
in the middle of a run is refused all the same. An App is asked where it is installed, once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from evidence.collectors.github.reading import items, mapping, text
from evidence.collectors.http import Clock, PoliteSession, date_micros, iso_micros, read_limited
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError, UnavailableError

if TYPE_CHECKING:
    from github.Auth import Auth

API_VERSION = "2022-11-28"
_EARLY = 300.0
"""Seconds before its end at which a token is renewed: no answer takes longer than that."""
_JWT_SECONDS = 540
"""How long the App's own token is valid; GitHub takes ten minutes at most."""
_TRIES = 3


class NotInstalledError(AuthError):
    """The App is not installed for an owner: its other installations can be read all the same."""


class Credential(Protocol):
    """A token for each owner of repositories."""

    def token(self, owner: str) -> str:
        """A token that is valid now, for repositories of this organisation or person."""

    def renew(self, owner: str) -> bool:
        """Called when the token was refused: whether another one is worth a try."""

    def accepted(self, owner: str) -> None:
        """Called when the token served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedToken:
    """A personal access token: the same for everything, and final when refused."""

    value: str = field(repr=False)

    def token(self, owner: str) -> str:
        """The token itself."""
        del owner
        return self.value

    def renew(self, owner: str) -> bool:
        """Nothing to renew."""
        del owner
        return False

    def accepted(self, owner: str) -> None:
        """Nothing to note."""


@dataclass(slots=True)
class _Issued:
    token: str = field(repr=False)
    until: float
    """Seconds UTC by our clock."""
    fresh: bool = True
    """Refused before it served for anything, another one would be refused as well."""


@dataclass(slots=True, kw_only=True)
class AppInstallations:
    """A GitHub App with its private key, wherever it is installed.

    Raises ConfigError (unusable key), AuthError (refused, or not installed for an owner),
    UnavailableError and SourceError.
    """

    api_url: str
    app_id: str
    private_key: str = field(repr=False)
    """PEM text."""
    clock: Clock = field(default_factory=Clock)
    timeout: tuple[float, float] = (10.0, 60.0)
    verify: bool | str = True
    _found: dict[str, str] | None = field(default=None, init=False)
    """Owner in lower case -> installation id."""
    _issued: dict[str, _Issued] = field(default_factory=dict, init=False, repr=False)

    def token(self, owner: str) -> str:
        """The token of the installation at this owner; a new one shortly before its end."""
        installation = self._installation(owner)
        known = self._issued.get(installation)
        if known is None or known.until <= self.clock.now():
            known = self._issued[installation] = self._issue(installation)
        return known.token

    def renew(self, owner: str) -> bool:
        """Forgets the token, unless it had never been accepted."""
        known = self._issued.pop(self._installation(owner), None)
        return known is not None and not known.fresh

    def accepted(self, owner: str) -> None:
        """Notes that the present token served."""
        known = self._issued.get(self._installation(owner))
        if known is not None:
            known.fresh = False

    def owners(self) -> tuple[str, ...]:
        """Everybody who installed the App, in lower case."""
        return tuple(sorted(self._installations()))

    def _installation(self, owner: str) -> str:
        found = self._installations().get(owner.lower())
        if found is None:
            raise NotInstalledError(
                f"The GitHub App {self.app_id} is not installed for {owner}.",
                next_step=f"Install it for {owner}, with the permissions of docs/how-to/github.md.",
            )
        return found

    def _installations(self) -> dict[str, str]:
        if self._found is None:
            self._found = {}
            session = PoliteSession(
                base_url=self.api_url,
                headers=self._headers(),
                attempts=_TRIES,
                timeout=self.timeout,
                verify=self.verify,
                answers=frozenset({200}),
                clock=self.clock,
            )
            for page in range(1, 101):
                answer = session.get("/app/installations", {"per_page": "100", "page": str(page)})
                rows = items(_json(answer.body))
                for row in map(mapping, rows):
                    login = text(mapping(row.get("account")).get("login"))
                    if login and isinstance(row.get("id"), int) and not row.get("suspended_at"):
                        self._found[login.lower()] = str(row["id"])
                if len(rows) < 100:
                    break
        return self._found

    def _headers(self) -> Mapping[str, str]:
        return {
            "Authorization": f"Bearer {self._jwt()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": API_VERSION,
            "User-Agent": "soc2-evidence",
        }

    def _jwt(self) -> str:
        import jwt

        now = int(self.clock.now())
        claims = {"iat": now - 60, "exp": now + _JWT_SECONDS - 60, "iss": self.app_id}
        try:
            return jwt.encode(claims, self.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise ConfigError(
                f"The private key of GitHub App {self.app_id} cannot be used.",
                next_step="Set private_key to a reference to the PEM file that GitHub made.",
            ) from error

    def _issue(self, installation: str) -> _Issued:
        status, headers, body = self._post(f"/app/installations/{installation}/access_tokens")
        if status in (401, 403, 404):
            raise AuthError(
                f"GitHub issued no token for installation {installation} of App {self.app_id} "
                f"(status {status}).",
                next_step="Check the App's id and private key, and that it is not suspended.",
            )
        if status != 201:
            raise SourceError(f"GitHub answered the request for a token with status {status}.")
        answer = mapping(_json(body))
        token, ends = text(answer.get("token")), iso_micros(answer.get("expires_at"))
        if not token:
            raise MalformedError("GitHub's answer to the request for a token holds none.")
        now = self.clock.now()
        server = date_micros(headers.get("date", "")) / 1_000_000 or now
        lifetime = ends / 1_000_000 - server if ends else 3600.0
        return _Issued(token, now + lifetime - _EARLY)

    def _post(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """One POST without a body; tried again where the server failed."""
        import requests

        for tried in range(_TRIES):
            if tried:
                self.clock.sleep(2.0**tried)
            try:
                with requests.post(
                    self.api_url + path,
                    headers=dict(self._headers()),
                    auth=_as_given,
                    timeout=self.timeout,
                    verify=self.verify,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = read_limited(response)
            except (requests.RequestException, OSError):
                continue
            if response.status_code not in (429, 500, 502, 503, 504):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return response.status_code, headers, body
        raise UnavailableError(f"GitHub issued no token for App {self.app_id}: it did not answer.")


def _as_given(request: Any) -> Any:
    """Keeps requests from reading ~/.netrc."""
    return request


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise MalformedError("GitHub's answer is no JSON.") from error


def signing(credential: Credential, owner: str) -> Auth:
    """The credential in the shape that PyGithub asks for, with each request anew."""
    from github import Auth as GithubAuth

    class Renewing(GithubAuth.Auth):
        """Asks the credential for the token of the moment."""

        @property
        def token_type(self) -> str:
            return "Bearer"

        @property
        def token(self) -> str:
            return credential.token(owner)

        def authentication(self, headers: dict[str, Any]) -> None:
            headers["Authorization"] = f"Bearer {self.token}"

        def mask_authentication(self, headers: dict[str, Any]) -> None:
            headers["Authorization"] = "Bearer (removed)"

    return Renewing()
