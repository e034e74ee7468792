"""Audit log: what organisations say was done to their settings.

Revision 0017, after 0016. Only tables that can be rebuilt from the ledger are touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

TABLE = "audit_event"
KEY = ("source", "organisation", "event_id")
COLUMNS = (
    "source organisation event_id repository action at:int actor? ref before_sha after_sha codes "
    "target"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(_column(f"{name}:int") for name in ("entry_seq", "ordinal", "observed_at")),
        *(_column(written) for written in COLUMNS.split()),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f(f"pk_{TABLE}")),
    )
    indexed = [*KEY, "entry_seq"]
    op.create_index(op.f(f"ix_{TABLE}_{'_'.join(indexed)}"), TABLE, indexed)
    op.create_index(op.f(f"ix_{TABLE}_repository"), TABLE, ["repository"])
    same = " AND ".join(f"newer.{name} = {TABLE}.{name}" for name in KEY)
    op.execute(
        f"CREATE VIEW {TABLE}_current AS SELECT * FROM {TABLE} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {TABLE} AS newer WHERE {same} AND newer.entry_seq > {TABLE}.entry_seq)"
    )


def downgrade() -> None:
    op.execute(f"DROP VIEW {TABLE}_current")
    op.drop_table(TABLE)


def _column(written: str) -> sa.Column:
    """`name`, `name:int` or `name?` for one that may be null; text by default."""
    name, _, kind = written.removesuffix("?").partition(":")
    null = written.endswith("?")
    return sa.Column(name, INT if kind else TEXT, nullable=null, autoincrement=False)
