"""Group commit: deliveries that wait together share one transaction, and are answered after it.

A commit costs a write to the disk, whatever it holds. While one is under way the next deliveries
gather; so the number of commits follows the disk and not the senders. Only this module stores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from evidence.errors import StoreError
from evidence.receiver.storing import Incoming, Taken

BATCH = 100
"""Deliveries of one transaction: it stays well under 250 ms."""
BATCH_BYTES = 4_194_304


StoreBatch = Callable[[Sequence[Incoming]], list[Taken]]
"""Stores deliveries in one transaction and says where each stands, in their order."""
Waiting = tuple[Incoming, asyncio.Future[Taken]]


class Intake:
    """The one writer of a receiver. `run` must be going for `take` to return."""

    def __init__(self, store_batch: StoreBatch) -> None:
        self._store_batch = store_batch
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake")
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue()

    async def take(self, one: Incoming) -> Taken:
        """Where a delivery is stored, once it is: durable, and part of the ledger.

        Raises:
            StoreError: it could not be stored; the sender should send it again.
        """
        stored: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((one, stored))
        return await stored

    async def run(self) -> None:
        """Stores batch after batch until it is cancelled."""
        held: Waiting | None = None
        while True:
            batch = [held or await self._waiting.get()]
            held, size = None, len(batch[0][0].body)
            while len(batch) < BATCH and not self._waiting.empty():
                following = self._waiting.get_nowait()
                size += len(following[0].body)
                if size > BATCH_BYTES:
                    held = following
                    break
                batch.append(following)
            await self._store(batch)

    async def in_thread(self, action: Callable[[], None]) -> None:
        """Has the writing thread do something between two batches."""
        await asyncio.get_running_loop().run_in_executor(self._thread, action)

    async def finish(self, running: asyncio.Task[None]) -> None:
        """Ends `run`; whoever still waits is told that nothing was stored."""
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        while not self._waiting.empty():
            _, waiting = self._waiting.get_nowait()
            if not waiting.done():
                waiting.set_exception(StoreError("The receiver is stopping."))
        self._thread.shutdown()

    async def _store(self, batch: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        incoming = [one for one, _ in batch]
        working = loop.run_in_executor(self._thread, self._store_batch, incoming)
        working.add_done_callback(lambda done: _tell(batch, done))
        with suppress(Exception):  # told to those who wait; the next batch is another one
            await asyncio.shield(working)  # begun is finished, also where `run` is cancelled


def _tell(batch: Sequence[Waiting], done: asyncio.Future[list[Taken]]) -> None:
    """Answers all who wait for a batch; one who has gone is left alone."""
    error = done.exception()
    if error is not None and not isinstance(error, StoreError):
        error = StoreError(f"A delivery cannot be stored: {type(error).__name__}.")
    for at, (_, waiting) in enumerate(batch):
        if waiting.done():
            continue
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(done.result()[at])
