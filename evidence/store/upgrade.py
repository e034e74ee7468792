"""The schema's version: Alembic driven from code, and the proof that migrations give the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evidence.assets import migrations
from evidence.errors import StoreError
from evidence.store.rebuild import fingerprint, rebuild
from evidence.store.session import Store, version
from evidence.store.tables import SCHEMA, metadata

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["check", "current", "fingerprint", "rebuild", "upgrade"]


def upgrade(store: Store, revision: str = "head") -> str:
    """Brings the schema to a revision (default: the newest) and returns its number.

    All of it is one transaction: cut in the middle, the store is as before.

    Raises:
        StoreError: the database refused, or the store is newer than this program.
    """
    from alembic import command
    from alembic.util import CommandError

    with _configured(store) as config:
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise StoreError(
                f"The schema cannot be brought to {revision}: {error}",
                next_step="If a newer version of this program made the store, use that one.",
            ) from error
    return current(store)


def current(store: Store) -> str:
    """Schema version of the store; empty where it has none."""
    return version(store)


def check(store: Store) -> None:
    """Compares the tables of the store with those that this program expects.

    Raises:
        StoreError: what differs, as Alembic words it.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    found = current(store)
    if found != SCHEMA:
        raise StoreError(f"The store has schema {found or 'none'}, this program needs {SCHEMA}")
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    if differences:
        listed = "; ".join(str(each) for each in differences[:5])
        raise StoreError(f"The store's tables are not those of this program: {listed}")


@contextmanager
def _configured(store: Store) -> Iterator[Config]:
    """Alembic's settings around a write transaction, which `migrations/env.py` takes up."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        yield config
