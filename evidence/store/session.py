"""Connections: one engine per store, snapshots to read, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from evidence.errors import StoreError
from evidence.store.refusals import refusal
from evidence.store.tables import SCHEMA

BUSY_SECONDS = 30
_WRITER_LOCK = 0x65766964656E6365  # "evidence": PostgreSQL's key of the one writer
_WRITE = "evidence_write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store. `dialect` is `sqlite` or `postgresql`."""

    url: str = field(repr=False)
    engine: Engine
    dialect: str

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot of the store from its first statement on.

        Raises:
            StoreError: whatever the database refused.
        """
        with _store_errors(), self._reader() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction as the only writer; it commits at the end, or nothing of it stays.

        Keep it under 250 ms: decide outside, insert inside.

        Raises:
            StoreError: whatever the database refused, or another writer held on for 30 s.
        """
        with _store_errors(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITE: True})
            with connection.begin():
                if self.dialect == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))
                yield connection

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()

    def _reader(self) -> Connection:
        if self.dialect == "postgresql":
            return self.engine.connect().execution_options(isolation_level="REPEATABLE READ")
        return self.engine.connect()


def connect(url: str) -> Store:
    """A store at a SQLAlchemy URL, whatever its schema version.

    Raises:
        StoreError: the URL cannot be used.
    """
    parsed = _parse(url)
    try:
        engine = create_engine(parsed, **_engine_options(parsed))
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(f"The store cannot be opened: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return Store(url=url, engine=engine, dialect=engine.dialect.name)


def open_store(url: str) -> Store:
    """A store whose schema is the one this program was written for.

    Raises:
        StoreError: the URL cannot be used or the schema is of another version.
    """
    store = connect(url)
    found = version(store)
    if found != SCHEMA:
        store.close()
        if not found:
            raise StoreError(
                f"The store has schema none, this program needs {SCHEMA}: nothing was stored yet.",
                next_step="Run `evidence sync`, which sets it up, or `evidence db upgrade`.",
            )
        raise StoreError(
            f"The store has schema {found}, this program needs {SCHEMA}",
            next_step="Run `evidence db upgrade`; if the store is newer, upgrade this program.",
        )
    return store


def version(store: Store) -> str:
    """Schema version of the store, empty where it has none."""
    with store.read() as connection:
        if not store.engine.dialect.has_table(connection, "alembic_version"):
            return ""
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else ""


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "The store's URL is not one that SQLAlchemy reads",
            next_step="Write it as sqlite:///path/to/file or postgresql://user@host/database.",
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(
            f"The store cannot be a {parsed.drivername} database",
            next_step="Use SQLite (sqlite:///file) or PostgreSQL (postgresql://...).",
        )
    return parsed


def _engine_options(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {"pool_pre_ping": True}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event decides, not the driver
    # The page size takes hold in a new file only: rows of a kilobyte, four to a page of SQLite's
    # own size, are written a third quicker.
    for pragma in (
        "page_size = 16384",
        "journal_mode = WAL",
        "foreign_keys = ON",
        "cache_size = -16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise refusal(error) from error
