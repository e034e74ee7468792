"""Schema, migrations and the rebuild of everything that is not enduring."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import create_engine, make_url

from evidence.errors import StoreError
from evidence.model.capture import GapReason, Receipt, Window
from evidence.store import queries, session, tables, upgrade, writer
from evidence.store.session import connect, open_store


def test_migrations_give_exactly_the_tables_of_the_program(empty_url):
    store = connect(empty_url)
    assert upgrade.current(store) == ""
    assert upgrade.upgrade(store) == tables.SCHEMA
    upgrade.check(store)
    assert upgrade.upgrade(store) == tables.SCHEMA
    store.close()


def test_an_upgrade_that_is_cut_leaves_the_database_as_it_was(empty_url):
    from alembic import command

    store = connect(empty_url)

    def cut():
        with upgrade._configured(store) as config:
            command.upgrade(config, "0002")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut()
    assert upgrade.current(store) == ""
    assert upgrade.upgrade(store) == tables.SCHEMA
    upgrade.check(store)
    store.close()


def test_a_store_that_lacks_a_column_is_told_apart(own_store):
    store = own_store
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE cursor RENAME COLUMN value TO worth")
    with pytest.raises(StoreError, match="not those of this program"):
        upgrade.check(store)


def test_the_rebuildable_half_can_be_migrated_down_and_up_again(empty_url):
    from alembic import command

    store = connect(empty_url)
    upgrade.upgrade(store)
    with upgrade._configured(store) as config:
        command.downgrade(config, "0001")
    assert upgrade.current(store) == "0001"
    assert upgrade.upgrade(store) == tables.SCHEMA
    upgrade.check(store)
    with pytest.raises(NotImplementedError), upgrade._configured(store) as config:
        command.downgrade(config, "base")
    assert upgrade.current(store) == tables.SCHEMA
    store.close()


def test_a_store_without_a_schema_is_not_opened(empty_url):
    with pytest.raises(StoreError, match="has schema none, this program needs") as raised:
        open_store(empty_url)
    assert "evidence sync" in raised.value.next_step
    assert "evidence db upgrade" in raised.value.next_step
    store = connect(empty_url)
    with pytest.raises(StoreError, match="has schema none"):
        upgrade.check(store)
    store.close()


def test_a_store_of_a_later_program_is_not_touched(own_url):
    store = connect(own_url)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="has schema 9999"):
        open_store(own_url)
    with pytest.raises(StoreError, match="cannot be brought to head") as raised:
        upgrade.upgrade(store)
    assert "newer version" in raised.value.next_step
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not one that SQLAlchemy reads"),
        ("mysql://a@b/c", "cannot be a mysql database"),
        ("sqlite:////no/such/folder/x.sqlite3", "refused"),
        ("postgresql://nobody@127.0.0.1:1/none", "refused"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_store_error(url, said):
    with pytest.raises(StoreError, match=said):
        open_store(url)


def test_a_password_is_not_in_what_a_store_prints_of_itself():
    assert "hidden" not in repr(connect("postgresql://mira:hidden@db.test/evidence"))


def test_text_sorts_by_byte_on_both_databases(store):
    names = ["a", "B", "\xe4", "Z", "\U0001f600", "\ufb33", "_"]
    for name in names:
        with store.write() as connection:
            connection.execute(
                tables.cursor.insert(),
                {"source": name, "stream": "", "value": "", "complete": True, "updated_at": 0},
            )
    assert [row.source for row in queries.cursors(store)] == sorted(
        names, key=lambda name: name.encode()
    )


def test_writers_wait_for_each_other_and_none_fails(store):
    failed = []

    def work(number):
        try:
            for step in range(5):
                writer.append_entry(store, "export", {"by": number, "step": step})
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, queries.size(store)) == ([], 30)


def test_a_reader_sees_one_snapshot(store):
    with store.read() as connection:
        count = "SELECT count(*) FROM entry"
        assert connection.exec_driver_sql(count).scalar() == 0
        writer.append_entry(store, "export", {})
        assert connection.exec_driver_sql(count).scalar() == 0
    assert queries.size(store) == 1


def test_a_transaction_that_fails_leaves_nothing(store):
    def fail():
        with store.write() as connection:
            connection.execute(tables.generation.insert(), {"number": 1, "ledger_size": 0})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert queries.generation(store) == 0


def test_an_error_of_sqlalchemy_itself_is_a_store_error(store):
    with pytest.raises(StoreError, match="refused"), store.read() as connection:
        connection.execute(tables.cursor.select()).one()


def test_a_database_driver_that_is_missing_is_a_store_error(monkeypatch):
    def fail(*_, **__):
        raise ImportError("no driver")

    monkeypatch.setattr(session, "create_engine", fail)
    with pytest.raises(StoreError, match="cannot be opened"):
        connect("sqlite://")


def test_receipts_come_back_in_order(store):
    from evidence.model import codec

    receipt = Receipt(
        run_id="r1",
        source="hub",
        collector="github",
        collector_version="1",
        started_at=1,
        finished_at=2,
        window_from=0,
        window_to=9,
        pages=1,
        calls=2,
        retries=0,
        objects_read=3,
        versions_new=3,
        objects_unchanged=0,
        gaps=0,
        totals=(),
        credential="app",
        policy_digest="d",
        complete=True,
    )
    seq = writer.append_entry(store, "receipt", codec.encode(receipt))
    assert queries.receipts(store) == [(seq, receipt)]


@pytest.fixture
def lived(store, shop):
    """A store with versions, series, odd texts and gaps of every life."""
    shop.write(
        store,
        shop.pull(1, reviews=[("r1", "APPROVED")], gaps=["truncated"]),
        shop.pull(2, "\ud800\x00"),
        gaps=[shop.gap(), shop.gap(key="1:9", reason=GapReason.SYNC_GAP)],
    )
    shop.write(
        store, shop.refs("refs/heads/a 1", "refs/heads/b 2"), source="git", stream="refs", run="r1"
    )
    writer.append_entry(store, "receipt", {"run_id": "r1", "source": "hub"})
    shop.write(
        store,
        shop.pull(1, reviews=[("r1", "DISMISSED")], gaps=["history_lost"], at=3),
        shop.pull(1, series="q2"),
        run="r2",
        gaps=[shop.gap()],
    )
    shop.write(
        store,
        shop.pull(2, "milk", gaps=["truncated"]),
        shop.pull(2, "tea", changed_files=10**30),
        run="r2",
        complete=True,
    )
    shop.write(store, shop.refs("refs/heads/b 3"), source="git", stream="refs", run="r3")
    shop.write(
        store,
        shop.pull(1, gaps=["history_lost"], at=9),
        run="r3",
        complete=True,
        window=Window(since=0, until=9),
    )
    return store


def test_everything_rebuildable_is_the_same_after_a_rebuild(lived, shop):
    before, open_before = upgrade.fingerprint(lived), queries.gaps(lived)
    assert upgrade.rebuild(lived, shop.parse) == queries.size(lived)
    assert upgrade.fingerprint(lived) == before
    assert queries.gaps(lived) == open_before
    assert shop.write(lived, shop.pull(1, gaps=["history_lost"], at=99), run="r4").new == 0


def test_a_rebuild_takes_altered_facts_back(lived, shop):
    before = upgrade.fingerprint(lived)
    with lived.write() as connection:
        connection.exec_driver_sql("UPDATE review SET state = 'APPROVED'")
        connection.exec_driver_sql("DELETE FROM gap")
    assert upgrade.fingerprint(lived) != before
    upgrade.rebuild(lived, shop.parse)
    assert upgrade.fingerprint(lived) == before


def test_a_rebuild_that_fails_changes_nothing(lived):
    before = upgrade.fingerprint(lived)

    def fail(_capture):
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError):
        upgrade.rebuild(lived, fail)
    assert upgrade.fingerprint(lived) == before


def test_a_purged_capture_has_no_facts_after_a_rebuild(store, shop):
    shop.write(store, shop.pull(1, reviews=[("r1", "APPROVED")]), shop.pull(2))
    writer.append_entry(store, "purge", {"entries": [0]})
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM payload WHERE seq = 0")
    upgrade.rebuild(store, shop.parse)
    from evidence.model.pull_request import PullRequest

    assert [pull.number for pull in queries.load(store, PullRequest)] == [2]
    assert shop.write(store, shop.pull(1)).new == 1


@pytest.mark.postgres
def test_both_databases_hold_the_same(
    sqlite_template, postgres_server, postgres_template, tmp_path, shop
):
    pytest.importorskip("psycopg")
    import shutil

    path = tmp_path / "one.sqlite3"
    shutil.copyfile(sqlite_template, path)
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE same TEMPLATE {postgres_template}")
    urls = [
        f"sqlite:///{path}",
        make_url(postgres_server).set(database="same").render_as_string(hide_password=False),
    ]
    prints = []
    for url in urls:
        opened = open_store(url)
        for step in range(3):
            shop.write(opened, shop.pull(1, f"\xe4{step}\x00"), shop.pull(2), gaps=[shop.gap()])
        prints.append(upgrade.fingerprint(opened))
        opened.close()
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE same WITH (FORCE)")
    admin.dispose()
    assert prints[0] == prints[1]
