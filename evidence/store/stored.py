"""Records of what is read from the store, each with its place in it."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.capture import Gap
from evidence.model.determination import Determination


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorRow:
    """Where one stream of a source got to; `updated_at` in microseconds UTC."""

    source: str
    stream: str
    value: str
    complete: bool
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGap:
    """A gap with its place in the ledger; `closed_at` is None while it is open."""

    gap: Gap
    entry_seq: int
    opened_at: int
    closed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDetermination:
    """A determination with the four things that it is a function of."""

    determination: Determination
    generation: int
    ledger_size: int
    policy_version: str
    as_of: int
