"""The pure half of the collector of artifact deployment records: captures in, facts and gaps out.

A record says that a digest is deployed at a place (environment, region, cluster, name). GitHub
keeps one record for each place and writes over it when another digest is deployed there; so a
record is one operation for each digest that it named. Nothing is verified: anybody with the
permission writes one. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.deployment import RECORD, Deployment

ARTIFACT_RECORD = "github.artifact_record"
LIST = "deployment_records"
"""Where an answer holds its rows."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_RISKS = 16
"""Runtime risks of a record that are kept."""
_PHASES = {"": "Succeeded", "deployed": "Succeeded", "decommissioned": "Decommissioned"}
"""Status -> phase: GitHub takes two, and lists a record without one."""


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """What the records of one digest tell; a row without use, or one that is missing, is a gap."""
    pages = mapping(payload).get("pages")
    if capture.kind != ARTIFACT_RECORD or not isinstance(pages, list):
        return malformed(capture, "The answer is not of the shape that is documented.")
    rows = [mapping(row) for page in pages for row in items(mapping(page).get(LIST))]
    facts: dict[tuple[str, int], Deployment] = {}
    for row in rows:
        for one in _record(capture, row):
            facts[one.application_uid, one.started_at] = one
    total = integer(mapping(pages[0]).get("total_count") if pages else None)
    return Parsed(facts=tuple(facts.values()), gaps=tuple(_gaps(capture, rows, facts, total)))


def _gaps(
    capture: Capture, rows: list[Mapping[str, Any]], facts: Mapping[Any, Any], total: int
) -> Iterator[Gap]:
    if total > len(rows):
        detail = f"GitHub counts {total} deployment records of {_asked(capture)}; {len(rows)} came."
        yield gap(capture, GapReason.TRUNCATED, detail)
    lacking = len(rows) - len(facts)
    if lacking:
        detail = (
            f"{lacking} of {len(rows)} deployment records of {_asked(capture)} have no id, place "
            "or time, or are told twice, or are of another digest."
        )
        yield gap(capture, GapReason.MALFORMED, detail)


def _asked(capture: Capture) -> str:
    return capture.context.get("digest", "")


def _record(capture: Capture, row: Mapping[str, Any]) -> Iterator[Deployment]:
    """One operation; nothing where it is not known what, where or when."""
    number, place, digest = _number(row, "id"), place_of(row), _digest(capture, row)
    told = iso_micros(row.get("updated_at"))
    made = iso_micros(row.get("created_at")) or iso_micros(row.get("created")) or told
    if not (number and place and digest and made):
        return
    status = text(row.get("status")).casefold()
    yield Deployment(
        source=capture.source,
        application_uid=f"{number}@{digest.partition(':')[2]}",
        application=place,
        started_at=made,
        finished_at=max(told, made),
        phase=_PHASES.get(status, text(row.get("status"))),
        sources=(),
        initiator=None,
        automated=None,
        images=(f"{text(row.get('name'))}@{digest}",),
        message=_message(row),
        origin=RECORD,
        operation_id=number,
        environment=text(row.get("logical_environment")),
    )


def place_of(row: Mapping[str, Any]) -> str:
    """`environment/cluster/name`, without the cluster where there is none; empty: not told."""
    environment, name = text(row.get("logical_environment")), text(row.get("deployment_name"))
    if not (environment and name):
        return ""
    return "/".join(part for part in (environment, text(row.get("cluster")), name) if part)


def _digest(capture: Capture, row: Mapping[str, Any]) -> str:
    """Of the row, which must be the one that was asked for; GitHub may leave out what it is of."""
    told, asked = text(row.get("digest")).casefold(), _asked(capture)
    if told and told not in (asked, asked.partition(":")[2]):
        return ""
    return asked if _DIGEST.fullmatch(asked) else ""


def _message(row: Mapping[str, Any]) -> str:
    risks = [text(one) for one in items(row.get("runtime_risks"))[:_RISKS]]
    told = [
        ("region", text(row.get("physical_environment"))),
        ("attestation", _number(row, "attestation_id")),
        ("runtime risks", ", ".join(one for one in risks if one)),
    ]
    return "; ".join(f"{name} {value}" for name, value in told if value)


def _number(row: Mapping[str, Any], name: str) -> str:
    """An id of GitHub's as text; empty where there is none."""
    found = integer(row.get(name))
    return str(found) if found >= 0 else ""
