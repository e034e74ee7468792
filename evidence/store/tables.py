"""The schema, the same on SQLite and PostgreSQL.

Enduring: `entry`, `payload`, `node`, `checkpoint`; rebuildable from them: everything else.
Times are int64 microseconds UTC, external ids are text, JSON is text, text sorts by byte.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

SCHEMA = "0017"
"""The migration that this code expects; a test compares it with the newest one."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite's INTEGER holds 64 bits and, as a primary key, is the row id itself.
INT = BigInteger().with_variant(Integer(), "sqlite")
# Byte order, which is what SQLite does by itself.
TEXT = Text(collation="C").with_variant(Text(), "sqlite")


def integer(name: str, *, nullable: bool = False) -> Column[int]:
    """An int64 column."""
    return Column(name, INT, nullable=nullable, autoincrement=False)


def text(name: str, *, nullable: bool = False) -> Column[str]:
    """A text column in byte order."""
    return Column(name, TEXT, nullable=nullable)


def blob(name: str) -> Column[bytes]:
    """A column of bytes."""
    return Column(name, LargeBinary, nullable=False)


entry = Table(
    "entry",
    metadata,
    integer("seq"),
    blob("leaf_hash"),
    text("envelope"),
    PrimaryKeyConstraint("seq"),
)
"""The ledger: seq is dense from 0, the envelope is canonical JSON and the hashed leaf."""

payload = Table(
    "payload",
    metadata,
    integer("seq"),
    blob("salt"),
    blob("data"),
    PrimaryKeyConstraint("seq"),
)
"""32 bytes of salt and the zlib of what was captured; only a purge deletes rows."""

node = Table(
    "node",
    metadata,
    integer("level"),
    integer("position"),
    blob("hash"),
    PrimaryKeyConstraint("level", "position"),
)
"""Complete Merkle subtrees from level 1; level 0 are the entries' leaf hashes."""

checkpoint = Table(
    "checkpoint",
    metadata,
    integer("size"),
    text("note"),
    integer("made_at"),
    PrimaryKeyConstraint("size"),
)

entry_index = Table(
    "entry_index",
    metadata,
    integer("seq"),
    text("type"),
    text("source"),
    text("kind"),
    text("key"),
    text("series"),
    integer("observed_at"),
    text("digest"),
    integer("superseded", nullable=True),
    PrimaryKeyConstraint("seq"),
    Index(None, "source", "kind", "key", "seq"),
    Index(None, "type", "seq"),
)
"""What the envelopes say, to search by. A version (a capture) is the head of its object while
`superseded`, the seq of the next version of the same (source, kind, key), is null."""

gap = Table(
    "gap",
    metadata,
    integer("entry_seq"),
    integer("ordinal"),
    text("run_id"),
    text("stream"),
    text("source"),
    text("kind"),
    text("key"),
    text("reason"),
    text("detail"),
    integer("window_from"),
    integer("window_to"),
    text("repository"),
    integer("opened_at"),
    PrimaryKeyConstraint("entry_seq", "ordinal"),
    Index(None, "source", "kind", "key"),
)
"""`run_id` and `stream` are empty where the content of a capture revealed the gap; else `run_id`
is the last run that met it."""

gap_closed = Table(
    "gap_closed",
    metadata,
    integer("entry_seq"),
    integer("ordinal"),
    integer("closed_by"),
    integer("closed_at"),
    PrimaryKeyConstraint("entry_seq", "ordinal"),
)

cursor = Table(
    "cursor",
    metadata,
    text("source"),
    text("stream"),
    text("value"),
    Column("complete", Boolean, nullable=False),
    integer("updated_at"),
    PrimaryKeyConstraint("source", "stream"),
)

generation = Table(
    "generation",
    metadata,
    integer("number"),
    integer("ledger_size"),
    PrimaryKeyConstraint("number"),
)
"""The pointer: derived rows of a generation are visible once it stands here."""

change = Table(
    "change",
    metadata,
    text("change_id"),
    integer("generation"),
    text("repository"),
    text("kind"),
    integer("number"),
    integer("merged_at"),
    integer("first_deployed_at"),
    text("body"),
    PrimaryKeyConstraint("change_id", "generation"),
    Index(None, "first_deployed_at"),
    Index(None, "merged_at"),
    Index(None, "generation"),
    # All that is asked of every change, without a look at the bodies.
    Index(None, "kind", "change_id", "generation", "first_deployed_at"),
)

chain_index = Table(
    "chain_index",
    metadata,
    text("term"),
    text("kind"),
    text("repository"),
    text("change_id"),
    integer("generation"),
    PrimaryKeyConstraint("term", "kind", "repository", "change_id"),
    Index(None, "generation"),
)
"""What a change may be looked up by; kind is `sha`, `number`, `deployment` or `ticket`."""

deployment_row = Table(
    "deployment_row",
    metadata,
    text("deployment_id"),
    integer("generation"),
    text("application"),
    text("environment"),
    text("kind"),
    integer("started_at"),
    integer("finished_at"),
    text("revision"),
    text("previous"),
    text("body"),
    PrimaryKeyConstraint("deployment_id", "generation"),
    Index(None, "started_at"),
    Index(None, "generation"),
)

determination = Table(
    "determination",
    metadata,
    text("subject"),
    text("control"),
    integer("generation"),
    text("outcome"),
    text("reason"),
    text("sentence"),
    text("entries"),
    text("rule_version"),
    text("policy_version"),
    integer("ledger_size"),
    integer("as_of"),
    text("body"),
    PrimaryKeyConstraint("subject", "control", "generation"),
    Index(None, "generation"),
)

ENDURING = (entry, payload, node, checkpoint)
DERIVED = (change, chain_index, deployment_row, determination)
