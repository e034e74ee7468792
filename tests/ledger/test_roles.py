"""The role script for PostgreSQL: each role can do its work, and nothing beyond it."""

from __future__ import annotations

import secrets
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, pull, shop

import evidence as package
from evidence.custody import record_ledger
from evidence.errors import StoreError
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.store import purge, queries, rebuild
from evidence.store.audit import audit
from evidence.store.session import connect, open_store
from evidence.store.tables import ENDURING
from evidence.storecheck import check_store

SCRIPT = Path(package.__file__).resolve().parent.parent / "docs" / "sql" / "roles.sql"

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("own_url", ["postgres"], indirect=True),
]


@pytest.fixture
def url(own_url):
    """A PostgreSQL store on which the script ran, twice, as after an upgrade."""
    with closing(connect(own_url)) as store:
        for _ in range(2):
            with store.write() as connection:
                connection.execute(text(SCRIPT.read_text(encoding="utf-8").replace(":", "\\:")))
    return own_url


def acting_as(url, role):
    """The store as somebody sees it who has this role alone."""
    limited = make_url(url).update_query_dict({"options": f"-c role={role}"})
    return closing(open_store(limited.render_as_string(hide_password=False)))


def refused(store, statement):
    with pytest.raises(StoreError, match=r"permission denied|must be owner"), store.write() as one:
        one.exec_driver_sql(statement)


def test_the_role_of_a_sync_adds_and_derives_and_can_alter_nothing(url, shop):
    with acting_as(url, "evidence_app") as store:
        shop.write(store, shop.pull(1, reviews=[("r1", "APPROVED")]), gaps=[shop.gap()])
        shop.write(store, shop.pull(1, "other"), complete=True)
        rebuild.rebuild(store, shop.parse)
        assert audit(store).size == queries.size(store)
        for table in ENDURING:
            column = next(iter(table.columns)).name
            refused(store, f"DELETE FROM {table.name}")
            refused(store, f"UPDATE {table.name} SET {column} = {column}")
            refused(store, f"TRUNCATE {table.name}")
            refused(store, f"ALTER TABLE {table.name} DISABLE TRIGGER ALL")
            refused(store, f"DROP TABLE {table.name}")
        refused(store, "SET LOCAL session_replication_role = replica")
        refused(store, "CREATE TABLE mine (seq bigint)")
        with pytest.raises(StoreError, match="permission denied"):
            purge.purge(store, 0, {})
        assert audit(store).purged == 0


def test_the_role_of_a_purge_deletes_payloads_and_nothing_else(url, shop):
    with acting_as(url, "evidence_purge") as store:
        shop.write(store, shop.pull(1))
        purge.purge(store, 0, {"reason": "a name"})
        assert audit(store).purged == 1
        refused(store, "DELETE FROM entry")
        refused(store, "UPDATE payload SET salt = data")


def test_the_role_of_a_reader_reads_and_writes_nothing(url, shop):
    with acting_as(url, "evidence_read") as store:
        assert audit(store).size == 0
        with pytest.raises(StoreError, match="permission denied"):
            shop.write(store, shop.pull(1))


def everything_refused(url):
    """What the role of a sync cannot do, whatever a sync left behind."""
    with acting_as(url, "evidence_app") as store:
        for table in ENDURING:
            column = next(iter(table.columns)).name
            refused(store, f"DELETE FROM {table.name}")
            refused(store, f"UPDATE {table.name} SET {column} = {column}")
            refused(store, f"TRUNCATE {table.name}")
        refused(store, "DROP TABLE checkpoint CASCADE")
        refused(store, "DROP FUNCTION evidence_refuse() CASCADE")
        refused(
            store,
            "CREATE OR REPLACE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        )


@pytest.mark.long
@pytest.mark.usefixtures("brief_pdf")
def test_all_of_a_sync_an_export_and_a_check_works_under_the_role_of_a_sync(url, tmp_path):
    login = f"syncing_{uuid.uuid4().hex[:8]}"
    secret = secrets.token_hex(12)
    with closing(connect(url)) as store, store.write() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {login} LOGIN PASSWORD '{secret}'")
        connection.exec_driver_sql(f"GRANT evidence_app TO {login}")
    limited = make_url(url).set(username=login, password=secret)
    named = limited.render_as_string(hide_password=False)
    with shop(tmp_path / "live", FIRST + pull("gift"), store={"url": named}) as live:
        keys.init(live.keys, name="Example Shop")
        first = live.sync_at("2026-07-07T00:00:00Z")
        second = live.sync_at(live.simulation.history.ends_at)
        loaded = live.loaded(live.simulation.end())
        done = report(
            loaded,
            ReportRequest(start="2026-07-01", end="2026-09-30", destination=tmp_path / "packet"),
        )
        verdict = check_store(loaded, against=[tmp_path / "packet"])
        assert record_ledger(loaded, verdict) > done.ledger_size
    assert (first.complete, second.complete) == (True, True)
    assert verdict.problem == ""
    everything_refused(url)
    with closing(connect(url)) as store, store.write() as connection:
        connection.exec_driver_sql(f"DROP ROLE {login}")
