"""What every fact shares: where it stands in the ledger and how its history may be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class History(StrEnum):
    """How a kind of fact may be read for a past moment (DESIGN section 4)."""

    IMMUTABLE = "immutable"
    """Never changes at the source (a commit): may be read late."""
    EVENTED = "evented"
    """Every change has a server-timed event (reviews, transitions): replayable late."""
    SNAPSHOT = "snapshot"
    """Known to hold only between two equal observations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One version of one thing that a capture says.

    `parse` leaves the two fields at 0; the store fills them when it loads a fact.
    A class that derives from this states its `History` in its docstring.
    """

    entry_seq: int = 0
    """Ledger entry (dense from 0) whose capture says this; 0 before it is stored."""
    observed_at: int = 0
    """Microseconds since the epoch, UTC: when the capture was taken."""
