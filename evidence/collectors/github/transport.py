"""One GraphQL conversation with one GitHub: serial, patient within bounds, exact about bytes.

PyGithub builds the request (authentication, renewal of App tokens, address, API version); the
connection beneath it is ours. Why, by the weaknesses shown for PyGithub 2.10:
its connection may give another thread's answer (a connection and a transport belong to one thread
here); it follows a 301 without the query string and returns a 302/307 as if it were data (any 3xx
is an error here); it does not see GraphQL limits and sleeps inside urllib3 with a stale token
(each try builds its request anew, and waits are bounded and ours); it decodes by guess (UTF-8,
strictly, here).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evidence.canonical import query_digest
from evidence.collectors.github import queries
from evidence.collectors.github.answers import Broken, Heavy, Usable, Wait, meaning, pending_wait
from evidence.collectors.github.connection import Connection
from evidence.collectors.github.credentials import API_VERSION, Credential
from evidence.collectors.http import Clock, date_micros, redact_url
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange

if TYPE_CHECKING:
    from github.Auth import Auth
    from github.Requester import Requester

USER_AGENT = "soc2-evidence"


class TooHeavyError(UnavailableError):
    """GitHub could not answer a query in its time; a smaller page may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnswer:
    """A usable answer: its exact text, its data, and where null means unknown."""

    text: str
    data: Mapping[str, Any]
    unread: tuple[tuple[tuple[str | int, ...], str], ...]
    exchange: Exchange
    observed_at: int


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a conversation cost so far."""

    calls: int = 0
    retries: int = 0
    points: int = 0
    remaining: int = -1


@dataclass(slots=True, kw_only=True)
class Transport:
    """Asks named operations. Not shared between threads: each makes its own.

    Raises AuthError, SourceError (redirect, refused query), MalformedError, UnavailableError and
    TooHeavyError; a longer wait than `max_wait` seconds is UnavailableError, at once and again
    for every further question until that time has come.
    """

    api_url: str
    auth: Auth = field(repr=False)
    credential: Credential | None = field(default=None, repr=False)
    """Renews the token where it was refused in mid-run; None: what is refused is final."""
    owner: str = ""
    """Whose repositories are asked for: an App has a token for each owner."""
    clock: Clock = field(default_factory=Clock)
    max_wait: float = 900.0
    attempts: int = 5
    timeout: tuple[float, float] = (10.0, 60.0)
    verify: bool | str = True
    usage: Usage = field(default_factory=Usage, init=False)
    _not_before: float = field(default=0.0, init=False)
    _requester: Requester | None = field(default=None, init=False, repr=False)
    _connection: Connection | None = field(default=None, init=False, repr=False)
    _thread: int = field(default_factory=threading.get_ident, init=False)

    def ask(
        self, operation: str, variables: Mapping[str, Any], *, adaptive: bool = False
    ) -> GraphAnswer:
        """The answer to one operation of `queries.graphql`.

        With `adaptive`, TooHeavyError comes at once: the caller asks for a smaller page.
        """
        if threading.get_ident() != self._thread:
            raise RuntimeError("a Transport belongs to the thread that made it")
        why: Broken | Heavy | Wait | None = None
        for tried in range(self.attempts):
            self._keep_silence()
            self.usage.retries += tried > 0
            outcome = self._try(operation, variables)
            if isinstance(outcome, GraphAnswer):
                return outcome
            why = outcome
            if adaptive and isinstance(why, Heavy):
                break
            asked = outcome.seconds if isinstance(outcome, Wait) else 0.5
            self._stay_silent(60.0 * 2**tried if asked is None else max(asked, 2.0**tried - 1))
        if isinstance(why, Heavy):
            raise TooHeavyError(f"GitHub could not answer {operation} in its time: {why.why}.")
        if isinstance(why, Broken) and why.malformed:
            raise MalformedError(f"GitHub's answers to {operation} were unusable: {why.why}.")
        raise UnavailableError(f"GitHub did not answer {operation}: {why.why if why else ''}.")

    def _try(
        self, operation: str, variables: Mapping[str, Any]
    ) -> GraphAnswer | Wait | Heavy | Broken:
        import requests

        text = queries.document(operation)
        self.usage.calls += 1
        try:
            status, headers, body = self._post({"query": text, "variables": dict(variables)})
        except MalformedError as error:
            return Broken(why=error.message, malformed=True)
        except (requests.RequestException, OSError) as error:
            return Broken(why=f"the connection failed ({type(error).__name__})")
        if self.credential is not None:
            if status == 401 and self.credential.renew(self.owner):
                return Broken(why="the token was refused and is renewed")
            if status == 200:
                self.credential.accepted(self.owner)
        now = self.clock.now()
        outcome = meaning(status, headers, body, now)
        if not isinstance(outcome, Usable):
            return outcome
        self._account(outcome.data, headers, now)
        exchange = Exchange(
            method="POST",
            url=redact_url(self._open().graphql_url),
            query_digest=query_digest(text, variables),
            status=status,
            date=headers.get("date", ""),
            request_id=headers.get("x-github-request-id", ""),
            etag=headers.get("etag", ""),
        )
        return GraphAnswer(
            text=body,
            data=outcome.data,
            unread=outcome.unread,
            exchange=exchange,
            observed_at=date_micros(exchange.date) or self.clock.micros(),
        )

    def _post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], str]:
        requester = self._open()
        return requester.requestJson(
            "POST",
            requester.graphql_url,
            input=body,
            cnx=self._connection,  # type: ignore[arg-type]
        )

    def _keep_silence(self) -> None:
        """Waits out what an earlier answer asked for, or refuses where that is too long."""
        wait = self._not_before - self.clock.now()
        if wait <= 0:
            return
        if wait > self.max_wait:
            raise UnavailableError(
                f"GitHub's rate limit asks to wait {wait:.0f} s, more than the "
                f"{self.max_wait:.0f} s allowed.",
                next_step="Run the sync again after that time; it goes on where it stopped.",
            )
        self.clock.sleep(wait)

    def _stay_silent(self, seconds: float) -> None:
        self._not_before = max(self._not_before, self.clock.now() + seconds)

    def _account(self, data: Mapping[str, Any], headers: Mapping[str, str], now: float) -> None:
        limit = data.get("rateLimit")
        if isinstance(limit, dict):
            cost, remaining = limit.get("cost"), limit.get("remaining")
            self.usage.points += cost if isinstance(cost, int) else 0
            self.usage.remaining = remaining if isinstance(remaining, int) else -1
        self._stay_silent(pending_wait(headers, now))

    def _open(self) -> Requester:
        if self._requester is None:
            from github import Github

            client = Github(
                auth=self.auth,
                base_url=self.api_url,
                timeout=int(self.timeout[1]),
                user_agent=USER_AGENT,
                per_page=100,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
                api_version=API_VERSION,
                lazy=True,
            )
            self._requester = client.requester
            parts = urlsplit(self.api_url)
            self._connection = Connection(
                origin=f"{parts.scheme}://{parts.netloc}", timeout=self.timeout, verify=self.verify
            )
        return self._requester
