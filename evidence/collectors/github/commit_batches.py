"""Commits by their node ids, asked for in batches that GitHub can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.canonical import slice_each
from evidence.collectors.github.reading import text
from evidence.collectors.github.transport import GraphAnswer, TooHeavyError, Transport
from evidence.model.capture import Capture

Whole = Callable[[GraphAnswer, int, str, Mapping[str, Any]], Capture]
"""(answer, place in it, exact text, commit) -> the capture of one commit, read to its end."""


@dataclass(slots=True, kw_only=True)
class CommitBatches:
    """One operation over waiting commits; what is too heavy is asked for in smaller batches."""

    transport: Transport
    operation: str
    sizes: tuple[int, ...]
    """Commits of a batch, the largest first and 1 last."""
    whole: Whole
    step: int = 0

    def read(self, waiting: list[str], *, rest: bool) -> tuple[list[Capture], list[str]]:
        """Whole batches of what waits, and with `rest` all of it; what was asked is taken off.

        Gives the captures, and the node ids of which GitHub could not even answer for one alone.
        """
        captures: list[Capture] = []
        refused: list[str] = []
        while waiting and (rest or len(waiting) >= self.sizes[self.step]):
            batch = waiting[: self.sizes[self.step]]
            try:
                captures += self._ask(batch)
            except TooHeavyError:
                if len(batch) > 1:
                    self.step += 1
                    continue
                refused += batch
            del waiting[: len(batch)]
        return captures, refused

    def _ask(self, batch: list[str]) -> list[Capture]:
        answer = self.transport.ask(self.operation, {"ids": batch}, adaptive=len(batch) > 1)
        if not isinstance(answer.data.get("nodes"), list):
            return []
        cut = slice_each(answer.text, ("data", "nodes"))
        return [
            self.whole(answer, index, exact, commit)
            for index, (exact, commit) in enumerate(cut)
            if isinstance(commit, dict) and commit.get("id") in batch and text(commit.get("oid"))
        ]
