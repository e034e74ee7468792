"""A GitHub App of the simulated organisation: installations, tokens that end, what they may see.

Sources: docs.github.com "Generating a JSON Web Token (JWT) for a GitHub App" (RS256, ten minutes at
most) and "Generating an installation access token" (an hour). The hour is the simulated one; a
token may also be told to end after so many requests, since simulated time stands still in a run.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import HOUR, iso
from evidence.demo.serving import Request

APP_ID: Final = "71000"
_LONGEST: Final = 600
"""Seconds that an App's own token may be valid."""


@dataclass(slots=True)
class _Token:
    installation: int
    until: int
    uses: int


@dataclass(slots=True)
class App:
    """One registered App, installed for the owners of the visible repositories."""

    public_key: str
    """PEM."""
    uses: int = -1
    """How many requests a token serves before it ends; -1: an hour of simulated time only."""
    not_installed: frozenset[str] = frozenset()
    """Owners that did not install it."""
    issued: int = 0
    """Tokens handed out so far."""
    _tokens: dict[str, _Token] = field(default_factory=dict)

    def accepts(self, token: str, at: int) -> bool:
        """Whether a token is valid now; each request that asks uses it once."""
        known = self._tokens.get(token)
        if known is None or known.until <= at or known.uses == 0:
            return False
        known.uses -= 1
        return True

    def respond(self, view: View, path: str, request: Request) -> Answer | None:
        """What is asked with the App's own token; None for every other path."""
        matched = re.fullmatch(r"/app/installations(?:/([0-9]+)/access_tokens)?", path)
        if matched is None:
            return None
        if not self._is_app(request.headers):
            message = "A JSON web token could not be decoded"
            return json_answer(401, {"message": message, "status": "401"})
        if matched[1]:
            return self._token(view, int(matched[1]), request)
        size, page = (int(request.query.get(k, d)) for k, d in (("per_page", "30"), ("page", "1")))
        shown = [
            {"id": number, "account": {"login": owner, "type": "Organization"}, "app_id": APP_ID}
            for owner, number in self._installations(view).items()
        ]
        return json_answer(200, shown[(page - 1) * size : page * size])

    def _installations(self, view: View) -> dict[str, int]:
        owners = {view.full_name(one).split("/")[0] for one in _visible(view)}
        owners -= self.not_installed
        return {owner: 9001 + place for place, owner in enumerate(sorted(owners))}

    def _token(self, view: View, number: int, request: Request) -> Answer:
        if request.method != "POST" or number not in self._installations(view).values():
            return json_answer(404, {"message": "Not Found", "status": "404"})
        self.issued += 1
        token = f"simulated-{secrets.token_hex(20)}"
        self._tokens[token] = _Token(number, view.at + HOUR, self.uses)
        return json_answer(
            201,
            {
                "token": token,
                "expires_at": iso(view.at + HOUR),
                "permissions": {"contents": "read", "metadata": "read", "pull_requests": "read"},
                "repository_selection": "all",
            },
        )

    def _is_app(self, headers: Mapping[str, str]) -> bool:
        import jwt

        given = headers.get("authorization", "").partition(" ")[2]
        try:
            claims = jwt.decode(
                given,
                self.public_key,
                algorithms=["RS256"],
                # Our clock is the simulated one; that it is no older than ten minutes is checked.
                options={"verify_exp": False, "verify_iat": False, "require": ["iat", "exp"]},
            )
        except jwt.PyJWTError:
            return False
        return claims.get("iss") == APP_ID and claims["exp"] - claims["iat"] <= _LONGEST


def _visible(view: View) -> list[RepositoryRecord]:
    hidden = view.world.access.hidden
    return [one for one in view.history.repositories.values() if one.world.key not in hidden]
