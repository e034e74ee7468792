"""The header that makes a listing usable: where it comes from, how it was made, how to count it.

IPE is "information produced by the entity": an auditor asks for its source, its parameters, its
filters and its completeness before relying on it (AT-C 205.36).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.canonical import canonical_json
from evidence.report.data import PacketData
from evidence.report.digests import file_digest
from evidence.report.plain import plain
from evidence.report.text import utc

SCHEMA_VERSION = "ipe/1"

SORTING = {
    "population": "ascending change_id, by bytes",
    "promotions": "ascending change_id, by bytes",
    "undeployed": "ascending change_id, by bytes",
    "deployments": "ascending end (start while running), then deployment_id, by bytes",
}

INCLUSION = (
    "Every operation that may have altered production is in the population, whatever its phase, "
    "placed by its end, or by its start while it ran at the end of the period. A change belongs to "
    "the period by the first such operation that carried it. A configuration change that only "
    "moves images in scope is no second change: it is listed apart (promotions) and named by its "
    "deployment. Changes merged in the period that no "
    "operation had carried by its end are listed apart (undeployed)."
)

TIME_RULE = (
    "Times are RFC 3339 in UTC as the servers assigned them; columns ending in _local are in the "
    "zone of the period. An empty time was not given by the source."
)


def reconciled(data: PacketData) -> str:
    """The one line about completeness; whether it is established is the auditor's conclusion."""
    binding = [row for row in data.reconciliations if not row.advisory]
    done = [row for row in binding if row.unexplained is not None]
    left_out = dict.fromkeys(row.id for row in binding if row.unexplained is None)
    unexplained: Counter[str] = Counter()
    for row in done:
        unexplained[row.id] += abs(row.unexplained or 0)
    if not done:
        return "Not reconciled: no count was made in two ways."
    names = ", ".join(dict.fromkeys(row.id for row in done))
    tail = f" Not performed: {', '.join(left_out)}." if left_out else ""
    if unexplained.total():
        where = ", ".join(f"{name}: {number:,}" for name, number in unexplained.items() if number)
        return f"Not reconciled: {unexplained.total():,} unexplained differences ({where}).{tail}"
    return f"Reconciled: 0 unexplained differences in {names}.{tail}"


def ipe_header(data: PacketData, counts: Mapping[str, int], directory: Path) -> dict[str, Any]:
    """The header as plain values; `counts` has the rows of each listing already written there."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "evidence", "version": data.tool_version, "build": data.tool_build},
        "entity": data.entity,
        "simulated": data.simulated,
        "exported_by": data.exporter,
        "period": data.period,
        "as_of": utc(data.as_of),
        "ledger_size": data.ledger_size,
        "inclusion_basis": data.inclusion or INCLUSION,
        "notes": data.notes,
        "time_zone_rule": TIME_RULE,
        "filters": [{"filter": text, "rows_left_out": rows} for text, rows in data.filters],
        "listings": [_listing(name, rows, directory) for name, rows in counts.items()],
        "reconciled": reconciled(data),
        "reconciliations": data.reconciliations,
        "sync_runs": data.receipts,
        "gaps": data.gaps,
        "yardsticks": [(row.kind, row.digest) for row in data.yardsticks],
    }


def write_ipe(header: Mapping[str, Any], path: Path) -> None:
    """Canonical JSON."""
    path.write_bytes(canonical_json(plain(header)))


def _listing(name: str, rows: int, directory: Path) -> dict[str, Any]:
    files: Sequence[str] = (f"{name}.csv", f"{name}.jsonl")
    return {
        "name": name,
        "rows": rows,
        "sorting": SORTING[name],
        "files": [{"path": path, "sha256": file_digest(directory / path)} for path in files],
    }
