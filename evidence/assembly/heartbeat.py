"""R8: no time between two complete runs of a source was longer than it keeps what we read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from evidence.deciding.case import Case
from evidence.report.data import Period, Reconciliation
from evidence.report.text import utc
from evidence.retention import shortest
from evidence.store import queries

_MINUTE = 60_000_000
_BY_NUMBER = frozenset({"argocd", "flux"})
"""Collectors whose sources keep a number of rows, not a time: R5 counts what they lost."""
_NO_LIMIT = "No limit of time is stated for what this source keeps."
_ROWS = "This source keeps a number of rows, not a time: R5 counts what was lost of them."
_SIMULATED = "Not performed: a simulated organisation has a clock of its own."


def heartbeats(case: Case, period: Period) -> Iterator[Reconciliation]:
    """One count for each source and collector that ran, by source."""
    runs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for _, receipt in queries.receipts(case.store, at=case.at):
        own = runs[receipt.source, receipt.collector]
        if receipt.complete:
            own.append(receipt.started_at)
    until = min(period.to_us, case.as_of)
    for (source, collector), moments in sorted(runs.items()):
        if collector != "ingest":
            yield _heartbeat(case, source, collector, sorted(moments), (period.from_us, until))


def _heartbeat(
    case: Case, source: str, collector: str, moments: list[int], span: tuple[int, int]
) -> Reconciliation:
    limit = shortest(collector)
    gaps = list(_gaps(moments, *span))
    long = [one for one in gaps if limit and one[1] - one[0] > limit]
    bound = collector in _BY_NUMBER
    note = "; ".join(f"{utc(begin)} to {utc(end)}" for begin, end in long[:5])
    if bound or not limit:
        note = _ROWS if bound else _NO_LIMIT
    return Reconciliation(
        id="R8",
        what=f"{source}: no time without a complete run of {collector} longer than it keeps",
        numbers=(
            ("complete runs in the period", sum(span[0] <= one < span[1] for one in moments)),
            ("longest time between, minutes", max((b - a for a, b in gaps), default=0) // _MINUTE),
            ("kept for, minutes", 0 if bound else limit // _MINUTE),
        ),
        unexplained=None if case.policy.simulated else 0 if bound else len(long),
        command="the receipts of produced-information, by source and time",
        note=_SIMULATED if case.policy.simulated else note,
    )


def _gaps(moments: list[int], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Times without a complete run that touch the period; its ends count as runs."""
    earlier = [one for one in moments if one <= begin]
    inside = [one for one in moments if begin < one < end]
    yield from pairwise([earlier[-1] if earlier else begin, *inside, end])
