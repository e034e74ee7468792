"""Changes, deployments and determinations, by generation: all rebuildable.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "generation",
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("ledger_size", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_generation")),
    )
    op.create_table(
        "change",
        sa.Column("change_id", TEXT, nullable=False),
        sa.Column("generation", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("merged_at", INT, nullable=False, autoincrement=False),
        sa.Column("first_deployed_at", INT, nullable=False, autoincrement=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("change_id", "generation", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_first_deployed_at"), "change", ["first_deployed_at"])
    op.create_index(op.f("ix_change_merged_at"), "change", ["merged_at"])
    op.create_table(
        "chain_index",
        sa.Column("term", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("change_id", TEXT, nullable=False),
        sa.Column("generation", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint(
            "term", "kind", "repository", "change_id", name=op.f("pk_chain_index")
        ),
    )
    op.create_table(
        "deployment_row",
        sa.Column("deployment_id", TEXT, nullable=False),
        sa.Column("generation", INT, nullable=False, autoincrement=False),
        sa.Column("application", TEXT, nullable=False),
        sa.Column("environment", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("started_at", INT, nullable=False, autoincrement=False),
        sa.Column("finished_at", INT, nullable=False, autoincrement=False),
        sa.Column("revision", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("deployment_id", "generation", name=op.f("pk_deployment_row")),
    )
    op.create_index(op.f("ix_deployment_row_started_at"), "deployment_row", ["started_at"])
    op.create_table(
        "determination",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("control", TEXT, nullable=False),
        sa.Column("generation", INT, nullable=False, autoincrement=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("sentence", TEXT, nullable=False),
        sa.Column("entries", TEXT, nullable=False),
        sa.Column("rule_version", TEXT, nullable=False),
        sa.Column("policy_version", TEXT, nullable=False),
        sa.Column("ledger_size", INT, nullable=False, autoincrement=False),
        sa.Column("as_of", INT, nullable=False, autoincrement=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("subject", "control", "generation", name=op.f("pk_determination")),
    )


def downgrade() -> None:
    op.drop_table("determination")
    op.drop_table("deployment_row")
    op.drop_table("chain_index")
    op.drop_table("change")
    op.drop_table("generation")
