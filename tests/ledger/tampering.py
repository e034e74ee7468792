"""One who administers the database: takes the guards away, edits, and rebuilds every hash."""

from __future__ import annotations

import hashlib
import json
import random
import zlib
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, text

from evidence import merkle, notes
from evidence.canonical import canonical_json
from evidence.store import ledger, writer
from evidence.store.tables import ENDURING, checkpoint, entry, node, payload

ORIGIN = "evidence/orchard"


class Keeper:
    """Who holds the real key, and keeps checkpoints outside of the database."""

    def __init__(self):
        self.private = Ed25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes_raw()

    def checkpoint(self, store):
        """Signs the ledger as it stands, and hands the note out."""
        return ledger.write_checkpoint(
            store, self.private.sign, ORIGIN, name=ORIGIN, public_key=self.public
        )

    def opened(self, note):
        return notes.open_note(note, {ORIGIN: self.public})

    def held(self, note):
        return notes.parse_checkpoint(self.opened(note))

    def sign(self, text, name=ORIGIN):
        return notes.sign_note(text, name, self.public, self.private.sign)


def fill(store, entries=21):
    """A ledger of bodies with payloads, some without."""
    for number in range(entries):
        data = None if number % 5 == 4 else b"apples %d " % number * (number + 1)
        writer.append_entry(store, "export", {"n": number, "by": "mira"}, data)
    return store


def disarm(store, connection):
    """Takes the triggers away for this transaction, as an administrator can."""
    if store.dialect == "sqlite":
        query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in connection.execute(query).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")


@contextmanager
def tampering(store):
    """A write transaction without guards, to be kept."""
    with store.write() as connection:
        disarm(store, connection)
        yield connection


class Undone(Exception):  # noqa: N818 - no error: it ends a trial
    """Rolls a trial back."""


@contextmanager
def trial(store):
    """A write transaction without guards that is undone at its end."""
    try:
        with tampering(store) as connection:
            yield connection
            raise Undone
    except Undone:
        pass


class Within:
    """The store as one open transaction sees it."""

    def __init__(self, store, connection):
        self.dialect = store.dialect
        self.connection = connection

    @contextmanager
    def read(self):
        yield self.connection


def envelopes(connection):
    return list(connection.execute(select(entry.c.envelope).order_by(entry.c.seq)).scalars())


def rebuild(connection, texts, keeper=None):
    """Writes the ledger anew from envelopes: leaves, nodes, and checkpoints of the real key.

    Without that key no checkpoint can be made again: then none is left, nor an entry that names it.
    """
    for table in (entry, node, checkpoint):
        connection.execute(delete(table))
    known = {}
    size = 0
    for text_ in texts:
        named = json.loads(text_)
        if named["type"] == "checkpoint":
            if keeper is None:
                continue
            text_ = _signed_again(connection, named, known, keeper)  # noqa: PLW2901
        leaf = merkle.leaf_hash(text_.encode())
        made = merkle.append_nodes(size, [leaf], lambda *spot, known=known: known[spot])
        known |= {(0, size): leaf} | {(level, at): value for level, at, value in made}
        row = {"seq": size, "leaf_hash": leaf, "envelope": text_}
        connection.execute(insert(entry), [row])
        size += 1
    rows = [
        {"level": level, "position": at, "hash": value}
        for (level, at), value in known.items()
        if level
    ]
    connection.execute(insert(node), rows)


def _signed_again(connection, named, known, keeper):
    """The entry of a checkpoint that was signed again over what the ledger is now."""
    body = named["body"]
    root = merkle.root(body["size"], lambda *spot: known[spot])
    note = keeper.sign(notes.note_text(ORIGIN, body["size"], root))
    connection.execute(
        insert(checkpoint), [{"size": body["size"], "note": note, "made_at": body["observed_at"]}]
    )
    said = {"root": root.hex(), "note": hashlib.sha256(note.encode()).hexdigest()}
    return canonical_json({**named, "body": body | said}).decode()


def contents(connection):
    """What the enduring tables say; a payload by what it inflates to, not by how it is packed."""
    found = []
    for table in ENDURING:
        columns = [column for column in table.columns if column.name != "made_at"]
        rows = connection.execute(select(*columns).order_by(*table.primary_key.columns)).all()
        found.append([tuple(_inflated(value) for value in row) for row in rows])
    return found


def _inflated(value):
    if isinstance(value, bytes | memoryview) and bytes(value[:1]) == b"\x78":
        stream = zlib.decompressobj()
        try:
            return stream.decompress(bytes(value)), stream.unused_data, stream.eof
        except zlib.error:
            return bytes(value)
    return value


KEYS = {entry: ("seq",), payload: ("seq",), node: ("level", "position"), checkpoint: ("size",)}
VALUES = {
    entry: ("leaf_hash", "envelope"),
    payload: ("salt", "data"),
    node: ("hash",),
    checkpoint: ("note",),
}


def corrupt(connection, draw: random.Random, *, any_type: bool) -> str:
    """One random corruption of a row or of bytes; returns what it was."""
    table = draw.choice(list(KEYS))
    rows = connection.execute(select(table)).all()
    row = draw.choice(rows)
    kinds = [_flip, _flip, _flip, _copy, _move, _swap, _grow, _shrink, _delete, _cut, _extra]
    if any_type:
        kinds.append(_retype)
    kind = draw.choice(kinds)
    kind(connection, draw, table, row)
    return f"{kind.__name__} {table.name}"


def _at(table, row):
    clause = True
    for name in KEYS[table]:
        clause = (table.c[name] == getattr(row, name)) & clause
    return clause


def _set(connection, table, row, **values):
    connection.execute(table.update().where(_at(table, row)).values(**values))


def _flip(connection, draw, table, row):
    name = draw.choice(VALUES[table])
    value = getattr(row, name)
    if isinstance(value, str):
        at = draw.randrange(len(value))
        _set(
            connection,
            table,
            row,
            **{name: value[:at] + chr(draw.randint(32, 126)) + value[at + 1 :]},
        )
        return
    changed = bytearray(value)
    changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    _set(connection, table, row, **{name: bytes(changed)})


def _other(connection, draw, table):
    return draw.choice(connection.execute(select(table)).all())


def _copy(connection, draw, table, row):
    name = draw.choice(VALUES[table])
    _set(connection, table, row, **{name: getattr(_other(connection, draw, table), name)})


def _swap(connection, draw, table, row):
    other = _other(connection, draw, table)
    for one, two in ((row, other), (other, row)):
        _set(connection, table, one, **{name: getattr(two, name) for name in VALUES[table]})


def _move(connection, draw, table, row):
    name = draw.choice(KEYS[table])
    _set(connection, table, row, **{name: draw.choice([-1, 10**6, getattr(row, name) + 10**4])})


def _grow(connection, draw, table, row):
    name = draw.choice(VALUES[table])
    value = getattr(row, name)
    more = "x" if isinstance(value, str) else draw.randbytes(1)
    _set(connection, table, row, **{name: value + more})


def _shrink(connection, draw, table, row):
    name = draw.choice(VALUES[table])
    value = getattr(row, name)
    _set(connection, table, row, **{name: value[: draw.randrange(len(value))]})


def _delete(connection, draw, table, row):
    connection.execute(delete(table).where(_at(table, row)))


def _cut(connection, draw, table, row):
    name = KEYS[table][-1]
    connection.execute(delete(table).where(table.c[name] >= getattr(row, name)))


def _extra(connection, draw, table, row):
    copy = {**row._mapping, KEYS[table][-1]: draw.randint(1000, 10**6)}
    connection.execute(insert(table), [copy])


def _retype(connection, draw, table, row):
    name = draw.choice(VALUES[table])
    literal = draw.choice(["0", "99999999999999", "1.5", "'text'", "x'00'", "x'ff'"])
    where = " AND ".join(f"{key} = {getattr(row, key)}" for key in KEYS[table])
    connection.exec_driver_sql(f"UPDATE {table.name} SET {name} = {literal} WHERE {where}")
