"""Whatever cuts a run, and wherever: nothing is lost, nothing doubled, nothing half there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sqlalchemy import event

from evidence.errors import StoreError
from evidence.model.git import RefTip
from evidence.model.pull_request import PullRequest
from evidence.store import audit, queries, upgrade
from evidence.store.session import open_store


class Cut(BaseException):
    """Ends a run at once, as a signal would: nothing may catch it."""


def sync(store, shop):
    """The reference run: from where the cursor stands to the end, then a closing entry."""
    steps = [
        lambda: shop.write(
            store,
            shop.pull(1, reviews=[("r1", "APPROVED")], gaps=["truncated"]),
            shop.pull(2),
            cursor="1",
        ),
        lambda: shop.write(store, shop.pull(3), gaps=[shop.gap(key="1:2")], cursor="2"),
        lambda: shop.write(
            store,
            shop.pull(1, "coffee", reviews=[("r1", "DISMISSED")]),
            shop.pull(2),
            run="r2",
            cursor="3",
            complete=True,
        ),
    ]
    for step in steps[int(queries.cursor(store, "hub", "pulls") or 0) :]:
        step()


@pytest.fixture
def statements(store):
    """Counts statements and raises `Cut` before the one whose number is asked for."""
    counter = {"done": 0, "cut": -1}

    def before(*_):
        counter["done"] += 1
        if counter["done"] == counter["cut"]:
            raise Cut

    event.listen(store.engine, "before_cursor_execute", before)
    yield counter
    event.remove(store.engine, "before_cursor_execute", before)


@pytest.mark.long
def test_a_run_cut_before_any_statement_resumes_to_the_same_store(store, shop, statements):
    sync(store, shop)
    total, whole, size = statements["done"], upgrade.fingerprint(store), queries.size(store)
    for cut in range(1, total + 1):
        empty(store)
        statements.update(done=0, cut=cut)
        with pytest.raises(Cut):
            sync(store, shop)
        statements["cut"] = -1
        sync(store, shop)
        assert (queries.size(store), upgrade.fingerprint(store)) == (size, whole), cut
        assert audit.audit(store).size == size


def test_a_full_disk_is_a_store_error_and_harms_nothing(store, shop):
    if store.dialect != "sqlite":
        pytest.skip("the size limit is SQLite's own")
    with store.read() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar()
    event.listen(
        store.engine,
        "checkout",
        lambda raw, *_: raw.execute(f"PRAGMA max_page_count = {used + 12}"),
    )
    stored = []

    def fill():
        for number in range(1000):
            shop.write(store, shop.pull(number, os.urandom(300).hex()))
            stored.append(number)

    with pytest.raises(StoreError, match="full"):
        fill()
    assert [pull.number for pull in queries.load(store, PullRequest)] == stored
    assert audit.audit(store).size == len(stored)


WRITE_FOREVER = """
import sys
from evidence.model.capture import Capture, Form, Page
from evidence.model.git import RefTip
from evidence.store import queries, writer
from evidence.store.session import open_store

class Said:
    gaps = ()

def capture(number):
    return Capture(source="git", kind="k", key=str(number), series="s", observed_at=1, form=Form.EXACT,
                   payload=b"%d" % number, collector="git", collector_version="1")

store = open_store(sys.argv[1])
number = int(queries.cursor(store, "git", "refs") or 0)
while True:
    said = [Said(), Said(), Said()]
    for i, each in enumerate(said):
        each.facts = (RefTip(repository="shop", name=str(number + i), sha="a"),)
    page = Page(captures=tuple(capture(number + i) for i in range(3)), cursor=str(number + 3))
    writer.write_page(store, "git", "refs", page, said, run_id="r")
    number += 3
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_time_leaves_whole_pages(store_url):
    for pages in (1, 7, 20):
        command = [sys.executable, "-c", WRITE_FOREVER, store_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            for _ in range(pages):
                assert process.stdout.readline()
            process.kill()
    store = open_store(store_url)
    size = audit.audit(store).size
    assert size >= 3 * (1 + 7 + 20)
    assert size % 3 == 0
    assert len(queries.load(store, RefTip)) == size
    assert queries.cursor(store, "git", "refs") == str(size)
    store.close()


def empty(store):
    """Takes every row away, guards off."""
    from evidence.store.tables import metadata

    with store.write() as connection:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            for row in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).all():
                connection.exec_driver_sql(f"DROP TRIGGER {row.name}")
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"DELETE FROM {table.name}")
