"""Who started the run that deployed, beside who created the deployment.

Revision 0016, after 0015. Only a table that can be rebuilt from the ledger is touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
TABLE, COLUMN = "deployment", "started_by"
KEY = ("source", "application_uid", "started_at")


def upgrade() -> None:
    op.execute(f"DROP VIEW {TABLE}_current")
    op.add_column(TABLE, sa.Column(COLUMN, TEXT, nullable=True))
    _view()


def downgrade() -> None:
    op.execute(f"DROP VIEW {TABLE}_current")
    op.drop_column(TABLE, COLUMN)
    _view()


def _view() -> None:
    """The newest row of each operation."""
    same = " AND ".join(f"newer.{name} = {TABLE}.{name}" for name in KEY)
    op.execute(
        f"CREATE VIEW {TABLE}_current AS SELECT * FROM {TABLE} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {TABLE} AS newer WHERE {same} AND newer.entry_seq > {TABLE}.entry_seq)"
    )
