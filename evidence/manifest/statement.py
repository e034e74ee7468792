"""The signed statement: in-toto Statement v1 whose subjects are the packet's files.

Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import canonical_json
from evidence.errors import MalformedError
from evidence.manifest import strict
from evidence.manifest.paths import is_subject, safe_path

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://evidence.example/packet/v1"
"""A name, not an address: `.example` is reserved, so nobody can ever answer under it."""

_PREDICATE_KEYS = frozenset(
    {
        "entity",
        "period_from",
        "period_to",
        "zone",
        "checkpoint",
        "counts",
        "tool_version",
        "yardstick",
        "scope",
        "sealed_at",
        "simulated",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """What the sealer states about the packet, beside the digests of its files."""

    entity: str
    """The organisation whose evidence this is."""
    period_from: str
    """RFC 3339, UTC, inclusive."""
    period_to: str
    """RFC 3339, UTC, exclusive."""
    zone: str
    """IANA name of the zone in which the period was meant and times are printed."""
    checkpoint: str
    """The ledger's signed note at export, or empty where the packet carries no captures."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """E.g. changes, deployments, deviations, gaps."""
    tool_version: str
    yardstick: Mapping[str, str] = field(default_factory=dict)
    """Name to version or digest: policy, catalogue, link rules in force."""
    scope: str = "period"
    """`period`, or `change:<change id>` for one dossier handed over alone."""
    sealed_at: str = ""
    """RFC 3339, UTC, to the second: when it was sealed, by the sealer's clock."""
    simulated: bool = False

    def to_json(self) -> dict[str, Any]:
        """The JSON members, ready for canonical form."""
        return {
            "entity": self.entity,
            "period_from": self.period_from,
            "period_to": self.period_to,
            "zone": self.zone,
            "checkpoint": self.checkpoint,
            "counts": dict(self.counts),
            "tool_version": self.tool_version,
            "yardstick": dict(self.yardstick),
            "scope": self.scope,
            "sealed_at": self.sealed_at,
            "simulated": self.simulated,
        }

    @classmethod
    def from_json(cls, value: Any) -> Predicate:
        """The inverse of `to_json`; `MalformedError` for any other shape."""
        row = strict.require_keys(value, _PREDICATE_KEYS, "the predicate")
        counts, yardstick = row["counts"], row["yardstick"]
        if not isinstance(counts, dict) or not isinstance(yardstick, dict):
            raise MalformedError("the predicate's counts or yardstick are not JSON objects")
        return cls(
            entity=strict.text(row["entity"], "the entity"),
            period_from=strict.text(row["period_from"], "the period's start"),
            period_to=strict.text(row["period_to"], "the period's end"),
            zone=strict.text(row["zone"], "the zone"),
            checkpoint=strict.text(row["checkpoint"], "the checkpoint"),
            counts={str(key): strict.whole(item, "a count") for key, item in counts.items()},
            tool_version=strict.text(row["tool_version"], "the tool version"),
            yardstick={str(k): strict.text(item, "a version") for k, item in yardstick.items()},
            scope=strict.text(row["scope"], "the scope"),
            sealed_at=strict.text(row["sealed_at"], "the time of sealing"),
            simulated=strict.flag(row["simulated"], "'simulated'"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The subjects (path to SHA-256 in hexadecimal) and what is stated about them."""

    subjects: Mapping[str, str]
    predicate: Predicate

    def to_bytes(self) -> bytes:
        """The exact bytes that are signed: canonical JSON, subjects in byte order."""
        ordered = sorted(self.subjects, key=lambda path: path.encode())
        return canonical_json(
            {
                "_type": STATEMENT_TYPE,
                "subject": [
                    {"name": path, "digest": {"sha256": self.subjects[path]}} for path in ordered
                ],
                "predicateType": PREDICATE_TYPE,
                "predicate": self.predicate.to_json(),
            }
        )


def parse_statement(data: bytes, *, parts: int = strict.MAX_PARTS) -> Statement:
    """The statement in `data`; `MalformedError` if any byte is not as `to_bytes` writes it."""
    what = "the signed statement"
    value = strict.require_keys(
        strict.load_canonical(data, what, parts=parts),
        frozenset({"_type", "subject", "predicateType", "predicate"}),
        what,
    )
    if value["_type"] != STATEMENT_TYPE or value["predicateType"] != PREDICATE_TYPE:
        raise MalformedError("the signed statement is not about an evidence packet")
    subjects = dict(_parse_subject(row) for row in strict.rows(value["subject"], "'subject'"))
    statement = Statement(subjects=subjects, predicate=Predicate.from_json(value["predicate"]))
    if statement.to_bytes() != data:
        raise MalformedError("the signed statement lists a file twice or out of order")
    return statement


def _parse_subject(value: Any) -> tuple[str, str]:
    row = strict.require_keys(value, frozenset({"name", "digest"}), "a subject")
    name = safe_path(strict.text(row["name"], "a subject's name"))
    if not is_subject(name):
        raise MalformedError(f"the signed statement may not list the sidecar {name}")
    digests = strict.require_keys(row["digest"], frozenset({"sha256"}), "a subject's digest")
    return name, strict.digest(digests["sha256"], "a subject's digest")
