"""`evidence deviations`: what management says of deviations, and what somebody independent accepts.

Everything is an entry of the ledger and nothing is ever changed: a renewal and a revocation are
new entries. What it comes to is judged whenever it is read.
"""

from __future__ import annotations

from evidence.deviations.acts import Hand, Recorded, approve, respond, revoke, waive
from evidence.deviations.listing import Deviation, Listing, as_json, listing, show
from evidence.deviations.wanted import Wanted

__all__ = [
    "Deviation",
    "Hand",
    "Listing",
    "Recorded",
    "Wanted",
    "approve",
    "as_json",
    "listing",
    "respond",
    "revoke",
    "show",
    "waive",
]
