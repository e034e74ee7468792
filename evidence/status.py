"""How fresh the evidence is, what is missing, and by when each source must be read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from evidence.anchoring import last_anchor
from evidence.collecting import now
from evidence.collectors.received.parse import COLLECTOR as RECEIVER
from evidence.config.load import Loaded
from evidence.controls.register import NOTICES, ending
from evidence.model.capture import Receipt
from evidence.model.determination import Outcome
from evidence.model.disposition import Disposition
from evidence.report.text import duration, utc
from evidence.retention import shortest
from evidence.store import ledger, queries
from evidence.store.deliveries import unread
from evidence.store.dispositions import register
from evidence.store.session import Store, open_store

_MOST_DUE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source's freshness; times RFC 3339 UTC, empty where there is none."""

    source: str
    last_complete: str
    safe_until: str
    """Half of the retention after the last complete sync: sync again before."""
    overdue: bool
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What one source delivered by itself and no complete sync has read since."""

    source: str
    newest: str
    """RFC 3339 UTC of the newest delivery."""
    unread: int
    """Deliveries since the last complete sync began."""
    due: tuple[str, ...]
    """What they name (`owner/name#number`, `namespace/name`), the newest first, at most a hundred:
    the next sync reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionStatus:
    """One disposition of a deviation that ends soon, or did lately and was not renewed."""

    id: str
    control: str
    kind: str
    owner: str
    valid_to: str
    """RFC 3339 UTC."""
    days: int
    """Whole days left; negative: since it ended."""
    notice: str
    """`within 14 days`, `within 3 days`, `today` or `ended`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The store's state in a few numbers."""

    sources: tuple[SourceStatus, ...]
    deliveries: tuple[DeliveryStatus, ...]
    gaps: tuple[tuple[str, str, str], ...]
    """(source, reason, detail) of every open gap."""
    ledger_size: int
    checkpoint: str
    anchor: str
    """How old the last anchor is: the window in which a falsification would leave no trace."""
    dispositions: tuple[DispositionStatus, ...]
    """Those that end soon, the first one first."""
    unapproved: tuple[str, ...]
    """Ids of dispositions that nobody approved yet."""
    unknown: tuple[tuple[str, int, str], ...]
    """(reason code, count, the action that would clear it), most frequent first."""

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/status.schema.json."""
        return {
            "schema_version": 1,
            "sources": [asdict(one) for one in self.sources],
            "deliveries": [asdict(one) for one in self.deliveries],
            "gaps": [
                {"source": source, "reason": reason, "detail": detail}
                for source, reason, detail in self.gaps
            ],
            "ledger_size": self.ledger_size,
            "checkpoint": self.checkpoint,
            "anchor": self.anchor,
            "dispositions": [asdict(one) for one in self.dispositions],
            "unapproved": list(self.unapproved),
            "why_unknown": [
                {"reason": reason, "count": count, "action": action}
                for reason, count, action in self.unknown
            ],
        }

    def lines(self) -> Iterator[str]:
        """What follows the table of sources."""
        yield f"ledger: {self.ledger_size} entries; {self.checkpoint}"
        yield f"anchor: {self.anchor}"
        for told in self.deliveries:
            yield f"deliveries: {told.source}: newest {told.newest}, {_due(told)}"
        for one in self.dispositions:
            yield (
                f"disposition {one.id} ({one.kind}, {one.control}, {one.owner}): valid until "
                f"{one.valid_to}, {one.notice}"
            )
        if self.unapproved:
            yield f"dispositions that nobody approved: {', '.join(self.unapproved[:20])}"
        for source, reason, detail in self.gaps[:20]:
            yield f"gap: {source}: {reason}: {detail}"
        if len(self.gaps) > 20:
            yield f"... and {len(self.gaps) - 20} more gaps: --format json"
        for reason, count, action in self.unknown[:5]:
            yield f"unknown {count} x {reason}: {action}"


def status(loaded: Loaded) -> Status:
    """Reads the state of the configured store.

    Raises:
        StoreError: there is no store of this program's schema yet.
    """
    with closing(open_store(loaded.store_url)) as store:
        gaps = [row.gap for row in queries.gaps(store)]
        counts = Counter(gap.source for gap in gaps)
        newest = _newest_complete(store)
        recorded = register(store)
        return Status(
            sources=tuple(
                _source(source, receipt, counts[source])
                for source, receipt in sorted(newest.items())
            ),
            deliveries=_deliveries(store, newest),
            gaps=tuple((gap.source, str(gap.reason), gap.detail) for gap in gaps),
            ledger_size=queries.size(store),
            checkpoint=_checkpoint(store),
            anchor=_anchor(store),
            dispositions=tuple(_ending(*told) for told in ending(recorded, now())),
            unapproved=tuple(
                one.id for one in recorded.dispositions if not one.approvals and not one.revoked
            ),
            unknown=_unknown(store),
        )


def _ending(one: Disposition, days: int) -> DispositionStatus:
    within = [f"within {notice} days" for notice in NOTICES[1::-1] if days <= notice]
    notice = "ended" if days < 0 else "today" if days == 0 else within[0]
    return DispositionStatus(
        id=one.id,
        control=one.terms.control,
        kind=str(one.terms.kind),
        owner=one.terms.owner,
        valid_to=utc(one.terms.valid_to),
        days=days,
        notice=notice,
    )


def _due(told: DeliveryStatus) -> str:
    if not told.unread:
        return "all from before the last complete sync"
    named = f": {', '.join(told.due[:5])}" if told.due else ""
    more = ", ..." if len(told.due) > 5 else ""
    return f"{told.unread} since the last complete sync, due{named}{more}"


def _deliveries(store: Store, newest: Mapping[str, Receipt | None]) -> tuple[DeliveryStatus, ...]:
    since = {source: receipt.started_at for source, receipt in newest.items() if receipt}
    return tuple(
        DeliveryStatus(
            source=source,
            newest=utc(one.newest // 1_000_000 * 1_000_000),
            unread=one.deliveries,
            due=tuple(one.named)[:_MOST_DUE],
        )
        for source, one in sorted(unread(store, since).items())
    )


def _newest_complete(store: Store) -> dict[str, Receipt | None]:
    """Source -> receipt of its last complete run; None where it never completed."""
    found: dict[str, Receipt | None] = {}
    for _, receipt in queries.receipts(store):
        if receipt.collector == RECEIVER:  # it was up: that is no reading
            continue
        if receipt.complete or receipt.source not in found:
            found[receipt.source] = receipt if receipt.complete else None
    return found


def _source(source: str, receipt: Receipt | None, gaps: int) -> SourceStatus:
    kept = shortest(receipt.collector) if receipt else 0
    until = receipt.started_at + kept // 2 if receipt and kept else 0
    return SourceStatus(
        source=source,
        last_complete=utc(receipt.started_at // 1_000_000 * 1_000_000) if receipt else "never",
        safe_until=utc(until // 1_000_000 * 1_000_000) if until else "any time",
        overdue=bool(until) and until < now(),
        gaps=gaps,
    )


def _checkpoint(store: Store) -> str:
    made = ledger.checkpoints(store)
    if not made:
        return "no checkpoint: `evidence keys init` makes the key that signs them"
    size, _, at = made[-1]
    return f"last checkpoint at {size} entries, {duration(now() - at)} old"


def _anchor(store: Store) -> str:
    found = last_anchor(store)
    if found is None:
        return "never anchored: all of the ledger could be rebuilt unseen; see [anchor]"
    age = duration(now() - int(found["observed_at"]))
    return (
        f"last anchored at {found['size']} entries, {age} ago: what was recorded since could be "
        "altered unseen"
    )


def _unknown(store: Store) -> tuple[tuple[str, int, str], ...]:
    earlier = queries.superseded_ids(store)
    rows = queries.determinations(store, outcome=Outcome.UNKNOWN)
    unknown = [row.determination for row in rows if row.determination.subject not in earlier]
    actions = {one.reason: one.missing for one in unknown}
    counts = Counter(one.reason for one in unknown)
    return tuple((reason, count, actions[reason]) for reason, count in counts.most_common())
