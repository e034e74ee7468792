"""HTTP/1.1 as uvicorn speaks it, with an end to headers that never end.

uvicorn limits how long a connection may be idle between two requests, and nothing before the first
or within the headers; a client that sends a byte a minute would hold a connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 65_536
"""Bytes of a request line with its headers."""


class TimedProtocol(HttpToolsProtocol):
    """Closes a connection whose headers are too slow or too large."""

    seconds: float = 10

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._late is not None:  # still before the end of the headers
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        super().on_headers_complete()

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.seconds, self._end)

    def _rest(self) -> None:
        self._head = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._rest()
        if not self.transport.is_closing():
            self.transport.close()


def timed(seconds: float) -> type[TimedProtocol]:
    """The protocol with another limit on the time of headers."""
    return type("TimedProtocol", (TimedProtocol,), {"seconds": seconds})
