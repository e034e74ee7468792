"""An index by which what is stated of a digest is found.

Revision 0015, after 0013. Only a table that can be rebuilt from the ledger is touched.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "ix_provenance_subject_digest", "provenance", ["subject_digest"]


def upgrade() -> None:
    op.create_index(op.f(NAME), TABLE, COLUMNS)


def downgrade() -> None:
    op.drop_index(op.f(NAME), TABLE)
