"""The scope register: every repository that a forge listed, and why it is in or out.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "scope_entry",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("in_scope", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("pattern", TEXT, nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("fork", sa.Boolean(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("default_branch", TEXT, nullable=False),
        sa.Column("created_at", INT, nullable=False, autoincrement=False),
        sa.Column("pushed_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_scope_entry")),
    )
    op.create_index(
        op.f("ix_scope_entry_source_object_id_entry_seq"),
        "scope_entry",
        ["source", "object_id", "entry_seq"],
    )
    op.execute(
        "CREATE VIEW scope_entry_current AS SELECT * FROM scope_entry WHERE NOT EXISTS "
        "(SELECT 1 FROM scope_entry AS newer WHERE newer.source = scope_entry.source "
        "AND newer.object_id = scope_entry.object_id "
        "AND newer.entry_seq > scope_entry.entry_seq)"
    )


def downgrade() -> None:
    op.execute("DROP VIEW scope_entry_current")
    op.drop_table("scope_entry")
