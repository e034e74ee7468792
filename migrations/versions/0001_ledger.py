"""The ledger: entries, payloads, Merkle nodes and checkpoints, append-only.

Revision 0001, after nothing.
"""

# ruff: noqa: S608 - statements are made of the constants below, never of input
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

REFUSED = "evidence: the ledger is append-only"
GAP = "evidence: ledger entries are dense from 0"


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", INT, nullable=False, autoincrement=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entry")),
    )
    op.create_table(
        "payload",
        sa.Column("seq", INT, nullable=False, autoincrement=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_payload")),
    )
    op.create_table(
        "node",
        sa.Column("level", INT, nullable=False, autoincrement=False),
        sa.Column("position", INT, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_node")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", INT, nullable=False, autoincrement=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("made_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def downgrade() -> None:
    """There is no way back: nothing drops a ledger."""
    raise NotImplementedError("the ledger is never dropped")


def _sqlite_triggers() -> None:
    for table, verbs in _forbidden().items():
        for verb in verbs:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
    op.execute(
        "CREATE TRIGGER entry_is_dense BEFORE INSERT ON entry "
        "WHEN NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM entry) "
        f"BEGIN SELECT RAISE(ABORT, '{GAP}'); END"
    )
    # REPLACE deletes without a delete trigger: an insert over an existing row is refused too.
    for table, key in (
        ("node", "level = NEW.level AND position = NEW.position"),
        ("checkpoint", "size = NEW.size"),
        ("payload", "seq = NEW.seq"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION evidence_dense() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM entry) THEN "
        f"RAISE EXCEPTION '{GAP}'; END IF; RETURN NEW; END $$"
    )
    for table, verbs in _forbidden().items():
        for verb in verbs:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION evidence_refuse()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse()"
        )
    op.execute(
        "CREATE TRIGGER entry_is_dense BEFORE INSERT ON entry "
        "FOR EACH ROW EXECUTE FUNCTION evidence_dense()"
    )


def _forbidden() -> dict[str, tuple[str, ...]]:
    """A payload may be deleted (a purge), never altered."""
    whole = ("UPDATE", "DELETE")
    return {"entry": whole, "node": whole, "checkpoint": whole, "payload": ("UPDATE",)}
