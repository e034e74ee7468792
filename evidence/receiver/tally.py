"""What a receiver counted, and its receipts: when it was up, what came, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence.collecting import now
from evidence.collectors.received.parse import COLLECTOR, VERSION
from evidence.errors import StoreError
from evidence.model.capture import Receipt
from evidence.model.codec import encode
from evidence.receiver.endpoints import Endpoint
from evidence.store import writer
from evidence.store.session import Store

SUFFIX = ":deliveries"
"""After a source's id: what its receipts of the receiver stand under."""
STORED, DUPLICATE = "stored", "duplicate"
UNKNOWN = ""
"""Counted here: what came for no source."""


@dataclass(slots=True)
class Tally:
    """Counts per source since the last receipts, and in all."""

    since: int = 0
    """Microseconds UTC: from when on the next receipts tell."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    total: Counter[str] = field(default_factory=Counter)

    def count(self, source: str, what: str) -> None:
        """One request more: `STORED`, `DUPLICATE`, or why it was refused."""
        self.counts.setdefault(source, Counter())[what] += 1
        self.total[what] += 1

    def refused(self) -> dict[str, int]:
        """Reason -> number, in all."""
        return {
            what: number
            for what, number in sorted(self.total.items())
            if what not in (STORED, DUPLICATE)
        }


def write_receipts(store: Store, tally: Tally, endpoints: Iterable[Endpoint], policy: str) -> None:
    """One receipt per source for the time since the last ones; the counts begin anew.

    Raises:
        StoreError: the database refused.
    """
    begun, ended, counts = tally.since, now(), tally.counts
    tally.since, tally.counts = ended, {}
    told = 0
    try:
        for endpoint in endpoints:
            own = counts.get(endpoint.source, Counter())
            receipt = _receipt(endpoint, begun, ended, own, policy)
            writer.append_entry(store, "receipt", {**encode(receipt), "observed_at": ended})
            told += 1
    except StoreError:
        if not told:  # the next receipts tell of this time, too
            tally.since = begun
            for source, own in counts.items():
                tally.counts.setdefault(source, Counter()).update(own)
        raise


def _receipt(
    endpoint: Endpoint, begun: int, ended: int, counts: Counter[str], policy: str
) -> Receipt:
    """`calls` are all requests for the source, `objects_read` those that were taken."""
    taken = counts[STORED] + counts[DUPLICATE]
    return Receipt(
        run_id=f"receiver-{begun}",
        source=f"{endpoint.source}{SUFFIX}",
        collector=COLLECTOR,
        collector_version=VERSION,
        started_at=begun,
        finished_at=ended,
        window_from=begun,
        window_to=ended,
        pages=0,
        calls=counts.total(),
        retries=0,
        objects_read=taken,
        versions_new=counts[STORED],
        objects_unchanged=counts[DUPLICATE],
        gaps=0,
        totals=(),
        credential=", ".join(endpoint.references),
        policy_digest=policy,
        complete=True,
    )
