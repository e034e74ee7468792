"""A small HTTP server on loopback: counts what it is asked, waits, and fails where told to."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from evidence.demo.faults import FAULTS, SPOILERS, Answer, json_answer
from evidence.demo.moments import http_date
from evidence.demo.world_access import Fault
from evidence.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a server sees it."""

    number: int
    """1-based, in the order of arrival."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


Respond = Callable[[Request], Answer]

KEPT_REQUESTS: Final = 10_000


class LoopbackServer:
    """Serves `respond` on 127.0.0.1 at a free port until it is closed.

    `calls` counts requests, `latency` (seconds) delays each answer, `requests` keeps the last ones.
    """

    def __init__(self, name: str, respond: Respond, clock: Callable[[], int]) -> None:
        self.name = name
        self.calls = 0
        self.latency = 0.0
        self.requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self.faults: list[Fault] = []
        self._respond = respond
        self._clock = clock
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stops serving; the port is free afterwards."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, fault: Fault) -> None:
        """Adds a fault; its `request` counts from the start of the server."""
        if fault.kind not in FAULTS and fault.kind not in SPOILERS:
            known = ", ".join((*FAULTS, *SPOILERS))
            raise ConfigError(f"There is no fault `{fault.kind}`; known: {known}.")
        self.faults.append(fault)

    def fail_next(self, kind: str, *, seconds: int = 0, times: int = 1) -> None:
        """The next `times` requests meet this fault."""
        self.fail(Fault(request=self.calls + 1, kind=kind, seconds=seconds, times=times))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Counts one request and answers it, faults applied."""
        url = urlsplit(target)
        with self._lock:
            self.calls += 1
            request = Request(
                number=self.calls,
                method=method,
                path=url.path,
                query=dict(parse_qsl(url.query)),
                headers={name.lower(): value for name, value in headers.items()},
                body=body,
            )
            self.requests.append(request)
        fault = self._fault(request.number)
        delay = self.latency + (fault.seconds if fault and fault.kind == "slow" else 0)
        if delay:
            time.sleep(delay)
        if fault and fault.kind in FAULTS:
            return self._dressed(FAULTS[fault.kind](fault.seconds), request)
        # One at a time: what a server knows of a moment is made on demand and kept.
        with self._lock:
            true = self._dressed(self._respond(request), request)
        return SPOILERS[fault.kind](true, fault.seconds) if fault else true

    def _fault(self, number: int) -> Fault | None:
        for fault in self.faults:
            if fault.request <= number < fault.request + fault.times:
                return fault
        return None

    def _dressed(self, answer: Answer, request: Request) -> Answer:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Date": http_date(self._clock()),
            **answer.headers,
        }
        if self.name == "github":
            headers["X-GitHub-Request-Id"] = f"SIM:{request.number:06X}"
        return replace(answer, headers=headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Joining the threads of kept-alive connections would wait for clients that never close them.
    block_on_close = False

    def __init__(self, owner: LoopbackServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no matter of the server's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body leave in one packet, without waiting for acknowledgements between.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.server.owner.answer(self.command, self.path, dict(self.headers), body)
        except Exception as problem:  # noqa: BLE001 - the test sees it as an answer, not as silence
            answer = json_answer(599, {"message": f"simulation failed: {problem!r}"})
        if answer.body is None:
            self.close_connection = True
            if answer.silent:
                self.rfile.read(1)  # until the client goes away
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut_at or None])
        if answer.cut_at:
            self.close_connection = True
        self.wfile.flush()

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are kept in memory, not printed."""


def body_json(request: Request) -> object:
    """The request's JSON body; None where it is not JSON."""
    try:
        return json.loads(request.body)
    except ValueError:
        return None
