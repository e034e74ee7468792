"""Derives the whole ledger again from its envelopes and payloads and names what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from evidence import merkle
from evidence.errors import EvidenceError, IntegrityError
from evidence.notes import parse_checkpoint
from evidence.store.envelope import commitment, inflate, open_envelope
from evidence.store.session import Store
from evidence.store.tables import checkpoint, entry, node, payload

PURGE = "purge"
"""Type of the entry that names, in `body.entries`, the entries whose payloads were deleted."""
_BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What an audit went through without finding a difference."""

    size: int
    root: bytes
    payloads: int
    purged: int
    checkpoints: int


def audit(
    store: Store, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> AuditResult:
    """Compares every leaf, node, payload and checkpoint with what the envelopes give.

    It shows that the store agrees with itself. That it is the store of before is shown only by a
    checkpoint kept elsewhere.

    Raises:
        IntegrityError: the first entry, node or checkpoint that differs, by its number.
    """
    with store.read() as connection:
        run = _Audit(connection)
        while run.step():
            progress(run.size, run.total)
        return run.result()


class _Audit:
    """The state of one pass over the ledger, in order."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.size = 0
        self.total = connection.execute(select(func.count()).select_from(entry)).scalar_one()
        self.payloads = 0
        self.missing: list[int] = []
        self.purged: set[int] = set()
        self.frontier: dict[tuple[int, int], bytes] = {}
        self.nodes = 0
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.size)).all()
        self.notes = {row.size: row.note for row in rows}
        self._checkpoint(0)

    def step(self) -> bool:
        """Goes through the next entries up to the next checkpoint; False where none is left."""
        end = min([size for size in self.notes if size > self.size] + [self.size + _BATCH])
        end = min(end, self.size + _BATCH)
        query = (
            select(entry, payload.c.salt, payload.c.data, payload.c.seq.label("kept"))
            .select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))
            .where(entry.c.seq >= self.size, entry.c.seq < end)
            .order_by(entry.c.seq)
        )
        rows = self.connection.execute(query).all()
        if not rows:
            return False
        for expected, row in enumerate(rows, start=self.size):
            self._entry(expected, row)
        self._nodes([bytes(row.leaf_hash) for row in rows])
        self._checkpoint(self.size)
        return True

    def result(self) -> AuditResult:
        """The totals, after the checks that need the whole ledger."""
        if self.size != self.total:
            raise IntegrityError(f"The ledger has no entry {self.size} but goes on after it")
        unexplained = sorted(set(self.missing) - self.purged)
        if unexplained:
            raise IntegrityError(
                f"The payload of entry {unexplained[0]} is missing without a purge"
            )
        stored = self.connection.execute(select(func.count()).select_from(node)).scalar_one()
        if stored != self.nodes:
            raise IntegrityError(f"The tree has {stored} inner nodes where {self.nodes} belong")
        beyond = [size for size in self.notes if size > self.size]
        if beyond:
            raise IntegrityError(
                f"A checkpoint covers {beyond[0]} entries, the ledger has {self.size}"
            )
        return AuditResult(
            size=self.size,
            root=self._root(),
            payloads=self.payloads,
            purged=len(self.missing),
            checkpoints=len(self.notes),
        )

    def _entry(self, expected: int, row: Any) -> None:
        if row.seq != expected:
            raise IntegrityError(f"The ledger lacks entry {expected}")
        if merkle.leaf_hash(row.envelope.encode()) != bytes(row.leaf_hash):
            raise IntegrityError(f"The envelope of entry {expected} is not the one that was hashed")
        try:
            envelope = open_envelope(row.envelope)
            promise, kind = envelope["payload"], envelope["type"]
            if kind == PURGE:
                self.purged.update(envelope["body"]["entries"])
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(f"Entry {expected} is not an envelope") from error
        if promise is None:
            if row.kept is not None:
                raise IntegrityError(f"Entry {expected} has a payload that it does not name")
        elif row.kept is None:
            self.missing.append(expected)
        else:
            self._payload(expected, row, promise)

    def _payload(self, seq: int, row: Any, promise: Any) -> None:
        data = inflate(bytes(row.data), seq)
        kept = {"commitment": commitment(bytes(row.salt), data), "size": len(data)}
        if kept != promise:
            raise IntegrityError(f"The payload of entry {seq} is not the one that was hashed")
        self.payloads += 1

    def _nodes(self, leaves: list[bytes]) -> None:
        made = merkle.append_nodes(self.size, leaves, lambda *spot: self.frontier[spot])
        end = self.size + len(leaves)
        stored: dict[tuple[int, int], bytes] = {}
        for level in range(1, end.bit_length()):
            span = node.c.position.between(self.size >> level, (end >> level) - 1)
            rows = self.connection.execute(select(node).where(node.c.level == level, span))
            stored.update({(row.level, row.position): bytes(row.hash) for row in rows})
        for level, position, value in made:
            if stored.get((level, position)) != value:
                raise IntegrityError(
                    f"Node {position} of level {level} (entries {position << level} to "
                    f"{(position + 1 << level) - 1}) is not the hash of what it covers"
                )
        known = self.frontier | {(level, at): value for level, at, value in made}
        known |= {(0, self.size + at): leaf for at, leaf in enumerate(leaves)}
        self.nodes += len(made)
        self.size = end
        self.frontier = {spot: known[spot] for spot in merkle.frontier(end)}

    def _checkpoint(self, size: int) -> None:
        note = self.notes.get(size)
        if note is None:
            return
        try:
            stated = parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
        except EvidenceError as error:
            raise IntegrityError(f"The checkpoint at size {size} is unreadable") from error
        if (stated.size, stated.root) != (size, self._root()):
            raise IntegrityError(f"The ledger is not the one of the checkpoint at size {size}")

    def _root(self) -> bytes:
        return merkle.root(self.size, lambda *spot: self.frontier[spot])
