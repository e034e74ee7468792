"""Runs the receiver: one process, one loop, one writing thread, until it is told to end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence import sources
from evidence.collecting import now
from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import with_discovered
from evidence.errors import ConfigError, StoreError
from evidence.receiver.endpoints import Endpoint, endpoints
from evidence.receiver.intake import Intake
from evidence.receiver.storing import Storing
from evidence.receiver.tally import Tally, write_receipts
from evidence.store.session import Store
from evidence.sync import opened

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from uvicorn import Config

CONNECTIONS = 1_000
"""Open at once; those beyond are answered 503."""
RECEIPT_SECONDS = 3_600
"""Between two receipts, so that a receiver that is killed has told of all but its last hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a receiver listens, and for which sources."""

    host: str
    port: int
    endpoints: tuple[Endpoint, ...]


def serve(
    loaded: Loaded,
    *,
    host: str = "",
    port: int | None = None,
    announce: Callable[[Listening], None],
) -> None:
    """Listens until SIGINT or SIGTERM; what was taken by then is stored and answered.

    Needs no run lock: a batch is one transaction, and a sync may run beside it. `host` and `port`
    go before the configured ones; `announce` is told once connections are accepted.

    Raises:
        ConfigError: nothing may be received, the address cannot be used, or the extra is missing.
        StoreError: the store cannot be used.
    """
    settings = loaded.settings.receiver
    known = endpoints(loaded)
    _check_extra()
    with opened(loaded) as store, _listen(host or settings.host, _port(port, loaded)) as listening:
        policy = record_yardstick(store, build_policy(with_discovered(loaded, store).settings))
        app = _application(loaded, store, known, policy)
        bound = listening.getsockname()
        announce(Listening(host=bound[0], port=bound[1], endpoints=tuple(known.values())))
        _run(_configured(app, settings.timeout_seconds), listening)


def _application(
    loaded: Loaded, store: Store, known: dict[str, Endpoint], policy: str
) -> Starlette:
    from evidence.receiver.app import Receiver, build

    settings = loaded.settings.receiver
    intake = Intake(Storing(store, sources.secrets(loaded)))
    tally = Tally(since=now())

    def tell() -> None:
        write_receipts(store, tally, known.values(), policy)

    receiver = Receiver(
        endpoints=known,
        take=intake.take,
        tally=tally,
        body_limit=settings.body_limit,
        seconds=settings.timeout_seconds,
    )
    return build(receiver, lambda _: _alive(intake, tell))


@asynccontextmanager
async def _alive(intake: Intake, tell: Callable[[], None]) -> AsyncIterator[None]:
    """Stores while the application is up, tells of it every hour and at the end."""
    storing = asyncio.create_task(intake.run())
    telling = asyncio.create_task(_every(intake, tell))
    yield
    telling.cancel()
    with suppress(StoreError):
        await intake.in_thread(tell)
    await intake.finish(storing)


async def _every(intake: Intake, tell: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(RECEIPT_SECONDS)
        with suppress(StoreError):  # the next receipts tell of this time, too
            await intake.in_thread(tell)


def _run(config: Config, listening: socket.socket) -> None:
    import uvicorn

    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


def _configured(app: Starlette, seconds: float) -> Config:
    import uvicorn

    from evidence.receiver.protocol import timed

    return uvicorn.Config(
        app,
        http=timed(seconds),
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=10,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        raise ConfigError(
            f"Nothing can listen at {host}, port {port}: {error.strerror or error}.",
            next_step="Choose another address: --host, --port, or [receiver].",
        ) from error


def _port(port: int | None, loaded: Loaded) -> int:
    return loaded.settings.receiver.port if port is None else port


def _check_extra() -> None:
    try:
        import httptools  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "The receiver needs libraries that are not installed.",
            next_step="Install them: pip install 'soc2-evidence[receiver]'",
        ) from error
