"""Chain of custody: who handles evidence here, and the record of a check.

Every handling is an entry of the ledger, so it is as hard to alter as the evidence. Where the
entry cannot be written, the handling fails: an export that is not recorded is not handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence.actor import actor
from evidence.collecting import now
from evidence.config.load import Loaded
from evidence.errors import IntegrityError
from evidence.model.custody import Custody
from evidence.report.text import utc
from evidence.store import custody as kept
from evidence.store import writer
from evidence.store.session import open_store
from evidence.storecheck import StoreVerdict
from evidence.verify import Verdict


def chain(loaded: Loaded, seq: int) -> list[Custody]:
    """The chain of custody of what ledger entry `seq` captured, oldest first.

    Raises:
        ConfigError: there is no such entry, or it is no capture.
        StoreError: there is no store.
    """
    with closing(open_store(loaded.store_url)) as store:
        return kept.of_entry(store, seq)


def as_json(seq: int, handlings: Sequence[Custody]) -> dict[str, Any]:
    """The published shape: docs/reference/schemas/custody.schema.json."""
    return {
        "schema_version": 1,
        "entry": seq,
        "handlings": [
            {
                "handling": str(one.handling),
                "at": utc(one.at),
                "actor": one.actor,
                "detail": one.detail,
                "entry": one.seq,
            }
            for one in handlings
        ],
    }


def record_packet(loaded: Loaded, packet: Path, verdict: Verdict) -> int:
    """Appends that a packet was checked and what came of it; returns the entry's number.

    Raises:
        StoreError: the store does not exist or refuses: nothing is recorded then.
    """
    return _append(
        loaded,
        {
            "what": "packet",
            "name": packet.name,
            "digest": verdict.digest,
            "status": str(verdict.status),
            "summary": verdict.summary,
            "trusted": list(verdict.trusted),
        },
    )


def record_ledger(loaded: Loaded, verdict: StoreVerdict) -> int:
    """Appends that the ledger was checked and agreed; returns the entry's number.

    Raises:
        IntegrityError: it did not verify: nothing is ever appended to a ledger that is not what
            it was.
        StoreError: the store refuses: nothing is recorded then.
    """
    result = verdict.result
    if result is None:
        raise IntegrityError(verdict.sentences[0], next_step=verdict.next_step)
    return _append(
        loaded,
        {
            "what": "ledger",
            "size": result.size,
            "digest": result.root.hex(),
            "status": "verified",
            "held": [each.size for each in verdict.held],
            "signatures_checked": verdict.signed,
        },
    )


def _append(loaded: Loaded, body: dict[str, Any]) -> int:
    with closing(open_store(loaded.store_url)) as store:
        return writer.append_entry(
            store, kept.VERIFY, {**body, "actor": actor(), "observed_at": now()}
        )
