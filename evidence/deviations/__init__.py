"""What management says of deviations, what somebody independent accepts, what is attached.

Everything is an entry of the ledger and nothing is ever changed: a renewal and a revocation are
new entries. What it comes to is judged whenever it is read.
"""

from __future__ import annotations

from evidence.deviations.acts import approve, respond, revoke, waive
from evidence.deviations.attaching import attach
from evidence.deviations.listing import Deviation, Listing, as_json, listing, show
from evidence.deviations.recording import Hand, Recorded
from evidence.deviations.wanted import Wanted

__all__ = [
    "Deviation",
    "Hand",
    "Listing",
    "Recorded",
    "Wanted",
    "approve",
    "as_json",
    "attach",
    "listing",
    "respond",
    "revoke",
    "show",
    "waive",
]
