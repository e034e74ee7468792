"""The web application: POST /webhooks/<source id>, answered 200 only after the commit.

Refused, and never stored: unsigned (401), wrongly signed (403), too large (413), too slow (408),
too much at once or a store that refuses (503: the sender sends again), an unknown path (404).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from evidence.collecting import now
from evidence.errors import StoreError
from evidence.receiver import signatures
from evidence.receiver.endpoints import PREFIX, Endpoint
from evidence.receiver.signatures import Headers
from evidence.receiver.storing import Incoming, Taken
from evidence.receiver.tally import DUPLICATE, STORED, UNKNOWN, Tally

HELD_BYTES = 134_217_728
"""Of all bodies that wait together: what unsigned senders can make this process hold."""
DRAINED_BYTES = 1_048_576
DRAINED_SECONDS = 2.0
"""Of a refused body that are read and forgotten: a sender that is still writing when the
connection ends sees a reset connection, and never the answer."""
STATUS = {
    signatures.UNSIGNED: 401,
    signatures.WRONG: 403,
    "unknown-source": 404,
    "too-slow": 408,
    "cut": 400,
    "too-large": 413,
    "busy": 503,
    "not-stored": 503,
}
"""Why a delivery is refused -> the status of the answer."""
Take = Callable[[Incoming], Awaitable[Taken]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Refused(Exception):  # noqa: N818 - no error of this program: an answer
    """A delivery that is not taken; `reason` is a key of `STATUS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Answers one delivery after the other; what it holds meanwhile is bounded."""

    endpoints: Mapping[str, Endpoint]
    take: Take
    tally: Tally
    body_limit: int
    seconds: float
    held: int = 0
    """Bytes of the bodies that are being read or stored."""

    async def post(self, request: Request) -> JSONResponse:
        """A delivery for a source."""
        source = request.path_params["source"]
        endpoint = self.endpoints.get(source)
        try:
            if endpoint is None:
                raise Refused("unknown-source")
            taken = await self._receive(endpoint, request)
        except Refused as refused:
            self.tally.count(source if endpoint else UNKNOWN, refused.reason)
            if refused.reason not in ("too-slow", "cut"):
                await _drain(request)
            return _refusal(refused.reason)
        what = DUPLICATE if taken.duplicate else STORED
        self.tally.count(source, what)
        return JSONResponse({"status": what, "entry": taken.entry})

    async def health(self, _request: Request) -> JSONResponse:
        """That it is up, and what came since it started, without naming any source."""
        total = self.tally.total
        counts = {"stored": total[STORED], "duplicates": total[DUPLICATE]}
        return JSONResponse({"status": "ok", **counts, "refused": self.tally.refused()})

    async def _receive(self, endpoint: Endpoint, request: Request) -> Taken:
        headers = _headers(request)
        if not signatures.signature_is_there(endpoint.system.scheme, headers):
            raise Refused(signatures.UNSIGNED)
        kept: list[bytes] = []
        try:
            await self._read(request, headers, kept)
            body = b"".join(kept)
            verdict = endpoint.system.scheme(headers, body, endpoint.secrets)
            if verdict.refused:
                raise Refused(verdict.refused)
            return await self.take(
                Incoming(
                    source=endpoint.source,
                    delivery_id=endpoint.delivery_id(headers),
                    body=body,
                    path=endpoint.path,
                    context=endpoint.context(headers, verdict),
                    received_at=now(),
                )
            )
        except StoreError as error:
            raise Refused("not-stored") from error
        finally:
            self.held -= sum(map(len, kept))

    async def _read(self, request: Request, headers: Headers, kept: list[bytes]) -> None:
        """The body as it comes, up to the limits of size, time and memory."""
        if _announced(headers) > self.body_limit:
            raise Refused("too-large")
        size = 0
        try:
            async with asyncio.timeout(self.seconds):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > self.body_limit:
                        raise Refused("too-large")
                    if self.held + len(chunk) > HELD_BYTES:
                        raise Refused("busy")
                    kept.append(chunk)
                    self.held += len(chunk)
        except TimeoutError:
            raise Refused("too-slow") from None
        except ClientDisconnect:
            raise Refused("cut") from None


def build(receiver: Receiver, lifespan: Lifespan | None = None) -> Starlette:
    """The application around a receiver; `lifespan` starts and ends what stores."""
    routes = [
        Route(f"{PREFIX}{{source}}", receiver.post, methods=["POST"]),
        Route("/healthz", receiver.health, methods=["GET"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


def _announced(headers: Headers) -> int:
    """Bytes of the body as its sender says; 0 where nothing is said."""
    said = b"".join(headers.get("content-length", ()))
    return int(said[:20]) if said.isdigit() else 0


async def _drain(request: Request) -> None:
    if _announced(_headers(request)) > DRAINED_BYTES:
        return
    left = DRAINED_BYTES
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # the last: it was read to its end
        async with asyncio.timeout(DRAINED_SECONDS):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return


def _headers(request: Request) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for name, value in request.headers.raw:
        found.setdefault(name.decode("latin-1").lower(), []).append(value)
    return found


def _refusal(reason: str) -> JSONResponse:
    """Says no more than why; the connection ends, whatever was left of the body."""
    headers = {"connection": "close"}
    if STATUS[reason] == 401:
        headers["www-authenticate"] = "Bearer"
    if STATUS[reason] == 503:
        headers["retry-after"] = "5"
    answer = {"status": "refused", "reason": reason}
    return JSONResponse(answer, status_code=STATUS[reason], headers=headers)
