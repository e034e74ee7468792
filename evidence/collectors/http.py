"""One polite HTTP session for every source that speaks REST, and the clock that all sources share.

Promises: a request ends within its timeouts; tries are few and spaced; a `Retry-After` is obeyed;
a refusal for lack of permission is never tried again; redirects are not followed; no secret enters
an `Exchange`, an error or a log line. Answers are the raw bytes as they came.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from evidence.errors import AuthError, MalformedError, SourceError, UnavailableError
from evidence.model.capture import Exchange

if TYPE_CHECKING:
    import requests

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of one answer, decompressed; a larger one is refused."""
RETRIED = frozenset({429, 500, 502, 503, 504})
SECRET_NAME = re.compile(r"token|secret|passw|key|sig|auth|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and waiting, injected so that tests neither wait nor guess."""

    now: Callable[[], float] = time.time
    """Seconds since the epoch, UTC."""
    sleep: Callable[[float], None] = time.sleep

    def micros(self) -> int:
        """Microseconds since the epoch, UTC."""
        return int(self.now() * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: its bytes, lower-case headers and provenance."""

    body: bytes
    status: int
    headers: Mapping[str, str]
    exchange: Exchange
    observed_at: int
    """Microseconds UTC: the server's `Date`, or our clock where it sent none."""
    tries: int = 1


def date_micros(text: str) -> int:
    """Microseconds UTC of an HTTP `Date` (RFC 9110 5.6.7); 0 where it is absent or unusable."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


def iso_micros(text: object) -> int:
    """Microseconds UTC of an ISO 8601 time with a zone; 0 where it is absent or unusable."""
    if not isinstance(text, str) or not 10 < len(text) < 64:
        return 0
    return _iso_micros(text)


@lru_cache(maxsize=16_384)
def _iso_micros(text: str) -> int:
    """The times of one answer repeat: a check's end is looked at several times."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return 0
        gone = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return 0
    return max(0, (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait (a number or a date), or None where it asks nothing."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    at = date_micros(text) if text else 0
    if not at:
        return None
    base = date_micros(headers.get("date", "")) / 1_000_000 or now
    return max(0.0, at / 1_000_000 - base)


def redact_url(url: str) -> str:
    """The URL without user information, fragment, or the values of secret-like parameters."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable URL)"
    query = urlencode(
        [
            (name, "REDACTED" if SECRET_NAME.search(name) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
    )
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, shown + port, parts.path, query, ""))


def read_limited(response: requests.Response, limit: int = SIZE_LIMIT) -> bytes:
    """The whole body, refused with MalformedError once it is longer than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65_536):
        size += len(part)
        if size > limit:
            raise MalformedError(f"The answer is larger than {limit} bytes and was refused.")
        parts.append(part)
    return b"".join(parts)


class _Again(Exception):  # noqa: N818 - a signal to the retry loop, never seen by a caller
    """The try failed in a way that may pass; `wait` is what the server asked for."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        asks = "" if wait is None else f"; it asks to wait {wait:.0f} s"
        super().__init__(why + asks)
        self.wait = wait


@dataclass(slots=True, kw_only=True)
class PoliteSession:
    """GET requests to one host.

    Raises AuthError (401, 403), SourceError (other 4xx and any redirect), MalformedError (too
    large) and UnavailableError (tries used up, or a wait longer than `max_wait` asked for).
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request (the credential among them); never recorded."""
    attempts: int = 5
    timeout: tuple[float, float] = (10.0, 60.0)
    """Seconds to connect, and between two bytes."""
    max_wait: float = 300.0
    """Seconds: the longest `Retry-After` that is waited for."""
    verify: bool | str = True
    limit: int = SIZE_LIMIT
    answers: frozenset[int] = frozenset({200, 404})
    """Statuses that are handed to the caller instead of raised."""
    clock: Clock = field(default_factory=Clock)
    _session: requests.Session | None = field(default=None, init=False, repr=False)

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """One answer with a status of `answers` (404 is one: absent and forbidden look alike)."""
        import stamina

        # Its default hook prints to stdout, where only data may stand; the receipt counts retries.
        stamina.instrumentation.set_on_retry_hooks(())
        url = self.base_url.rstrip("/") + path
        if parameters:
            url += "?" + urlencode(sorted(parameters.items()))
        try:
            for attempt in stamina.retry_context(
                on=self._schedule, attempts=self.attempts, timeout=None, wait_initial=1, wait_max=30
            ):
                with attempt:
                    return self._once(url, attempt.num)
        except _Again as again:
            raise UnavailableError(f"{redact_url(url)} could not be read: {again}.") from again
        raise AssertionError("the retry loop ends by an answer or by an error")

    def _schedule(self, error: Exception) -> bool | float:
        """Whether to try again, and in how many seconds where the server said so."""
        if not isinstance(error, _Again):
            return False
        if error.wait is None:
            return True
        return error.wait if error.wait <= self.max_wait else False

    def _once(self, url: str, tried: int) -> Answer:
        import requests

        try:
            with self._open().get(
                url, timeout=self.timeout, allow_redirects=False, stream=True, verify=self.verify
            ) as response:
                body = read_limited(response, self.limit)
        except (requests.RequestException, OSError) as error:
            raise _Again(_plain(error)) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._refuse(url, response.status_code, headers)
        return self._answer(url, response.status_code, headers, body, tried)

    def _refuse(self, url: str, status: int, headers: Mapping[str, str]) -> None:
        shown = redact_url(url)
        if status in RETRIED or (status == 403 and "retry-after" in headers):
            raise _Again(f"status {status}", retry_after(headers, self.clock.now()))
        if status in self.answers:
            return
        if status in (401, 403):
            raise AuthError(f"{shown} refused the credential (status {status}).")
        if 300 <= status < 400:
            to = redact_url(headers.get("location", ""))
            raise SourceError(f"{shown} redirects to {to}; redirects are not followed.")
        raise SourceError(f"{shown} answered with status {status}.")

    def _answer(
        self, url: str, status: int, headers: Mapping[str, str], body: bytes, tried: int
    ) -> Answer:
        exchange = Exchange(
            method="GET",
            url=redact_url(url),
            status=status,
            date=headers.get("date", ""),
            request_id=headers.get("x-request-id", ""),
            etag=headers.get("etag", ""),
        )
        return Answer(
            body=body,
            status=status,
            headers=headers,
            exchange=exchange,
            observed_at=date_micros(exchange.date) or self.clock.micros(),
            tries=tried,
        )

    def _open(self) -> requests.Session:
        if self._session is None:
            import requests

            session = requests.Session()
            session.auth = _no_netrc
            session.headers.update(self.headers)
            self._session = session
        return self._session


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from reading ~/.netrc: the only credential is the configured one."""
    return request


def _plain(error: BaseException) -> str:
    """The kind of a network error in words, without URLs (they may carry secrets)."""
    name = type(error).__name__
    return {
        "ConnectTimeout": "no connection within the time allowed",
        "ReadTimeout": "no answer within the time allowed",
        "SSLError": "the TLS connection was refused (certificate?)",
        "ConnectionError": "the connection failed",
        "ChunkedEncodingError": "the answer was cut short",
    }.get(name, name)
