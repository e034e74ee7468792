"""Runs migrations on the connection that `evidence.store.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from evidence.store import facts  # noqa: F401 - its tables belong to the metadata
from evidence.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
