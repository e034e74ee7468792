"""The simulated servers without sockets and without waiting: every request goes through here.

`Wire` stands where `requests` would open a connection. It counts what is asked, lets one numbered
request meet a fault of `evidence.demo.faults`, keeps a clock that only waiting moves, and makes
pages small, so that a small world has second pages of everything.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import tenacity
from urllib3 import HTTPResponse

from evidence.collectors.github import rest
from evidence.collectors.http import Clock
from evidence.demo.faults import FAULTS, SPOILERS, first_page
from evidence.demo.moments import http_date

PAGE = 2
"""Rows of a page that a server gives, however many are asked for."""
_LISTS = (
    "reviews|commits|contexts|timelineItems|labels|checkSuites|checkRuns|history|repositories|"
    "deployments|pullRequests|externalIdentities|membersWithRole"
)
_FIRST = re.compile(rf"\b({_LISTS})\((\s*)first: [0-9]+")
GRAPHQL = frozenset({"rate_limited", "something_went_wrong", "resource_limits"})
"""Faults of the GraphQL interface, which answers them with status 200."""
_SIZES = ("per_page", "maxResults", "limit")


@dataclass(kw_only=True)
class Wire:
    """One run's way to the servers."""

    simulation: object
    remembered: dict[tuple, object] = field(default_factory=dict)
    """Answers given before: a world says the same of the same moment."""
    kind: str = ""
    """The fault; empty for none."""
    at: int = 0
    """Number of the request that meets it, from 1 on."""
    times: int = 1
    moves_to: object = None
    """Where the world is moved to right before request `at`."""
    skew: float = 0.0
    """Seconds by which our own clock is ahead."""
    asked: int = 0
    slept: float = 0.0
    met: bool = False
    """Whether the fault changed an answer."""
    too_early: list[str] = field(default_factory=list)
    """Requests that were sent while a wait was asked for."""
    _silent_until: float = 0.0

    @property
    def clock(self) -> Clock:
        """What the collectors take for time."""
        return Clock(now=lambda: self._now() + self.skew, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Waiting costs nothing and is counted."""
        self.slept += seconds

    def _now(self) -> float:
        return self.simulation.github.at / 1e6 + self.slept

    def send(self, _adapter, request, **_options):
        """What `requests.adapters.HTTPAdapter.send` does, without a network."""
        self.asked += 1
        if self.moves_to is not None and self.asked == self.at:
            self.simulation.at(self.moves_to)
            self.met = True
        if self._now() < self._silent_until:
            self.too_early.append(f"request {self.asked}")
        answer = self._answer(request)
        if answer.silent:
            raise requests.ReadTimeout("simulated", request=request)
        if answer.body is None:
            raise requests.ConnectionError("simulated", request=request)
        return _response(request, answer)

    def _answer(self, request):
        here = self.kind and self.at <= self.asked < self.at + self.times
        if self.kind in GRAPHQL and not request.url.endswith("/graphql"):
            here = False
        if here and self.kind in FAULTS:
            self.met = True
            answer = FAULTS[self.kind](self._seconds())
            return replace(answer, headers={"Date": self._date(), **answer.headers})
        true = self._true(request)
        if not here:
            return true
        if self.kind == "first_page":
            target, body = first_page(request.url, _bytes(request.body))
            spoiled = self._true(request, target, body)
        elif self.kind == "truncated_json" and (true.body or b"")[:1] not in (b"{", b"["):
            spoiled = true  # no JSON: a log
        else:
            spoiled = SPOILERS[self.kind](true, self._seconds())
        self.met = self.met or spoiled != true
        return spoiled

    def _seconds(self) -> int:
        """Seconds that the fault asks to wait; the next request may not come before."""
        if self.kind in ("429_retry_after", "403_secondary", "503"):
            self._silent_until = self._now() + 7
        return 7

    def _true(self, request, url="", body=None):
        target = urlsplit(_small(url or request.url))
        server = next(
            one for one in self._servers() if one is not None and one.url.endswith(target.netloc)
        )
        path = target.path + (f"?{target.query}" if target.query else "")
        given = _small_query(_bytes(request.body) if body is None else body)
        tag = request.headers.get("If-None-Match", "")
        key = (self.simulation.github.at, target.netloc, path, given, tag)
        if key not in self.remembered:
            headers = {**request.headers, "Host": target.netloc}
            self.remembered[key] = server.answer(request.method, path, headers, given)
        answer = self.remembered[key]
        return replace(answer, headers={**answer.headers, "Date": self._date()})

    def _servers(self):
        held = self.simulation
        return (held.github_server, held.argocd_server, held.flux_server, held.jira_server)

    def _date(self) -> str:
        return http_date(int(self._now() * 1e6))


def _bytes(body) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def _small(url: str) -> str:
    parts = urlsplit(url)
    query = [(k, str(PAGE) if k in _SIZES else v) for k, v in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(query)).geturl()


def _small_query(body: bytes) -> bytes:
    if not body:
        return body
    asked = json.loads(body)
    asked["query"] = _FIRST.sub(rf"\1(\2first: {PAGE}", asked["query"])
    if "pageSize" in asked.get("variables", {}):
        asked["variables"]["pageSize"] = min(PAGE, asked["variables"]["pageSize"])
    return json.dumps(asked).encode()


def _response(request, answer):
    """The answer as `requests` hands it on; one that is cut short breaks while it is read."""
    sent = answer.body[: answer.cut_at or None]
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    if answer.status in (204, 304):
        sent = b""
        headers["Content-Length"] = "0"
    raw = HTTPResponse(
        body=io.BytesIO(sent), headers=headers, status=answer.status, preload_content=False
    )
    response = requests.Response()
    response.status_code, response.raw, response.url = answer.status, raw, request.url
    response.headers.update(headers)
    response.request = request
    return response


class _Naps:
    """Stands in for the module `time` where retries of `PoliteSession` wait."""

    def __init__(self, wire: Wire) -> None:
        self.sleep = wire.sleep


@contextmanager
def connected(wire: Wire, monkeypatch):
    """All requests of this process go through the wire, and nothing waits."""
    with monkeypatch.context() as patched:
        patched.setattr(requests.adapters.HTTPAdapter, "send", _sending(wire))
        patched.setattr(rest, "PER_PAGE", PAGE)
        patched.setattr(tenacity.nap, "time", _Naps(wire))
        yield wire


def _sending(wire: Wire):
    def send(adapter, request, **options):
        return wire.send(adapter, request, **options)

    return send
