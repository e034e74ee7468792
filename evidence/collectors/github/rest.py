"""REST reads of one GitHub: serial, conditional, patient within bounds, exact about bytes.

The same connection and the same rules as the GraphQL `Transport`. An answer 304 costs nothing of
the hourly budget; refusals (403, 404, 410...) are answers, for which of them means what is for the
caller to say. Sources: docs.github.com "Best practices for using the REST API".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from evidence import canonical
from evidence.collectors.github.answers import Broken, Wait, pending_wait, refusal
from evidence.collectors.github.connection import Connection
from evidence.collectors.github.credentials import API_VERSION, Credential, signing
from evidence.collectors.github.transport import USER_AGENT, Usage
from evidence.collectors.http import Clock, date_micros, redact_url
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange

if TYPE_CHECKING:
    from github.Requester import Requester

PAGES = 1_000
"""Pages of one list that are followed; more is treated as a list that does not end."""
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;\s*rel="next"')


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """One answer: its exact text, what it holds, and where it came from."""

    status: int
    text: str
    data: Any
    """The decoded JSON; None for 304 and for a body that is none."""
    headers: Mapping[str, str]
    exchange: Exchange
    observed_at: int

    @property
    def ok(self) -> bool:
        """Whether it is a whole answer."""
        return self.status == 200

    @property
    def message(self) -> str:
        """What GitHub says of a refusal; empty where it says nothing."""
        said = self.data.get("message") if isinstance(self.data, dict) else None
        return said[:200] if isinstance(said, str) else ""


@dataclass(slots=True, kw_only=True)
class Rest:
    """GET requests. Not shared between threads.

    Raises AuthError, RedirectError, MalformedError and UnavailableError.
    """

    api_url: str
    credential: Credential = field(repr=False)
    owner: str = ""
    """Whose repositories are read with it: an App has a token for each."""
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

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> RestAnswer:
        """One answer; with `etag` only if the resource is another one by now (else status 304)."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("a Rest belongs to the thread that made it")
        why: Broken | Wait | None = None
        for tried in range(self.attempts):
            self._keep_silence()
            self.usage.retries += tried > 0
            outcome = self._try(path, parameters or {}, etag)
            if isinstance(outcome, RestAnswer):
                return outcome
            why = outcome
            asked = outcome.seconds if isinstance(outcome, Wait) else 0.5
            self._stay_silent(60.0 * 2**tried if asked is None else max(asked, 2.0**tried - 1))
        if isinstance(why, Broken) and why.malformed:
            raise MalformedError(f"GitHub's answers to {path} were unusable: {why.why}.")
        raise UnavailableError(f"GitHub did not answer {path}: {why.why if why else ''}.")

    def pages(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> Iterator[RestAnswer]:
        """The pages of a list, following `Link`; the first answer that is not whole ends it."""
        asked = {"per_page": "100", **(parameters or {})}
        seen: set[str] = set()
        for _ in range(PAGES):
            answer = self.get(path, asked, etag=etag)
            yield answer
            found = _NEXT.search(answer.headers.get("link", ""))
            if not answer.ok or found is None or found[1] in seen:
                return
            seen.add(found[1])
            asked, etag = {**asked, **dict(parse_qsl(urlsplit(found[1]).query))}, ""

    def _try(
        self, path: str, parameters: Mapping[str, str], etag: str
    ) -> RestAnswer | Wait | Broken:
        import requests

        self.usage.calls += 1
        target = path + ("?" + urlencode(sorted(parameters.items())) if parameters else "")
        try:
            status, headers, body = self._open().requestJson(
                "GET",
                target,
                headers={
                    "Accept": "application/vnd.github+json",
                    **({"If-None-Match": etag} if etag else {}),
                },
                cnx=self._connection,  # type: ignore[arg-type]
            )
        except MalformedError as error:
            return Broken(why=error.message, malformed=True)
        except (requests.RequestException, OSError) as error:
            return Broken(why=f"the connection failed ({type(error).__name__})")
        if status == 401 and self.credential.renew(self.owner):
            return Broken(why="the token was refused and is renewed")
        if status in (200, 304):
            self.credential.accepted(self.owner)
        now = self.clock.now()
        self._stay_silent(pending_wait(headers, now))
        problem = refusal(status, headers, body, now)
        if problem is not None:
            return problem
        return self._answer(target, status, headers, body)

    def _answer(
        self, target: str, status: int, headers: Mapping[str, str], body: str
    ) -> RestAnswer | Broken:
        data = None
        if status == 200:
            try:
                data = canonical.loads(body)
            except MalformedError as error:
                return Broken(why=error.message, malformed=True)
        elif status != 304:
            data = _lenient(body)
        exchange = Exchange(
            method="GET",
            url=redact_url(self.api_url + target),
            status=status,
            date=headers.get("date", ""),
            request_id=headers.get("x-github-request-id", ""),
            etag=headers.get("etag", ""),
        )
        return RestAnswer(
            status=status,
            text=body,
            data=data,
            headers=headers,
            exchange=exchange,
            observed_at=date_micros(exchange.date) or self.clock.micros(),
        )

    def _keep_silence(self) -> None:
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


def _lenient(body: str) -> Any:
    try:
        return canonical.loads(body)
    except MalformedError:
        return None
