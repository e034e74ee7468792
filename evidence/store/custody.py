"""Reads the chain of custody out of the ledger: every handling is an entry with actor and time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from evidence.errors import ConfigError
from evidence.model.custody import Anchor, Custody, Handling
from evidence.store.entries import StoredEntry, count, entries, entry
from evidence.store.envelope import CAPTURE, CHECKPOINT
from evidence.store.session import Store
from evidence.store.tables import checkpoint

RECEIPT, EXPORT, VERIFY, ANCHOR, PURGE = "receipt", "export", "verify", "anchor", "purge"
Body = Mapping[str, Any]


def handlings(store: Store, *, at: int | None = None) -> list[Custody]:
    """What was done with the ledger as a whole, oldest first; single captures are left out."""
    found = [
        _custody(row, handling, tell)
        for kind, (handling, tell) in _KINDS.items()
        for row in entries(store, kind, at=at)
    ]
    return sorted(found, key=lambda one: one.seq)


def of_entry(store: Store, seq: int) -> list[Custody]:
    """The chain of custody of one capture, oldest first.

    Raises:
        ConfigError: there is no such entry, or it is no capture.
    """
    with store.read() as connection:
        held = count(connection)
    if not 0 <= seq < held:
        raise ConfigError(
            f"The ledger has no entry {seq}: it has {held}, counted from 0.",
            next_step="Name the entry of a capture: `evidence trace` and packets print them.",
        )
    found = entry(store, seq)
    if found.envelope["type"] != CAPTURE:
        raise ConfigError(
            f"Entry {seq} is a {found.envelope['type']}: a record of ours, no piece of evidence.",
            next_step="Name the entry of a capture: `evidence trace` and packets print them.",
        )
    later = [row for kind in _KINDS for row in entries(store, kind) if row.seq > seq]
    chain = [_collected(found)]
    for row in sorted(later, key=lambda one: one.seq):
        kind = str(row.envelope["type"])
        if _CONCERNS[kind](found, row):
            chain.append(_custody(row, *_KINDS[kind]))
    return list(_first_of_each(chain))


def anchors(store: Store, *, at: int | None = None) -> list[Anchor]:
    """Every anchor, oldest first; the newest with its note and its time stamp's token."""
    rows = entries(store, ANCHOR, at=at)
    notes = _notes(store, rows[-1:])
    return [_anchor(row, notes if row is rows[-1] else {}) for row in rows]


def _first_of_each(chain: Sequence[Custody]) -> Iterator[Custody]:
    """A later seal or anchor of the same entry adds nothing; every export and check does."""
    seen: set[Handling] = set()
    for one in chain:
        if one.handling in _ONCE and one.handling in seen:
            continue
        seen.add(one.handling)
        yield one


_ONCE = frozenset({Handling.RECORDED, Handling.SEALED, Handling.ANCHORED})


def _collected(found: StoredEntry) -> Custody:
    envelope = found.envelope
    by = f"{envelope.get('collector', '')} {envelope.get('version', '')}".strip()
    return Custody(
        seq=found.seq,
        handling=Handling.COLLECTED,
        actor=by,
        at=int(envelope["observed_at"]),
        detail=f"{envelope['kind']} {envelope['key']} of {envelope['source']}",
    )


def _custody(row: StoredEntry, handling: Handling, tell: Callable[[Body], str]) -> Custody:
    body = row.envelope["body"]
    return Custody(
        seq=row.seq,
        handling=handling,
        actor=str(body.get("actor") or body.get("credential") or ""),
        at=int(body.get("observed_at") or body.get("finished_at") or 0),
        detail=tell(body),
    )


def _receipt(body: Body) -> str:
    whole = "" if body.get("complete") else "; not complete"
    return (
        f"{body.get('run_id')} of {body.get('source')} by {body.get('collector')} "
        f"{body.get('collector_version')}: {body.get('versions_new')} new versions{whole}"
    )


def _sealed(body: Body) -> str:
    return f"checkpoint at {body.get('size')} entries, root {body.get('root')}"


def _places(body: Body) -> str:
    named = [_git(body), _tsa(body), _s3(body)]
    return f"checkpoint at {body.get('size')} entries: {'; '.join(filter(None, named))}"


def _exported(body: Body) -> str:
    return f"packet {body.get('digest')} on {body.get('ledger_size')} entries"


def _verified(body: Body) -> str:
    return f"{body.get('what')} {body.get('digest')}: {body.get('status')}"


def _purged(body: Body) -> str:
    named = ", ".join(map(str, body.get("entries", ())))
    return f"payload of entry {named}: {body.get('reason')}"


_KINDS: Mapping[str, tuple[Handling, Callable[[Body], str]]] = {
    RECEIPT: (Handling.RECORDED, _receipt),
    CHECKPOINT: (Handling.SEALED, _sealed),
    ANCHOR: (Handling.ANCHORED, _places),
    EXPORT: (Handling.EXPORTED, _exported),
    VERIFY: (Handling.VERIFIED, _verified),
    PURGE: (Handling.PURGED, _purged),
}
"""Type of an entry -> what it says was done, and how that is told."""


def _covers(found: StoredEntry, row: StoredEntry) -> bool:
    return int(row.envelope["body"].get("size", 0)) > found.seq


def _same_run(found: StoredEntry, row: StoredEntry) -> bool:
    return bool(row.envelope["body"].get("source") == found.envelope["source"])


def _packed(found: StoredEntry, row: StoredEntry) -> bool:
    return found.seq in packed(row)


def _named(found: StoredEntry, row: StoredEntry) -> bool:
    return found.seq in row.envelope["body"].get("entries", ())


def _checked(found: StoredEntry, row: StoredEntry) -> bool:
    body = row.envelope["body"]
    return body.get("what") == "ledger" and _covers(found, row)


_CONCERNS: Mapping[str, Callable[[StoredEntry, StoredEntry], bool]] = {
    RECEIPT: _same_run,
    CHECKPOINT: _covers,
    ANCHOR: _covers,
    EXPORT: _packed,
    VERIFY: _checked,
    PURGE: _named,
}
"""Type of an entry -> whether it is about a capture."""


def packed(row: StoredEntry) -> frozenset[int]:
    """The ledger entries that an export says it packed."""
    listed = json.loads(row.payload or b"[]")
    return frozenset(one for one in listed if isinstance(one, int))


def _notes(store: Store, rows: Sequence[StoredEntry]) -> dict[int, str]:
    sizes = [int(row.envelope["body"]["size"]) for row in rows]
    query = select(checkpoint.c.size, checkpoint.c.note).where(checkpoint.c.size.in_(sizes))
    with store.read() as connection:
        return {row.size: row.note for row in connection.execute(query)}


def _anchor(row: StoredEntry, notes: Mapping[int, str]) -> Anchor:
    body = row.envelope["body"]
    size = int(body["size"])
    return Anchor(
        seq=row.seq,
        size=size,
        root=str(body.get("root", "")),
        actor=str(body.get("actor", "")),
        at=int(body.get("observed_at", 0)),
        git=_git(body),
        tsa=_tsa(body),
        s3=_s3(body),
        note=notes.get(size, ""),
        stamp=(row.payload or b"") if notes else b"",
    )


def _git(body: Body) -> str:
    git = body.get("git")
    return f"{git['url']} {git['branch']} commit {git['commit']}" if git else ""


def _tsa(body: Body) -> str:
    tsa = body.get("tsa")
    return f"time stamp of {tsa['time']} by {tsa['url']}" if tsa else ""


def _s3(body: Body) -> str:
    s3 = body.get("s3")
    return f"{s3['object']} version {s3['version']} locked until {s3['until']}" if s3 else ""
