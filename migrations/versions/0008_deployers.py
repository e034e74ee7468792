"""Progressive delivery and runtime events; what deployers say beside the operation itself.

Revision 0008, after 0007. Only tables that can be rebuilt from the ledger are touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

# Per new table: what identifies the thing that a row is about, then its other columns in order.
TABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "rollout_step": (
        ("source", "uid", "revision"),
        (
            "source tool uid name revision stable verdict phase step:int steps:int weight:int "
            "started_at:int ended_at:int aborted_at:int message images application gates"
        ),
    ),
    "analysis": (
        ("source", "uid"),
        (
            "source uid name rollout revision phase started_at:int ended_at:int message metrics "
            "dry_run:bool"
        ),
    ),
    "runtime_event": (
        ("source", "event_id"),
        (
            "source event_id kind at:int last_at:int count:int actor? automated:bool? verb "
            "object_kind object_name object_uid application outcome message revision"
        ),
    ),
}
ADDED: dict[str, tuple[tuple[str, str], ...]] = {
    "deployment": (
        ("operation_id", "''"),
        ("environment", "''"),
        ("url", "''"),
        ("approvers", "'[]'"),
        ("retries", "0"),
    ),
    "application_state": (("owner", "''"), ("drift", "'[]'")),
}
KEYS = {
    "deployment": ("source", "application_uid", "started_at"),
    "application_state": ("source", "application_uid"),
    **{name: key for name, (key, _) in TABLES.items()},
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        op.execute(f"DROP VIEW {table}_current")
        for name, default in columns:
            kind = INT if default == "0" else TEXT
            op.add_column(
                table, sa.Column(name, kind, nullable=False, server_default=sa.text(default))
            )
    for table, (key, columns) in TABLES.items():
        op.create_table(
            table,
            *(_column(f"{name}:int") for name in ("entry_seq", "ordinal", "observed_at")),
            *(_column(written) for written in columns.split()),
            sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f(f"pk_{table}")),
        )
        indexed = [*key, "entry_seq"]
        op.create_index(op.f(f"ix_{table}_{'_'.join(indexed)}"), table, indexed)
    for table in (*ADDED, *TABLES):
        _view(table)


def downgrade() -> None:
    for table in (*TABLES, *ADDED):
        op.execute(f"DROP VIEW {table}_current")
    for table in TABLES:
        op.drop_table(table)
    for table, columns in ADDED.items():
        for name, _ in columns:
            op.drop_column(table, name)
        _view(table)


def _column(written: str) -> sa.Column:
    """`name`, `name:int` or `name:bool`, text by default; `?` at the end: may be null."""
    name, _, kind = written.removesuffix("?").partition(":")
    types = {"int": INT, "bool": sa.Boolean(), "": TEXT}
    return sa.Column(name, types[kind], nullable=written.endswith("?"), autoincrement=False)


def _view(table: str) -> None:
    """The newest row of each thing."""
    same = " AND ".join(f"newer.{name} = {table}.{name}" for name in KEYS[table])
    op.execute(
        f"CREATE VIEW {table}_current AS SELECT * FROM {table} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {table} AS newer WHERE {same} AND newer.entry_seq > {table}.entry_seq)"
    )
