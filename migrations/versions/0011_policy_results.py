"""Policy results: what scanners and policy engines said of commits and images.

Revision 0011, after 0010. Only tables that can be rebuilt from the ledger are touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

TABLE = "policy_result"
KEY = ("source", "scan_id")
COLUMNS = (
    "source scan_id tool subject_kind subject binding tool_version category repository database "
    "database_at:int scanned_at:int server_time:bool problem passed:int enforcement url findings"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(_column(f"{name}:int") for name in ("entry_seq", "ordinal", "observed_at")),
        *(_column(written) for written in COLUMNS.split()),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f(f"pk_{TABLE}")),
    )
    for indexed in ([*KEY, "entry_seq"], ["subject"]):
        op.create_index(op.f(f"ix_{TABLE}_{'_'.join(indexed)}"), TABLE, indexed)
    same = " AND ".join(f"newer.{name} = {TABLE}.{name}" for name in KEY)
    op.execute(
        f"CREATE VIEW {TABLE}_current AS SELECT * FROM {TABLE} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {TABLE} AS newer WHERE {same} AND newer.entry_seq > {TABLE}.entry_seq)"
    )


def downgrade() -> None:
    op.execute(f"DROP VIEW {TABLE}_current")
    op.drop_table(TABLE)


def _column(written: str) -> sa.Column:
    """`name`, `name:int` or `name:bool`, text by default."""
    name, _, kind = written.partition(":")
    if kind == "bool":
        return sa.Column(name, sa.Boolean(), nullable=False)
    return sa.Column(name, INT if kind else TEXT, nullable=False, autoincrement=False)
