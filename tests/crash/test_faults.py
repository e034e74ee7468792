"""A full disk, a lost connection, a folder that cannot be written: told clearly, healed after."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

sys.path.insert(0, str(Path(__file__).parent))

from crash_state import check_ledger, differences, state
from crash_world import served

from evidence.errors import StoreError
from evidence.runlock import run_lock
from evidence.store import refusals
from evidence.store.session import connect
from evidence.sync import sync

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The world at its end; every test makes data directories of its own."""
    with served(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(world, tmp_path_factory):
    """What a store holds after an undisturbed sync from nothing."""
    loaded = reading(world, tmp_path_factory.mktemp("undisturbed"))
    sync(loaded)
    return state(loaded)


def reading(world, home, url=""):
    """The configuration that reads the world into a data directory."""
    loaded = world.rehearsal.loaded(world.rehearsal.simulation.end())
    store = loaded.settings.store.model_copy(update={"url": url})
    settings = loaded.settings.model_copy(update={"store": store})
    return replace(loaded, home=home, settings=settings)


def mount(*arguments):
    done = subprocess.run(
        ["mount", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@contextmanager
def mounted(folder, *arguments):
    mount(*arguments, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def program(world, home):
    """Exit code and stderr of `evidence sync` as a person runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "evidence.cli", "sync", "--quiet", "--config", world.configuration],
        env={**os.environ, "EVIDENCE_HOME": str(home), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


SIZE = 16 << 20
"""Bytes of the small disk; a whole sync takes about a third."""


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"):
        yield folder


@pytest.mark.parametrize("left", [0, 40_000, 200_000, 400_000, 700_000])
def test_a_full_disk_stops_the_sync_and_the_next_one_heals(world, undisturbed, small_disk, left):
    loaded = reading(world, small_disk / "data")
    loaded.home.mkdir()
    ballast = small_disk / "ballast"
    space = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    ballast.write_bytes(bytes(max(0, space - left)))
    code, said = program(world, loaded.home)
    assert code in (1, 5)
    assert "Traceback" not in said
    assert "next: " in said
    assert any(word in said for word in ("full", "space left", "disk I/O error")), said
    ballast.unlink()
    assert sync(loaded).ledger_size == check_ledger(loaded.store_url)
    assert differences(undisturbed, state(loaded)) == []


def test_a_full_disk_under_sqlite_is_told_with_what_helps(small_disk, sqlite_template):
    (small_disk / "store.sqlite3").write_bytes(sqlite_template.read_bytes())
    store = connect(f"sqlite:///{small_disk}/store.sqlite3")
    with pytest.raises(StoreError, match="full") as caught, store.write() as connection:
        connection.exec_driver_sql(f"CREATE TABLE ballast AS SELECT zeroblob({SIZE}) AS much")
    assert caught.value.next_step == refusals.NEXT_STEPS["SQLITE_FULL"]
    store.close()


def test_a_folder_that_cannot_be_written_is_named_and_harmed_by_nothing(
    world, undisturbed, tmp_path
):
    home = tmp_path / "data"
    home.mkdir()
    with mounted(home, "--bind", home):
        mount("-o", "remount,ro,bind", home)
        code, said = program(world, home)
        with pytest.raises(StoreError, match=r"run\.lock: Read-only") as caught, run_lock(home):
            pytest.fail("there is no lock")
    assert (code, list(home.iterdir())) == (2, [])
    assert f"error: The data directory {home} cannot be used: Read-only" in said
    assert "EVIDENCE_HOME" in said
    assert "EVIDENCE_HOME" in caught.value.next_step
    loaded = reading(world, home)
    sync(loaded)
    assert differences(undisturbed, state(loaded)) == []


def test_a_store_that_cannot_be_written_says_what_helps(tmp_path, sqlite_template):
    (tmp_path / "store.sqlite3").write_bytes(sqlite_template.read_bytes())
    store = connect(f"sqlite:///file:{tmp_path}/store.sqlite3?mode=ro&uri=true")
    with pytest.raises(StoreError, match="readonly") as caught, store.write() as connection:
        connection.exec_driver_sql("DELETE FROM cursor")
    assert caught.value.next_step == refusals.NEXT_STEPS["SQLITE_READONLY"]
    store.close()


@pytest.fixture
def database(postgres_server, postgres_template):
    """URL of a database of the test's own, and what runs a statement beside it."""
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")

    def administer(statement):
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    administer(f"CREATE DATABASE cut_off TEMPLATE {postgres_template}")
    yield postgres_server.set(database="cut_off").render_as_string(hide_password=False), administer
    administer("DROP DATABASE cut_off WITH (FORCE)")
    engine.dispose()


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut_off'"


@pytest.mark.postgres
def test_lost_connections_stop_the_sync_and_the_next_one_heals(
    world, undisturbed, tmp_path, database
):
    url, administer = database
    loaded = reading(world, tmp_path, url)
    over = threading.Event()

    def cut():
        while not over.wait(0.05):
            administer(TERMINATE)

    cutting = threading.Thread(target=cut)
    cutting.start()
    errors = []
    try:
        while len(errors) < 5:
            with pytest.raises(StoreError) as caught:
                sync(loaded)
            errors.append(caught.value)
    finally:
        over.set()
        cutting.join()
    assert {error.exit_code for error in errors} == {1}
    assert all("Check that the database server runs" in error.next_step for error in errors)
    sync(loaded)
    check_ledger(url)
    assert differences(undisturbed, state(loaded)) == []


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "Check that the database server runs"),
        ("sqlite:////nowhere/at/all.sqlite3", "Check that the store's folder exists"),
    ],
)
def test_a_store_that_is_not_there_says_what_helps(address, step):
    store = connect(address)
    with pytest.raises(StoreError) as caught, store.read():
        pytest.fail("there is nothing to read")
    assert caught.value.next_step.startswith(step)
    assert "\n" not in caught.value.message
    assert make_url(store.url).drivername in ("postgresql", "sqlite")
    store.close()
