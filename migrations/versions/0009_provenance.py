"""Provenance: what builders state of the artifacts that were deployed.

Revision 0009, after 0008. Only tables that can be rebuilt from the ledger are touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

TABLE = "provenance"
KEY = ("source", "subject_digest", "statement", "subject_name")
COLUMNS = (
    "source statement subject_name subject_digest predicate_type builder repository_url ref commit "
    "invocation payload_type payload signatures certificate"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(
            sa.Column(name, INT, nullable=False, autoincrement=False)
            for name in ("entry_seq", "ordinal", "observed_at")
        ),
        *(sa.Column(name, TEXT, nullable=False) for name in COLUMNS.split()),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f(f"pk_{TABLE}")),
    )
    indexed = [*KEY, "entry_seq"]
    op.create_index(op.f(f"ix_{TABLE}_{'_'.join(indexed)}"), TABLE, indexed)
    same = " AND ".join(f"newer.{name} = {TABLE}.{name}" for name in KEY)
    op.execute(
        f"CREATE VIEW {TABLE}_current AS SELECT * FROM {TABLE} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {TABLE} AS newer WHERE {same} AND newer.entry_seq > {TABLE}.entry_seq)"
    )


def downgrade() -> None:
    op.execute(f"DROP VIEW {TABLE}_current")
    op.drop_table(TABLE)
