"""The connection beneath PyGithub's requester: one session, no retry, no redirect, strict UTF-8."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evidence.collectors.http import read_limited, redact_url
from evidence.errors import MalformedError, SourceError

if TYPE_CHECKING:
    import requests


class RedirectError(SourceError):
    """GitHub says that what was asked for stands elsewhere: at `to`, as it may be shown.

    `location` is the address whole: it may carry a signature, and stands in no message.
    """

    def __init__(self, origin: str, to: str, location: str = "") -> None:
        super().__init__(
            f"{origin} redirects to {to}; redirects are not followed.",
            next_step="Configure the address of GitHub's API as it is now.",
        )
        self.to = to
        self.location = location


@dataclass(slots=True, kw_only=True)
class Connection:
    """What PyGithub's requester sends through. Belongs to one thread."""

    origin: str
    timeout: tuple[float, float]
    verify: bool | str = True
    _session: requests.Session | None = field(default=None, init=False, repr=False)
    _prepared: Callable[[], requests.Response] | None = field(default=None, init=False, repr=False)

    def request(
        self,
        verb: str,
        url: str,
        input: str | None,  # noqa: A002 - the name that PyGithub's connections have
        headers: dict[str, str],
        stream: bool = False,
    ) -> None:
        """Takes the request; `getresponse` sends it (PyGithub's connection protocol)."""
        del stream
        if self._session is None:
            import requests

            self._session = requests.Session()
            self._session.auth = _keep_headers
        session = self._session
        data = input.encode("utf-8") if input is not None else None
        self._prepared = lambda: session.request(
            verb,
            self.origin + url,
            data=data,
            headers=headers,
            timeout=self.timeout,
            verify=self.verify,
            allow_redirects=False,
            stream=True,
        )

    def getresponse(self) -> Response:
        """The answer, read whole; a redirect is RedirectError, 304 is an answer."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            raise RuntimeError("getresponse without request")
        with prepared() as response:
            body = read_limited(response)
        if 300 <= response.status_code < 400 and response.status_code != 304:
            location = response.headers.get("location", "")
            raise RedirectError(self.origin, redact_url(location), location)
        return Response(response.status_code, response.headers, body)


class Response:
    """An answer in the shape that PyGithub's requester reads."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def getheaders(self) -> ItemsView[str, str]:
        """Name and value of each header."""
        return self.headers.items()

    def read(self) -> str:
        """The body as text; MalformedError where it is not UTF-8."""
        try:
            return self._body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("GitHub's answer is not UTF-8.") from error


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from reading ~/.netrc: the Authorization header is PyGithub's."""
    return request
