"""Reads the register of dispositions and management responses out of the ledger.

Entries of one type, told apart by `act`: `request`, `approve`, `revoke`, `respond`
and `attach`. Nothing of
them stands in a table of its own, so there is nothing to rebuild.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select

from evidence.model import codec
from evidence.model.disposition import (
    Act,
    Alternative,
    AlternativeTerms,
    Attachment,
    Disposition,
    Register,
    Response,
    ResponseTerms,
    Terms,
    disposition_id,
)
from evidence.store import bulk
from evidence.store.entries import entries
from evidence.store.queries import find
from evidence.store.session import Store
from evidence.store.tables import entry_index, payload

DISPOSITION = "disposition"
"""Type of the ledger's entries."""
REQUEST, APPROVE, REVOKE, RESPOND = "request", "approve", "revoke", "respond"
ATTACH = "attach"


def register(store: Store, *, at: int | None = None) -> Register:
    """Everything recorded below a ledger size.

    No act is taken for older than one before it, whatever the clock said.
    """
    requests: dict[str, tuple[Act, Terms]] = {}
    approvals: dict[str, list[Act]] = defaultdict(list)
    revoked: dict[str, tuple[Act, str]] = {}
    responses: list[Response] = []
    alternatives: list[Alternative] = []
    latest = 0
    for row in entries(store, DISPOSITION, at=at):
        body = row.envelope["body"]
        latest = max(latest, int(body["observed_at"]))
        act = Act(entry=row.seq, at=latest, by=str(body["actor"]))
        match body["act"]:
            case "request":
                requests[disposition_id(row.seq)] = (act, codec.decode(Terms, body["terms"]))
            case "approve":
                approvals[body["of"]].append(act)
            case "revoke":
                revoked.setdefault(body["of"], (act, str(body["why"])))
            case "respond":
                terms = codec.decode(ResponseTerms, body["terms"])
                now = replace(terms, subject=_newest_id(store, terms.subject))
                responses.append(Response(terms=now, said=act))
            case "attach":
                given = codec.decode(AlternativeTerms, body["terms"])
                now_given = replace(given, subject=_newest_id(store, given.subject))
                alternatives.append(Alternative(terms=now_given, said=act))
    files = [one for _, terms in requests.values() for one in terms.evidence]
    held = _attachments(store, [*files, *(one.terms.evidence for one in alternatives)])
    return Register(
        dispositions=tuple(
            Disposition(
                terms=replace(terms, evidence=tuple(_as_held(o, held) for o in terms.evidence)),
                requested=act,
                approvals=tuple(approvals[name]),
                revoked=revoked[name][0] if name in revoked else None,
                revocation=revoked[name][1] if name in revoked else "",
            )
            for name, (act, terms) in requests.items()
        ),
        responses=tuple(responses),
        alternatives=tuple(
            replace(one, terms=replace(one.terms, evidence=_as_held(one.terms.evidence, held)))
            for one in alternatives
        ),
    )


def capture_entry(store: Store, kind: str, key: str) -> tuple[int, int]:
    """(entry, time of observation) of the newest capture of a kind and key; (-1, 0) for none."""
    query = (
        select(entry_index.c.seq, entry_index.c.observed_at)
        .where(entry_index.c.kind == kind, entry_index.c.key == key)
        .order_by(entry_index.c.seq.desc())
        .limit(1)
    )
    with store.read() as connection:
        found = connection.execute(query).first()
    return (found.seq, found.observed_at) if found else (-1, 0)


def _newest_id(store: Store, subject: str) -> str:
    """The id of a change that was known by another one when somebody answered for it."""
    found = {change_id for kind, change_id in find(store, subject) if kind == "change"}
    return found.pop() if len(found) == 1 else subject


def _attachments(store: Store, files: Iterable[Attachment]) -> frozenset[int]:
    """Entries of attachments whose payload is still there."""
    wanted = sorted({one.entry for one in files})
    found: set[int] = set()
    with store.read() as connection:
        for some in bulk.batches(wanted):
            found.update(
                connection.execute(select(payload.c.seq).where(payload.c.seq.in_(some))).scalars()
            )
    return frozenset(found)


def _as_held(one: Attachment, held: frozenset[int]) -> Attachment:
    return one if one.entry in held else replace(one, held=False)
