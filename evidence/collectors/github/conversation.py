"""What a GraphQL and a REST conversation with one GitHub share: the connection, and its patience.

PyGithub builds the request (authentication, renewal of App tokens, address, API version); the
connection beneath it is ours. Why, by the weaknesses shown for PyGithub 2.10:
its connection may give another thread's answer (a connection and a conversation belong to one
thread here); it follows a 301 without the query string and returns a 302/307 as if it were data
(any 3xx is an error here); it does not see GraphQL limits and sleeps inside urllib3 with a stale
token (each try builds its request anew, and waits are bounded and ours); it decodes by guess
(UTF-8, strictly, here).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evidence.collectors.github.answers import Broken, Wait
from evidence.collectors.github.connection import Connection
from evidence.collectors.github.credentials import API_VERSION, Credential, signing
from evidence.collectors.http import Clock
from evidence.collectors.steady import ServerClock
from evidence.errors import MalformedError, UnavailableError

if TYPE_CHECKING:
    from github.Requester import Requester

USER_AGENT = "soc2-evidence"


@dataclass(slots=True, kw_only=True)
class Usage:
    """What a conversation cost so far."""

    calls: int = 0
    retries: int = 0
    points: int = 0
    remaining: int = -1

    def taken(self) -> tuple[int, int]:
        """Calls and retries since they were last taken."""
        found = self.calls, self.retries
        self.calls = self.retries = 0
        return found


def spent(usages: Iterable[Usage]) -> tuple[int, int]:
    """Calls and retries of several conversations since they were last taken."""
    taken = [one.taken() for one in usages]
    return sum(calls for calls, _ in taken), sum(retries for _, retries in taken)


@dataclass(slots=True)
class Silence:
    """Until when GitHub asked one credential to be silent: GraphQL and REST obey the same."""

    not_before: float = 0.0
    """Seconds since the epoch, UTC, by our clock."""


@dataclass(slots=True)
class Silences:
    """The silence of each owner whose repositories one credential reads; "" for one token."""

    _known: dict[str, Silence] = field(default_factory=dict)

    def of(self, owner: str) -> Silence:
        """What every conversation for this owner obeys."""
        return self._known.setdefault(owner.lower(), Silence())


@dataclass(slots=True, kw_only=True)
class Conversation:
    """Serial, patient within bounds. Not shared between threads: each makes its own.

    Raises UnavailableError where GitHub asks for a longer wait than `max_wait` seconds, at once
    and again for every further request until that time has come.
    """

    api_url: str
    credential: Credential = field(repr=False)
    """Signs each request anew, and renews its token where that was refused in mid-run."""
    owner: str = ""
    """Whose repositories are asked for: an App has a token for each owner."""
    clock: Clock = field(default_factory=Clock)
    max_wait: float = 900.0
    attempts: int = 5
    timeout: tuple[float, float] = (10.0, 60.0)
    verify: bool | str = True
    silence: Silence = field(default_factory=Silence)
    """Shared with every other conversation of the same credential."""
    usage: Usage = field(default_factory=Usage, init=False)
    server_clock: ServerClock = field(default_factory=ServerClock, init=False, repr=False)
    _requester: Requester | None = field(default=None, init=False, repr=False)
    _connection: Connection | None = field(default=None, init=False, repr=False)
    _thread: int = field(default_factory=threading.get_ident, init=False)

    def earliest(self, moment: int) -> int:
        """A moment that an answer told (microseconds UTC), as far as it may be a mark."""
        return self.server_clock.earliest(moment, self.clock.micros())

    def present(self) -> int:
        """Microseconds UTC by GitHub's clock, as its answers agree."""
        return self.server_clock.present(self.clock.micros())

    def _tries(self) -> Iterator[int]:
        """The number of each try, after the silence that came before it."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("a conversation belongs to the thread that made it")
        for tried in range(self.attempts):
            self._keep_silence()
            self.usage.retries += tried > 0
            yield tried

    def _back_off(self, tried: int, outcome: object) -> None:
        """Waits longer after every try; a limit that names no time asks for a minute at least."""
        asked = outcome.seconds if isinstance(outcome, Wait) else 0.5
        self._stay_silent(60.0 * 2**tried if asked is None else max(asked, 2.0**tried - 1))

    def _keep_silence(self) -> None:
        """Waits out what an earlier answer asked for, or refuses where that is too long."""
        wait = self.silence.not_before - self.clock.now()
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
        until = self.clock.now() + seconds
        self.silence.not_before = max(self.silence.not_before, until)

    def _send(
        self, verb: str, url: str, **given: Any
    ) -> tuple[int, Mapping[str, str], str] | Broken:
        """Status, headers and body of the answer to one request, or why another is worth a try."""
        import requests

        self.usage.calls += 1
        try:
            status, headers, body = self._open().requestJson(
                verb,
                url,
                cnx=self._connection,  # type: ignore[arg-type]
                **given,
            )
        except MalformedError as error:
            return Broken(why=error.message, malformed=True)
        except (requests.RequestException, OSError) as error:
            return Broken(why=f"the connection failed ({type(error).__name__})")
        if status == 401 and self.credential.renew(self.owner):
            return Broken(why="the token was refused and is renewed")
        if status in (200, 304):
            self.credential.accepted(self.owner)
        return status, headers, body

    def _open(self) -> Requester:
        if self._requester is None:
            from github import Github

            client = Github(
                auth=signing(self.credential, self.owner),
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
