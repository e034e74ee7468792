"""A commit's paths stand in its own row; derived rows are found by their generation.

A commit is one insert and one index probe then, and the end of a sync need not read every body.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DERIVED = ("change", "chain_index", "deployment_row", "determination")
EVERY = ("kind", "change_id", "generation", "first_deployed_at")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Moves the paths that were read already; a commit whose paths were not keeps null."""
    op.add_column("commits", sa.Column("paths", TEXT, nullable=True))
    op.execute(
        "UPDATE commits SET paths = (SELECT commit_paths.paths FROM commit_paths "
        "WHERE commit_paths.repository = commits.repository AND commit_paths.sha = commits.sha)"
    )
    op.drop_table("commit_paths")
    for table in DERIVED:
        op.create_index(op.f(f"ix_{table}_generation"), table, ["generation"])
    op.create_index(op.f("ix_change_" + "_".join(EVERY)), "change", list(EVERY))


def downgrade() -> None:
    """Gives the paths their own table again."""
    op.drop_index(op.f("ix_change_" + "_".join(EVERY)), table_name="change")
    for table in DERIVED:
        op.drop_index(op.f(f"ix_{table}_generation"), table_name=table)
    op.create_table(
        "commit_paths",
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("paths", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("repository", "sha", name=op.f("pk_commit_paths")),
    )
    op.execute(
        "INSERT INTO commit_paths (repository, sha, paths) "
        "SELECT repository, sha, paths FROM commits WHERE paths IS NOT NULL"
    )
    op.drop_column("commits", "paths")
