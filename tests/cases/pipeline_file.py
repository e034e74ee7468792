"""What a pipeline would tell of itself, by the form of `evidence ingest deployment`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

SOURCE = "pipeline"
"""Id of the `[[source]]` of kind `ingest` under which it is handed over."""
_SECONDS = 120


def operations(
    rows: Iterable[Mapping[str, Any]],
    at_of: Callable[[str], int],
    revision_of: Callable[[str], tuple[str, str]],
    account_of: Callable[[str], str],
) -> str:
    """JSON lines, one for each row; a row without `on` names no source, one without a run no run."""
    return "".join(
        json.dumps(_operation(row, at_of(row["at"]), revision_of, account_of)) + "\n"
        for row in rows
    )


def subject(row: Mapping[str, Any], at: int) -> str:
    """The id of the deployment that a row becomes."""
    return f"{SOURCE}:{row['application']}:{at}"


def _operation(
    row: Mapping[str, Any],
    at: int,
    revision_of: Callable[[str], tuple[str, str]],
    account_of: Callable[[str], str],
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": row["key"],
        "application": row["application"],
        "started_at": _iso(at),
        "finished_at": _iso(at + _SECONDS * 1_000_000),
        "phase": "Succeeded",
        "sources": [],
        "approvers": [_account(account_of(one)) for one in row.get("approved_by", ())],
    }
    if "on" in row:
        repository, revision = revision_of(row["on"])
        told["sources"] = [{"repository": repository, "revision": revision}]
    if "by" in row:
        told["initiator"] = _account(account_of(row["by"]))
    if "serial" in row:
        told["serial"] = row["serial"]
    if row.get("run", True):
        told["url"] = f"https://ci.example/runs/{row['key']}"
    return told


def _account(key: str) -> dict[str, str]:
    system, kind, identity = key.split(":", 2)
    return {"system": system, "type": kind, "id": identity}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat()
