"""Chain of custody: what was done with evidence, by whom and when, as the ledger records it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Handling(StrEnum):
    """What was done with a piece of evidence, in the order of its life."""

    COLLECTED = "collected"
    """Read at its source by a collector, under a credential."""
    RECORDED = "recorded"
    """Accounted for by the receipt of the run that read it."""
    SEALED = "sealed"
    """Covered by a signed checkpoint of the ledger."""
    ANCHORED = "anchored"
    """Covered by a checkpoint that was brought out of the database's reach."""
    EXPORTED = "exported"
    """Packed and handed out."""
    VERIFIED = "verified"
    """The ledger, or a packet, was checked and the check recorded."""
    PURGED = "purged"
    """Its payload was deleted; its hash stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """One handling; `at` in microseconds UTC by our own clock."""

    seq: int
    """The ledger entry that says so."""
    handling: Handling
    actor: str
    """The operating system's account, or for a source the credential's identity."""
    at: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a checkpoint was put outside of the database; texts are empty where it was not."""

    seq: int
    """The ledger entry that says so."""
    size: int
    """Entries that the checkpoint covers."""
    root: str
    """Hexadecimal."""
    actor: str
    at: int
    """Microseconds UTC by our own clock."""
    git: str = ""
    """Address, branch and commit."""
    tsa: str = ""
    """The time stamp authority and the time that it attests, RFC 3339 UTC."""
    s3: str = ""
    """Object, version and the time until which its lock holds."""
    note: str = ""
    """The checkpoint itself; kept for the newest only."""
    stamp: bytes = b""
    """The authority's token over the note (DER); kept for the newest only."""
