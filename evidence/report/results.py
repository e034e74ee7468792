"""`results.json`: every determination of the packet, with counts, rates and denominators.

Canonical JSON (RFC 8785) written member by member, so that its size does not stand in memory.
Times are int microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evidence.canonical import canonical_json
from evidence.controls.evaluate import Counts
from evidence.model.change import Change
from evidence.model.determination import Determination
from evidence.model.disposition import Disposition
from evidence.report.data import PacketData
from evidence.report.plain import plain
from evidence.report.summary import Summary, rate, worst

SCHEMA_VERSION = "results/1"


def write_results(data: PacketData, summary: Summary, path: Path) -> None:
    """Writes the file; the same data gives the same bytes."""
    with path.open("wb") as out:
        lead = b"{"
        for name, value in sorted(_members(data, summary).items()):
            out.write(lead + canonical_json(name) + b":")
            for piece in _pieces(value):
                out.write(piece)
            lead = b","
        out.write(b"}")


def _members(data: PacketData, summary: Summary) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "entity": data.entity,
        "simulated": data.simulated,
        "period": data.period,
        "as_of": data.as_of,
        "ledger_size": data.ledger_size,
        "checkpoint": data.checkpoint,
        "tool_version": data.tool_version,
        "yardsticks": [
            {"kind": row.kind, "digest": row.digest, "since_seq": row.since_seq}
            for row in data.yardsticks
        ],
        "controls": data.controls,
        "counts": {
            "population": [_count(row) for row in summary.counts],
            "promotions": [_count(row) for row in summary.promotion_counts],
            "settings": [_count(row) for row in summary.setting_counts],
            "undeployed": [_count(row) for row in summary.undeployed_counts],
            "changes_by_worst_outcome": _count(summary.rolled_up()),
            "lanes": summary.lanes,
        },
        "changes": _changes(data, summary, summary.population),
        "promotions": _changes(data, summary, summary.promotions),
        "undeployed": _changes(data, summary, summary.undeployed),
        "deployments": _deployments(data, summary),
        "settings": data.settings,
        "dispositions": [_disposition(data, one) for one in data.register.dispositions],
        "responses": data.register.responses,
        "alternatives": [{"id": one.id, **plain(one)} for one in data.register.alternatives],
        "events": _events(data),
        "flags": summary.flags,
        "unknown": summary.unknown,
        "actions": summary.actions,
        "reconciliations": data.reconciliations,
        "gaps": data.gaps,
    }


def _pieces(value: Any) -> Iterator[bytes]:
    if not isinstance(value, Iterator):
        yield canonical_json(plain(value))
        return
    lead = b"["
    for item in value:
        yield lead + canonical_json(plain(item))
        lead = b","
    yield b"]" if lead == b"," else b"[]"


def _count(counts: Counts) -> dict[str, Any]:
    told = {
        "pass": counts.passed,
        "alternative": counts.alternative,
        "fail": counts.deviations,
        "accepted": counts.accepted,
        "unknown": counts.unknown,
        "not_applicable": counts.not_applicable,
        "deviation_rate": {
            "numerator": counts.deviations,
            "denominator": counts.tested,
            "percent": rate(counts),
        },
    }
    return {"control": counts.control, **told} if counts.control else told


def _changes(
    data: PacketData, summary: Summary, changes: Iterable[Change]
) -> Iterator[dict[str, Any]]:
    for change in changes:
        yield {
            "change_id": change.change_id,
            "aliases": change.aliases,
            "outcome": summary.outcomes[change.change_id],
            "deployments": change.deployments,
            "determinations": _determinations(data.determinations.get(change.change_id, ())),
            "rulings": _rulings(data, [change.change_id, *change.deployments]),
        }


def _deployments(data: PacketData, summary: Summary) -> Iterator[dict[str, Any]]:
    for row in summary.deployments:
        found = data.determinations.get(row.deployment_id, ())
        yield {
            "deployment_id": row.deployment_id,
            "changes": [one for one in row.changes if one not in summary.promotion_ids],
            "promotions": [one for one in row.changes if one in summary.promotion_ids],
            "outcome": worst(map(summary.verdict, found)),
            "determinations": _determinations(found),
            "rulings": _rulings(data, [row.deployment_id]),
        }


def _events(data: PacketData) -> Iterator[dict[str, Any]]:
    for row in data.events:
        event = row.event
        yield {
            "event_id": event.event_id,
            "application": event.application,
            "kind": event.kind,
            "begin": event.begin,
            "end": event.end,
            "count": event.count,
            "what": event.what,
            "actor": event.actor.key if event.actor else "",
            "resolved_at": event.resolved_at,
            "resolution": event.resolution,
            "ticket": event.ticket,
            "determination": plain(row.determination),
        }


def _rulings(data: PacketData, subjects: Iterable[str]) -> list[Any]:
    """What stands beside the deviations of some subjects: it alters none of them."""
    return [
        plain(ruling)
        for subject in subjects
        for row in data.determinations.get(subject, ())
        for ruling in data.rulings.get((row.control, row.subject), ())
    ]


def _disposition(data: PacketData, one: Disposition) -> dict[str, Any]:
    found = [row for rows in data.rulings.values() for row in rows if row.disposition == one.id]
    return {
        "id": one.id,
        **plain(one),
        "rulings": plain(sorted(found, key=lambda row: (row.control, row.subject))),
    }


def _determinations(rows: Iterable[Determination]) -> list[Any]:
    return [plain(row) for row in sorted(rows, key=lambda row: (row.control, row.reason))]
