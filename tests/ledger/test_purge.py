"""A purge deletes what a capture held, keeps its hash, and says who did it, when and why."""

from __future__ import annotations

import io
import json
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, bump, pull, synced
from tampering import Keeper

from evidence.errors import ConfigError, StoreError
from evidence.model.pull_request import Review
from evidence.store import ledger, purge, queries, writer
from evidence.store.audit import audit
from evidence.store.session import open_store
from evidence.store.tables import DERIVED, entry_index

CANARY = "damson-orchard-canary"
STORY = FIRST + pull("gift").replace('by = "bert" }', f'by = "bert", body = "{CANARY}" }}')


# --- in the store, on both engines


def test_a_purge_takes_payload_salt_facts_and_digest_and_keeps_the_hash(store, shop):
    shop.write(store, shop.pull(1, "tea", reviews=[("r1", "APPROVED")]), shop.pull(2))
    before = queries.entry(store, 0)
    keeper = Keeper()
    kept = keeper.held(keeper.checkpoint(store))
    done = purge.purge(store, 0, {"actor": "mira", "reason": "a name", "observed_at": 9})
    after = queries.entry(store, 0)
    assert (after.payload, after.salt) == (None, b"")
    assert (after.leaf_hash, after.text) == (before.leaf_hash, before.text)
    body = queries.entry(store, done).envelope["body"]
    assert body == {"actor": "mira", "reason": "a name", "observed_at": 9, "entries": [0]}
    assert queries.load(store, Review) == []
    with store.read() as connection:
        digest = select(entry_index.c.digest).where(entry_index.c.seq == 0)
        assert connection.execute(digest).scalar() == ""
        assert [connection.execute(table.select()).all() for table in DERIVED] == [[]] * 4
    found = audit(store, held=[kept])
    assert (found.purged, found.payloads) == (1, 1)
    purge.reclaim(store)


def test_versions_of_the_same_object_are_named(store, shop):
    shop.write(store, shop.pull(1, "one"), shop.pull(2))
    shop.write(store, shop.pull(1, "two"))
    purge.purge(store, 0, {})
    assert purge.other_versions(store, 0) == (2,)


def test_what_cannot_be_purged_is_refused_and_nothing_changes(store, shop):
    shop.write(store, shop.pull(1))
    writer.append_entry(store, "policy", {}, b"text")
    purge.purge(store, 0, {})
    for seq, says in ((7, "no entry 7"), (-1, "no entry -1"), (1, "is a policy"), (0, "before")):
        with pytest.raises(ConfigError, match=says):
            purge.purge(store, seq, {})
    assert queries.size(store) == 3


def test_nobody_alters_a_payload_in_the_name_of_a_purge(store, shop):
    shop.write(store, shop.pull(1))
    with pytest.raises(StoreError, match="append-only"), store.write() as connection:
        connection.exec_driver_sql("UPDATE payload SET data = salt")


# --- the whole program


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A synced shop in whose ledger the canary stands."""
    return synced(tmp_path_factory.mktemp("shop"), STORY + bump("to-gift", "gift"))


@pytest.fixture
def evidence(evidence, live, monkeypatch):
    """Runs a command for the shop's user; its exit code and all that it said."""
    monkeypatch.setenv("EVIDENCE_HOME", str(live.home))
    monkeypatch.setenv("EVIDENCE_CONFIG", str(live.configuration))

    def run(*words):
        code, out, err = evidence(*words)
        return code, out + err

    return run


def holding(live) -> list[int]:
    """Entries whose payload holds the canary."""
    with closing(open_store(f"sqlite:///{live.home / 'evidence.sqlite3'}")) as store:
        every = queries.entries_in(store, range(queries.size(store)))
        return [each.seq for each in every if each.payload and CANARY.encode() in each.payload]


@pytest.mark.usefixtures("brief_pdf")
def test_after_a_purge_nothing_of_it_is_left_and_everything_else_works(evidence, live, tmp_path):
    with closing(open_store(f"sqlite:///{live.home / 'evidence.sqlite3'}")) as store:
        (tmp_path / "kept.note").write_text(ledger.latest_checkpoint(store)[1])
    seqs = holding(live)
    assert len(seqs) == 1
    reason = ("--reason", f"{CANARY[:6]} in a review", "--yes", "--quiet")
    code, said = evidence("purge", seqs[0], *reason)
    assert (code, "its hash stays" in said) == (0, True)
    assert holding(live) == []
    files = [path for path in live.home.iterdir() if path.name.startswith("evidence.sqlite3")]
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    assert evidence("verify", "--store", "--against", tmp_path / "kept.note")[0] == 0
    with closing(open_store(f"sqlite:///{live.home / 'evidence.sqlite3'}")) as store:
        (subject, *_) = [
            json.loads(each)["change"]["change_id"] for each in queries.change_bodies(store)
        ]
    assert evidence("trace", subject)[0] == 0
    code, said = evidence("db", "rebuild")
    assert (code, "outcomes that differ: none" in said) == (0, True)
    packet = tmp_path / "packet"
    period = ("--from", "2026-07-01", "--to", "2026-09-30")
    assert evidence("report", *period, "--output", packet)[0] == 0
    assert evidence("verify", packet, "--trust", live.trust)[0] == 0
    text = b"".join(path.read_bytes() for path in packet.rglob("*") if path.is_file())
    assert CANARY.encode() not in text


@pytest.mark.parametrize("words", [("1", "--reason", " ", "--yes"), ("1",)])
def test_a_purge_needs_a_reason(evidence, words):
    assert evidence("purge", *words)[0] == 2


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_without_a_yes_nothing_is_purged(evidence, live, monkeypatch, answer):
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    before = holding(live)
    code, _ = evidence("purge", "1", "--reason", "x")
    assert code == 130
    assert holding(live) == before
