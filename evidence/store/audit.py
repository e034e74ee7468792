"""Derives the whole ledger again from its envelopes and payloads and names what differs."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any

from sqlalchemy import Connection, Table, func, select

from evidence import merkle
from evidence.canonical import sha256_hex
from evidence.errors import EvidenceError, IntegrityError
from evidence.notes import Checkpoint, parse_checkpoint
from evidence.store.damage import check_types, told_as_damage
from evidence.store.envelope import CHECKPOINT, commitment, inflate
from evidence.store.session import Store
from evidence.store.tables import checkpoint, entry, node, payload

PURGE = "purge"
"""Type of the entry that names, in `body.entries`, the entries whose payloads were deleted."""
OpenNote = Callable[[str], str]
"""Signed note -> its text; raises IntegrityError where no trusted key signed it."""
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
    store: Store,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    held: Iterable[Checkpoint] = (),
    open_note: OpenNote | None = None,
) -> AuditResult:
    """Compares every leaf, node, payload and checkpoint with what the envelopes give.

    That shows that the store agrees with itself. That it is the store of before is shown only by
    `held`, checkpoints that were kept elsewhere: the root of that many entries is derived again
    and must be the one they state. `open_note` checks the signatures of the stored checkpoints.

    Raises:
        IntegrityError: the first entry, node or checkpoint that differs, by its number.
        StoreError: the database cannot be read at all.
    """
    with told_as_damage(), store.read() as connection:
        if store.dialect == "sqlite":
            check_types(connection)
        run = _Audit(connection, held, open_note)
        while run.step():
            progress(run.size, run.total)
        return run.result()


class _Audit:
    """The state of one pass over the ledger, in order."""

    def __init__(
        self, connection: Connection, held: Iterable[Checkpoint], open_note: OpenNote | None
    ) -> None:
        self.connection = connection
        self.open_note = open_note
        self.held: dict[int, list[Checkpoint]] = {}
        for each in held:
            self.held.setdefault(each.size, []).append(each)
        self.agreed = 0
        self.size = 0
        self.total = connection.execute(select(func.count()).select_from(entry)).scalar_one()
        self.payloads = 0
        self.missing: list[int] = []
        self.purged: dict[int, int] = {}
        self.named: list[tuple[int, int, Any]] = []
        self.frontier: dict[tuple[int, int], bytes] = {}
        self.nodes = 0
        rows = connection.execute(select(checkpoint).order_by(checkpoint.c.size)).all()
        self.notes = {row.size: row.note for row in rows}
        self.stops = deque(sorted({size for size in (*self.notes, *self.held) if size >= 0}))
        self._checkpoints({})

    def step(self) -> bool:
        """Goes through the next entries; False where none is left."""
        query = (
            select(entry, payload.c.salt, payload.c.data, payload.c.seq.label("kept"))
            .select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))
            .where(entry.c.seq >= self.size, entry.c.seq < self.size + _BATCH)
            .order_by(entry.c.seq)
        )
        rows = self.connection.execute(query).all()
        leaves: list[bytes] = []
        problem: IntegrityError | None = None
        for expected, row in enumerate(rows, start=self.size):
            try:
                leaves.append(self._entry(expected, row))
            except IntegrityError as error:
                problem = error
                break
        if leaves:
            self._nodes(leaves)  # what differs before the entry that differs is named first
        if problem:
            raise problem
        return bool(rows)

    def result(self) -> AuditResult:
        """The totals, after the checks that need the whole ledger."""
        if self.size != self.total:
            raise IntegrityError(f"The ledger has no entry {self.size} but goes on after it")
        unexplained = [seq for seq in self.missing if self.purged.get(seq, -1) <= seq]
        if unexplained:
            raise IntegrityError(
                f"The payload of entry {unexplained[0]} is missing without a purge"
            )
        self._beyond_held()
        stored = self._rows(node)
        if stored != self.nodes:
            raise IntegrityError(f"The tree has {stored} inner nodes where {self.nodes} belong")
        kept = self._rows(payload)
        if kept != self.payloads:
            raise IntegrityError(f"The store has {kept} payloads, its entries name {self.payloads}")
        beyond = [size for size in self.notes if not 0 <= size <= self.size]
        if beyond:
            raise IntegrityError(
                f"A checkpoint covers {beyond[0]} entries, the ledger has {self.size}"
            )
        self._named_checkpoints()
        return AuditResult(
            size=self.size,
            root=self._root(),
            payloads=self.payloads,
            purged=len(self.missing),
            checkpoints=len(self.notes),
        )

    def _rows(self, table: Table) -> int:
        return self.connection.execute(select(func.count()).select_from(table)).scalar_one()

    def _beyond_held(self) -> None:
        cut = [size for size in self.held if size > self.size]
        if cut:
            raise IntegrityError(
                f"The checkpoint kept outside covers {min(cut)} entries, the ledger has "
                f"{self.size}: entries from {self.size} on were taken away"
            )

    def _entry(self, expected: int, row: Any) -> bytes:
        """Checks one entry; its leaf hash."""
        # Attributes of a row cost a third of the audit.
        seq, stored, envelope_text, salt, data, kept = row
        if seq != expected:
            raise IntegrityError(f"The ledger lacks entry {expected}")
        leaf = merkle.leaf_hash(envelope_text.encode())
        if leaf != bytes(stored):
            raise IntegrityError(f"The envelope of entry {expected} is not the one that was hashed")
        try:
            # Escapes stay as they are: nothing that is read here can hold one.
            envelope = json.loads(envelope_text)
            promise, kind = envelope["payload"], envelope["type"]
            if kind == PURGE:
                self.purged.update(dict.fromkeys(envelope["body"]["entries"], expected))
            elif kind == CHECKPOINT:
                body = envelope["body"]
                self.named.append((expected, index(body["size"]), body["note"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise IntegrityError(f"Entry {expected} is not an envelope") from error
        if promise is None:
            if kept is not None:
                raise IntegrityError(f"Entry {expected} has a payload that it does not name")
        elif kept is None:
            self.missing.append(expected)
        else:
            self._payload(expected, bytes(salt), bytes(data), promise)
        return leaf

    def _payload(self, seq: int, salt: bytes, packed: bytes, promise: Any) -> None:
        data = inflate(packed, seq)
        if {"commitment": commitment(salt, data), "size": len(data)} != promise:
            raise IntegrityError(f"The payload of entry {seq} is not the one that was hashed")
        self.payloads += 1

    def _nodes(self, leaves: list[bytes]) -> None:
        """Grows the tree; compares its new nodes and the checkpoints that it passes."""
        begin, end = self.size, self.size + len(leaves)
        known = self.frontier | {(0, begin + at): leaf for at, leaf in enumerate(leaves)}
        made = merkle.append_nodes(begin, leaves, lambda *spot: known[spot])
        stored = self._stored_nodes(begin, end)
        for level, position, value in made:
            if stored.get((level, position)) != value:
                raise IntegrityError(
                    f"Node {position} of level {level} (entries {position << level} to "
                    f"{(position + 1 << level) - 1}) is not the hash of what it covers"
                )
            known[level, position] = value
        self.nodes += len(made)
        self.size = end
        self._checkpoints(known)
        self.frontier = {spot: known[spot] for spot in merkle.frontier(end)}

    def _stored_nodes(self, begin: int, end: int) -> dict[tuple[int, int], bytes]:
        """The nodes that the leaves [begin, end) complete, in one statement."""
        spans = " OR ".join(
            f"(level = {level} AND position BETWEEN {begin >> level} AND {(end >> level) - 1})"
            for level in range(1, end.bit_length())
            if begin >> level < end >> level
        )
        if not spans:
            return {}
        query = f"SELECT level, position, hash FROM node WHERE {spans}"  # noqa: S608 - numbers only
        rows = self.connection.exec_driver_sql(query)
        return {(level, position): bytes(value) for level, position, value in rows}

    def _checkpoints(self, known: Mapping[tuple[int, int], bytes]) -> None:
        """Compares the checkpoints up to here, smallest first; `known` holds their subtrees."""
        while self.stops and self.stops[0] <= self.size:
            size = self.stops.popleft()
            self._checkpoint(size, merkle.root(size, lambda *spot: known[spot]))

    def _checkpoint(self, size: int, root: bytes) -> None:
        for each in self.held.get(size, ()):
            if each.root != root:
                raise IntegrityError(
                    f"The ledger is not the one of the checkpoint at size {size} that was kept "
                    f"outside: at least one of the entries {self.agreed} to {size - 1} is another"
                )
            self.agreed = size
        note = self.notes.get(size)
        if note is None:
            return
        stated = self._stated(size, note)
        if (stated.size, stated.root) != (size, root):
            raise IntegrityError(f"The ledger is not the one of the checkpoint at size {size}")

    def _named_checkpoints(self) -> None:
        """Every checkpoint that was ever signed is an entry: none goes missing unseen."""
        for seq, size, digest in self.named:
            note = self.notes.get(size)
            if note is None:
                raise IntegrityError(
                    f"The checkpoint at size {size} that entry {seq} names was taken away"
                )
            if sha256_hex(note.encode()) != digest:
                raise IntegrityError(
                    f"The checkpoint at size {size} is not the one that entry {seq} names"
                )

    def _stated(self, size: int, note: str) -> Checkpoint:
        try:
            opened = self.open_note(note) if self.open_note else note.rpartition("\n\n")[0] + "\n"
            return parse_checkpoint(opened)
        except EvidenceError as error:
            raise IntegrityError(
                f"The checkpoint at size {size} is unreadable or not signed by a trusted key: "
                f"{error.message}",
                next_step="Pass every key that signed checkpoints, earlier ones too, as --trust.",
            ) from error

    def _root(self) -> bytes:
        return merkle.root(self.size, lambda *spot: self.frontier[spot])
