"""Indexes by which the forge's records are found: by what they brought, and by when.

Revision 0014, after 0011. Only tables that can be rebuilt from the ledger are touched.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = (
    ("pull_request", ["repository", "head_ref"]),
    ("rule_suite", ["repository", "after_sha"]),
    ("rule_suite", ["repository", "pushed_at"]),
    ("rule_suite", ["repository", "result"]),
    ("repository_activity", ["repository", "after_sha"]),
    ("repository_activity", ["repository", "ref", "at"]),
    ("repository_activity", ["repository", "ref", "kind"]),
)


def upgrade() -> None:
    for table, columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def downgrade() -> None:
    for table, columns in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
