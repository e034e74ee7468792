"""Writes the JSON Schemas of what commands print, from the records that they print.

A record that gains a field gains it in the schema; a test checks that the files are fresh.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from evidence.deciding.decide import Summary
from evidence.deviations import Recorded
from evidence.doctor import Finding
from evidence.ingest import Ingested
from evidence.model.capture import Gap, Receipt
from evidence.model.change import Change, Link
from evidence.model.codec import field_types, optional
from evidence.model.custody import Handling
from evidence.model.determination import Determination
from evidence.model.disposition import Alternative, Disposition, Response, Ruling
from evidence.model.production import ProductionDeployment
from evidence.report.scanned import ScanRow
from evidence.status import DeliveryStatus, DispositionStatus, SourceStatus

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}

TEXT, NUMBER, TRUTH = ({"type": PLAIN[kind]} for kind in (str, int, bool))
TIME = {"type": "string", "pattern": r"^$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}


def table(**members: Any) -> dict[str, Any]:
    """An object with exactly these members."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(members),
        "properties": members,
    }


def rows(of: Any) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": of}


def schema(hint: Any) -> dict[str, Any]:
    """What `encode` makes of a value of this type."""
    inner = optional(hint)
    if inner is not None:
        return {"anyOf": [schema(inner), {"type": "null"}]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return rows(schema(arguments[0]))
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{typing.cast('type', hint).__name__}"}
    if issubclass(hint, StrEnum):
        return {"enum": [str(each) for each in hint]}
    return {"type": PLAIN[hint]}


def record(cls: type[Any]) -> dict[str, Any]:
    """A record as an object with all of its fields."""
    about = (cls.__doc__ or "").strip().splitlines()[0]
    return {
        "description": about,
        **table(**{name: schema(hint) for name, hint in field_types(cls).items()}),
    }


def definitions(*roots: type[Any]) -> dict[str, Any]:
    """Every record that these hold, by name."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        cls = waiting.pop()
        if cls.__name__ not in found:
            found[cls.__name__] = record(cls)
            waiting.extend(_inside(hint) for hint in field_types(cls).values())
            waiting = [one for one in waiting if dataclasses.is_dataclass(one)]
    return dict(sorted(found.items()))


def _inside(hint: Any) -> Any:
    arguments = [one for one in typing.get_args(hint) if one not in (type(None), Ellipsis)]
    return _inside(arguments[-1]) if arguments else hint


def of(cls: type[Any]) -> dict[str, Any]:
    """A reference to a record."""
    return {"$ref": f"#/$defs/{cls.__name__}"}


WHY_UNKNOWN = rows(table(reason=TEXT, count=NUMBER, action=TEXT))
"""Most frequent first."""

MOMENT = table(at=TIME, local=TEXT, what=TEXT, who=TEXT, reference=TEXT, claim=TRUTH, entry=NUMBER)

OUTPUTS: dict[str, tuple[str, dict[str, Any], tuple[type[Any], ...]]] = {
    "sync": (
        "evidence sync",
        {
            "ledger_size": NUMBER,
            "complete": TRUTH,
            "receipts": rows(of(Receipt)),
            "gaps": rows(of(Gap)),
            "decided": of(Summary),
        },
        (Receipt, Gap, Summary),
    ),
    "trace": (
        "evidence trace",
        {
            "changes": rows(
                table(
                    change=of(Change),
                    ledger_size=NUMBER,
                    timeline=rows(MOMENT),
                    links=rows(of(Link)),
                    deployments=rows(of(ProductionDeployment)),
                    scans=rows(of(ScanRow)),
                    determinations=rows(of(Determination)),
                    rulings=rows(of(Ruling)),
                    responses=rows(of(Response)),
                    gaps=rows(of(Gap)),
                    why_unknown=WHY_UNKNOWN,
                )
            )
        },
        (Change, Link, ProductionDeployment, ScanRow, Determination, Ruling, Response, Gap),
    ),
    "report": (
        "evidence report",
        {
            "directory": TEXT,
            "archive": {"type": ["string", "null"]},
            "digest": DIGEST,
            "fingerprint": {"type": "string", "pattern": "^SHA256:"},
            "changes": NUMBER,
            "deployments": NUMBER,
            "promotions": NUMBER,
            "outcomes": COUNTS,
            "promotion_outcomes": COUNTS,
            "setting_outcomes": COUNTS,
            "accepted": NUMBER,
            "supported": NUMBER,
            "ledger_size": NUMBER,
            "why_unknown": WHY_UNKNOWN,
        },
        (),
    ),
    "status": (
        "evidence status",
        {
            "sources": rows(of(SourceStatus)),
            "deliveries": rows(of(DeliveryStatus)),
            "gaps": rows(table(source=TEXT, reason=TEXT, detail=TEXT)),
            "ledger_size": NUMBER,
            "checkpoint": TEXT,
            "anchor": TEXT,
            "dispositions": rows(of(DispositionStatus)),
            "unapproved": rows(TEXT),
            "why_unknown": WHY_UNKNOWN,
        },
        (SourceStatus, DeliveryStatus, DispositionStatus),
    ),
    "verify-store": (
        "evidence verify --store",
        {
            "status": {"enum": ["verified", "rejected"]},
            "summary": TEXT,
            "origin": TEXT,
            "size": NUMBER,
            "root": TEXT,
            "payloads": NUMBER,
            "purged": NUMBER,
            "checkpoints": NUMBER,
            "held": rows(NUMBER),
            "signatures_checked": TRUTH,
            "sentences": rows(TEXT),
        },
        (),
    ),
    "custody": (
        "evidence custody",
        {
            "entry": NUMBER,
            "handlings": rows(
                table(
                    handling={"enum": [str(one) for one in Handling]},
                    at=TIME,
                    actor=TEXT,
                    detail=TEXT,
                    entry=NUMBER,
                )
            ),
        },
        (),
    ),
    "ingest": (
        "evidence ingest",
        {name: schema(hint) for name, hint in field_types(Ingested).items()},
        (),
    ),
    "deviations": (
        "evidence deviations list",
        {
            "as_of": NUMBER,
            "deviations": rows(
                table(
                    determination=of(Determination),
                    disposition={"enum": ["accepted", ""]},
                    rulings=rows(of(Ruling)),
                    responses=rows(of(Response)),
                )
            ),
            "dispositions": rows(
                table(id=TEXT, **{k: schema(v) for k, v in field_types(Disposition).items()})
            ),
            "alternatives": rows(
                table(id=TEXT, **{k: schema(v) for k, v in field_types(Alternative).items()})
            ),
        },
        (Determination, Ruling, Response, Disposition, Alternative),
    ),
    "deviations-act": (
        "evidence deviations waive",
        {name: schema(hint) for name, hint in field_types(Recorded).items()},
        (),
    ),
    "doctor": ("evidence doctor", {"checks": rows(of(Finding))}, (Finding,)),
    "config": (
        "evidence config show",
        {
            "file": TEXT,
            "settings": rows(
                table(key=TEXT, value=True, origin={"enum": ["default", "file", "environment"]})
            ),
        },
        (),
    ),
}


def output(name: str) -> str:
    """The schema of one command's output, as the file holds it."""
    command, members, records = OUTPUTS[name]
    found = {
        "$schema": DIALECT,
        "title": f"Output of `{command} --format json`",
        "description": "Generated by `make docs`. Times are RFC 3339 UTC where they are text, and "
        "microseconds since the epoch, UTC, where they are numbers; 0 where none is known.",
        **table(schema_version={"const": 1}, **members),
    }
    if records:
        found["$defs"] = definitions(*records)
    return json.dumps(found, indent=2) + "\n"


def deployment_form() -> str:
    """The schema of what `evidence ingest deployment` takes."""
    from evidence.collectors.ingested.deployment_form import DeploymentForm

    found = {"$schema": DIALECT, **DeploymentForm.model_json_schema()}
    return json.dumps(found, indent=2) + "\n"


INPUTS = {"deployment": deployment_form}
"""Schemas of what may be handed over."""


def main() -> None:
    """Writes every schema."""
    for name, made in INPUTS.items():
        (TARGET / f"{name}.schema.json").write_text(made(), encoding="utf-8")
    for name in OUTPUTS:
        (TARGET / f"{name}.schema.json").write_text(output(name), encoding="utf-8")


if __name__ == "__main__":
    main()
