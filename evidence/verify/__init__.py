"""Checks a packet offline: no database, no network, no configuration, no renderer.

`examine_packet` always gives a `Verdict`, of a doctored packet too; `verify_packet` raises
`VerificationError` for one that does not verify. No other error leaves this package.

Trust is an argument. Without it a packet can only be found intact: the verdict is then
`untrusted` and says that nobody knows who sealed it. That is not an error (exit code 0, like
other tools that check a signature by an unknown key), but it is the first sentence of the answer;
whoever scripts the check passes the trusted keys, and then a packet by any other key is rejected.
"""

from __future__ import annotations

from evidence.verify.packet import examine_packet, verify_packet
from evidence.verify.trust import Trust, TrustError, read_trust
from evidence.verify.verdict import Outcome, Status, Step, Verdict

__all__ = [
    "Outcome",
    "Status",
    "Step",
    "Trust",
    "TrustError",
    "Verdict",
    "examine_packet",
    "read_trust",
    "verify_packet",
]
