"""A payload is deleted by a purge alone: its entry comes first, in the same transaction.

Revision 0005, after 0004.
"""

# ruff: noqa: S608 - statements are made of the constants below, never of input
from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSED = "evidence: a payload is deleted by a purge only"
# The newest entry is the purge of this payload. In canonical JSON a text cannot hold these marks:
# its own quotes are escaped.
PURGED = """envelope LIKE '%"entries":[' || OLD.seq || ']%' AND envelope LIKE '%"type":"purge"}'"""
NEWEST = f"SELECT 1 FROM entry WHERE seq = (SELECT MAX(seq) FROM entry) AND {PURGED}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER payload_refuses_delete BEFORE DELETE ON payload "
            f"WHEN NOT EXISTS ({NEWEST}) BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION evidence_purged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT EXISTS ({NEWEST}) THEN RAISE EXCEPTION '{REFUSED}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER payload_refuses_delete BEFORE DELETE ON payload "
        "FOR EACH ROW EXECUTE FUNCTION evidence_purged()"
    )


def downgrade() -> None:
    """Takes the guard away: the rebuildable half may be migrated down and up again."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER payload_refuses_delete")
        return
    op.execute("DROP TRIGGER payload_refuses_delete ON payload")
    op.execute("DROP FUNCTION evidence_purged()")
