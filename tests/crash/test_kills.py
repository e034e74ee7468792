"""kill -9 at any moment of a real run: nothing is lost, nothing doubled, the next run heals."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).parent))

from crash_state import DERIVED, differences, state
from crash_world import served

from evidence.demo.run import Rehearsal
from evidence.store.session import connect
from evidence.store.tables import metadata
from evidence.sync import sync

LANE = Path(__file__).parent / "crash_run.py"
MEMORY = Path("/dev/shm")
MANY = 200
"""Kills from which a run is a gate of its own: two lanes, and its figures are printed."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture
def folder():
    """A folder in memory where there is one: a killed process loses no page of either."""
    made = tempfile.mkdtemp(prefix="evidence-kills-", dir=MEMORY if MEMORY.is_dir() else None)
    yield Path(made)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def kills(request):
    """How many kills: on SQLite, on PostgreSQL, of rebuilds, of reports."""
    return [int(number) for number in request.config.getoption("--kills").split(",")]


@pytest.fixture
def seed(request):
    return request.config.getoption("--kill-seed")


@pytest.fixture
def middle_database(postgres_server, postgres_template):
    """URL of the database that the runs on PostgreSQL start from."""
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE start_middle TEMPLATE {postgres_template}")
    engine.dispose()
    return postgres_server.set(database="start_middle").render_as_string(hide_password=False)


def work(capsys, folder, number, seed, **plan):
    """Runs the lanes of a plan to their end; no problem may come out."""
    lanes = 2 if number >= MANY else 1
    shares = [number // lanes + (place < number % lanes) for place in range(lanes)]
    running = [
        start(folder / f"lane-{place}", kills=share, seed=seed + place, **plan)
        for place, share in enumerate(shares)
    ]
    reports = []
    for process in running:
        said = process.stdout.read()
        assert process.wait() == 0, said
        reports.append(json.loads(said))
    told = summary(plan["job"], reports)
    if number >= MANY:
        with capsys.disabled():
            sys.stdout.write(f"\n{told}\n")
    problems = [problem for report in reports for problem in report["problems"]]
    assert not problems, "\n\n".join([told, *problems])
    assert sum(report["kills"] for report in reports) == number
    return reports


def start(folder, **plan):
    process = subprocess.Popen(
        [sys.executable, LANE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    json.dump({"folder": str(folder), **plan}, process.stdin)
    process.stdin.close()
    return process


def summary(job, reports) -> str:
    """The figures of a run in a few lines."""
    phases, means = Counter(), Counter()
    for report in reports:
        phases.update(report["phases"])
        means.update(report["means"])
    return (
        f"{job}: {sum(one['kills'] for one in reports)} kills, "
        f"{sum(one['chains'] for one in reports)} stores, "
        f"at most {max(one['longest'] for one in reports)} kills of one store, "
        f"{max(one['seconds'] for one in reports)} s, "
        f"{sum(one['processor'] for one in reports):.0f} s of processor, "
        f"problems: {sum(len(one['problems']) for one in reports)}\n"
        f"  by phase: {dict(phases.most_common())}\n"
        f"  by moment: {dict(means.most_common())}"
    )


def test_killed_syncs_on_sqlite_come_to_the_store_of_an_undisturbed_one(
    capsys, folder, kills, seed
):
    with served(folder) as world:
        starts = {"nothing": "", "middle": str(world.middle)}
        work(
            capsys,
            folder,
            kills[0],
            seed,
            job="sync",
            configuration=str(world.configuration),
            starts=starts,
        )


@pytest.mark.postgres
def test_killed_syncs_on_postgresql_come_to_the_store_of_an_undisturbed_one(
    capsys, folder, kills, seed, postgres_server, middle_database
):
    with served(folder, store_url=middle_database) as world:
        starts = {"nothing": "", "middle": str(world.middle)}
        work(
            capsys,
            folder,
            kills[1],
            seed,
            job="sync",
            configuration=str(world.configuration),
            starts=starts,
            server=postgres_server.render_as_string(hide_password=False),
        )


@pytest.mark.slow  # `make crash` runs it
@pytest.mark.parametrize("job", ["rebuild", "report"])
def test_what_reads_and_makes_again_may_be_killed_as_well(capsys, folder, kills, seed, job):
    with served(folder) as world:
        sync(world.rehearsal.loaded(world.rehearsal.simulation.end()))
        work(
            capsys,
            folder,
            kills[2 if job == "rebuild" else 3],
            seed,
            job=job,
            configuration=str(world.configuration),
            starts={"end": str(world.rehearsal.home)},
            trust=str(world.trust),
        )


def test_the_comparison_sees_what_is_lost_and_what_is_doubled(tmp_path):
    with served(tmp_path) as world:
        one, other = (copy(world, tmp_path / name) for name in ("one", "other"))
        for loaded in (one, other):
            sync(loaded)
        assert differences(state(one), state(other)) == []
        whole = state(one)
    store = connect(other.store_url)
    for table in metadata.sorted_tables:
        if whole.get(table.name) and table.name != "observation":
            with store.write() as connection:
                connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE {_one(table)}")
            lost = differences(whole, state(other))
            assert any(said.startswith(f"{table.name} lost") for said in lost), table.name
    store.close()


def _one(table) -> str:
    """One row; of a derived table all of one key, which stands in several generations."""
    keys = [each.name for each in table.primary_key if each.name not in ("generation", "entry_seq")]
    column = keys[0] if table in DERIVED and keys else "rowid"
    return f"{column} = (SELECT min({column}) FROM {table.name})"


def copy(world, home):
    shutil.copytree(world.middle, home)
    again = Rehearsal(
        simulation=world.rehearsal.simulation,
        home=home,
        keys=world.rehearsal.keys,
        overrides=world.rehearsal.overrides,
    )
    return again.loaded(again.simulation.end())
