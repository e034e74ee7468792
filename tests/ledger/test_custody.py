"""Chain of custody: what was done with a capture, by whom and when, as entries of the ledger."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, pull, synced

import evidence as package
from evidence.actor import actor
from evidence.store import queries
from evidence.store.session import open_store

SCHEMA = Path(package.__file__).resolve().parent.parent / "docs/reference/schemas"
PERIOD = ("--from", "2026-07-01", "--to", "2026-09-30")


pytestmark = pytest.mark.usefixtures("brief_pdf")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop that was synced, before anything was packed."""
    return synced(tmp_path_factory.mktemp("shop"), FIRST + pull("gift"))


@pytest.fixture
def ready(shop, tmp_path, monkeypatch):
    """The shop's user, with a copy of its store."""
    import shutil

    shutil.copytree(shop.home, tmp_path / "data")
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("EVIDENCE_KEYS", str(shop.keys))
    monkeypatch.setenv("EVIDENCE_CONFIG", str(shop.configuration))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(ready):
    return closing(open_store(f"sqlite:///{ready / 'data' / 'evidence.sqlite3'}"))


def size(ready):
    with opened(ready) as store:
        return queries.size(store)


def handlings(evidence, seq):
    code, out, _ = evidence("custody", seq, "--format", "json")
    assert code == 0
    found = json.loads(out)
    jsonschema.validate(found, json.loads((SCHEMA / "custody.schema.json").read_text()))
    return found["handlings"]


def packed(folder):
    return min(int(path.stem) for path in (folder / "captures").glob("*.json"))


def test_each_handling_of_a_capture_is_an_entry_with_actor_and_time(ready, shop, evidence):
    assert evidence("report", *PERIOD, "--output", "packet")[0] == 0
    with opened(ready) as store:
        rows = queries.entries_in(store, range(queries.size(store)))
        captures = {row.seq for row in rows if row.envelope["type"] == "capture"}
    seq = min(captures & {int(path.stem) for path in (ready / "packet/captures").glob("*.json")})
    assert evidence("verify", "--store", "--trust", shop.trust, "--record")[0] == 0
    assert evidence("purge", seq, "--reason", "a name", "--yes")[0] == 0
    found = handlings(evidence, seq)
    assert [one["handling"] for one in found] == [
        "collected",
        "recorded",
        "sealed",
        "exported",
        "verified",
        "purged",
    ]
    assert [bool(one["actor"]) and bool(one["at"]) for one in found] == [True] * 6
    assert {one["actor"] for one in found[2:]} == {actor()}
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)
    told = evidence("custody", seq)[1]
    assert f"purged by {actor()} (entry {found[-1]['entry']})" in told


def test_a_capture_that_no_packet_holds_was_not_exported(ready, evidence):
    assert evidence("report", *PERIOD, "--output", "packet")[0] == 0
    held = {int(path.stem) for path in (ready / "packet/captures").glob("*.json")}
    with opened(ready) as store:
        rows = queries.entries_in(store, range(queries.size(store)))
        captures = {row.seq for row in rows if row.envelope["type"] == "capture"}
    left = min(captures - held, default=None)
    if left is None:
        pytest.skip("the packet holds every capture")
    assert "exported" not in [one["handling"] for one in handlings(evidence, left)]


def test_a_checked_packet_is_recorded_with_its_digest_and_the_answer(ready, shop, evidence):
    assert evidence("report", *PERIOD, "--output", "packet")[0] == 0
    before = size(ready)
    assert evidence("verify", "packet", "--trust", shop.trust)[0] == 0
    assert size(ready) == before
    code, _, said = evidence("verify", "packet", "--trust", shop.trust, "--record")
    assert (code, f"recorded as entry {before}" in said) == (0, True)
    (ready / "packet" / "results.json").write_text("{}")
    assert evidence("verify", "packet", "--trust", shop.trust, "--record")[0] == 6
    with opened(ready) as store:
        bodies = [row.envelope["body"] for row in queries.entries(store, "verify")]
        export = queries.entries(store, "export")[-1].envelope["body"]
    assert [one["status"] for one in bodies] == ["verified", "rejected"]
    assert bodies[0]["digest"] == export["digest"]
    assert [one["actor"] for one in bodies] == [actor()] * 2


def test_a_check_that_cannot_be_recorded_fails(ready, shop, evidence, monkeypatch):
    assert evidence("report", *PERIOD, "--output", "packet")[0] == 0
    monkeypatch.setenv("EVIDENCE_STORE__URL", f"sqlite:///{ready / 'none.sqlite3'}")
    code, _, said = evidence("verify", "packet", "--trust", shop.trust, "--record")
    assert (code, "recorded as entry" in said) == (1, False)


def test_nothing_is_appended_to_a_ledger_that_does_not_verify(ready, shop, evidence):
    before = size(ready)
    with opened(ready) as store, store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER entry_refuses_update")
        connection.exec_driver_sql("UPDATE entry SET envelope = '{}' WHERE seq = 3")
    code, _, said = evidence("verify", "--store", "--record")
    assert (code, "recorded" in said) == (6, False)
    assert size(ready) == before


@pytest.mark.parametrize(("seq", "code"), [("999999", 2), ("0", 2)])
def test_an_entry_that_is_no_capture_has_no_chain(ready, evidence, seq, code):
    assert evidence("custody", seq)[0] == code


def test_no_packet_is_handed_out_that_the_ledger_does_not_record(ready, evidence):
    with opened(ready) as store, store.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_exports BEFORE INSERT ON entry "
            """WHEN NEW.envelope LIKE '%"type":"export"%' """
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    code, _, said = evidence("report", *PERIOD, "--output", "out/packet", "--zip")
    assert (code, "the disk is full" in said) == (1, True)
    assert list((ready / "out").iterdir()) == []
