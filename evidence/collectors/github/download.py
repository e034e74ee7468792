"""One file that a redirect of GitHub's names: fetched without any credential of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from evidence.collectors.http import Clock, date_micros, read_limited, redact_url, retry_after
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange

SIZE_LIMIT = 33_554_432
"""Bytes of one file; a larger one is refused."""
_TRIES = 3
_LONGEST = 300.0
"""Seconds: the longest `Retry-After` that is waited for."""
_ANSWERS = frozenset({200, 404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What came: whole, or status 404 or 410 where it is there no more."""

    status: int
    body: bytes
    exchange: Exchange
    observed_at: int
    """Microseconds UTC by the server, or by our clock where it sent no `Date`."""


def download(
    location: str,
    api_url: str,
    *,
    timeout: tuple[float, float],
    verify: bool | str,
    clock: Clock,
) -> Download:
    """The file at a signed address that GitHub gave; further redirects are not followed.

    Raises:
        MalformedError: the address cannot be used, or the file is too large.
        UnavailableError: it could not be had in three tries.
    """
    _check(location, api_url)
    why = ""
    for tried in range(_TRIES):
        found = _once(location, timeout, verify, clock)
        if isinstance(found, Download):
            return found
        why, wait = found
        if wait > _LONGEST:
            break
        clock.sleep(max(wait, 2.0**tried))  # after the last try, too: another file comes next
    raise UnavailableError(f"{redact_url(location)} did not answer: {why}.")


def _check(location: str, api_url: str) -> None:
    """Files of an https server come by https: a redirect does not weaken that."""
    scheme, wanted = urlsplit(location).scheme, urlsplit(api_url).scheme
    if scheme not in ("https", wanted):
        raise MalformedError(f"GitHub redirects to {redact_url(location)[:200]}, which is no https")


def _once(
    location: str, timeout: tuple[float, float], verify: bool | str, clock: Clock
) -> Download | tuple[str, float]:
    """What came, or why nothing did and the seconds that the server asks to wait."""
    import requests

    try:
        with requests.get(
            location,
            auth=_as_given,
            timeout=timeout,
            verify=verify,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = read_limited(response, SIZE_LIMIT) if response.status_code == 200 else b""
    except (requests.RequestException, OSError, ValueError) as error:
        return f"the connection failed ({type(error).__name__})", 0.0
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code not in _ANSWERS:
        return f"status {response.status_code}", retry_after(headers, clock.now()) or 0.0
    if response.status_code == 200 and (not body or "text/html" in headers.get("content-type", "")):
        return "a page, or nothing, came instead of the file", 0.0
    date = response.headers.get("date", "")
    exchange = Exchange(
        method="GET",
        url=redact_url(location),
        status=response.status_code,
        date=date,
        request_id=response.headers.get("x-ms-request-id", ""),
        etag=response.headers.get("etag", ""),
    )
    at = date_micros(date) or clock.micros()
    return Download(status=response.status_code, body=body, exchange=exchange, observed_at=at)


def _as_given(request: Any) -> Any:
    """Keeps requests from reading ~/.netrc."""
    return request
