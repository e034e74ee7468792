"""The ledger: dense, append-only, provable, and audited from its payloads up."""

from __future__ import annotations

import json
import random
import zlib

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import merkle, notes
from evidence.canonical import sha256_hex
from evidence.errors import IntegrityError, MalformedError, StoreError
from evidence.store import audit, ledger, queries, writer
from evidence.store.envelope import seal_body

ORIGIN = "shop.test/ledger"


@pytest.fixture(scope="module")
def signer():
    private = Ed25519PrivateKey.generate()
    return {
        "sign": private.sign,
        "origin": ORIGIN,
        "name": "shop.test",
        "public_key": private.public_key().public_bytes_raw(),
    }


def fill(store, shop):
    for start in (0, 1, 4, 11):
        shop.write(store, *(shop.pull(start + i) for i in range(start * 2 + 1)))
    writer.append_entry(store, "receipt", {"run_id": "r1"})
    return store


@pytest.fixture
def filled(store, shop):
    return fill(store, shop)


def test_the_empty_ledger_has_the_empty_root(store):
    assert ledger.root(store) == merkle.EMPTY_ROOT
    assert audit.audit(store) == audit.AuditResult(
        size=0, root=merkle.EMPTY_ROOT, payloads=0, purged=0, checkpoints=0
    )


def test_every_entry_is_provably_in_every_ledger_that_holds_it(filled):
    size = queries.size(filled)
    leaves = [queries.entry(filled, seq).leaf_hash for seq in range(size)]
    for at in range(1, size + 1, 5):
        root = ledger.root(filled, at)
        for seq in range(0, at, 3):
            assert merkle.verify_inclusion(
                leaves[seq], seq, at, ledger.inclusion(filled, seq, at), root
            )


def test_many_proofs_at_once_are_the_proofs_one_by_one(filled):
    size = queries.size(filled)
    together = dict(ledger.inclusions(filled, [*range(size), 3]))
    assert together == {seq: ledger.inclusion(filled, seq) for seq in range(size)}
    assert dict(ledger.inclusions(filled, [2, 4], 5)) == {
        seq: ledger.inclusion(filled, seq, 5) for seq in (2, 4)
    }
    for beyond in ([size], [-1, 2]):
        with pytest.raises(StoreError, match="has no entry"):
            list(ledger.inclusions(filled, beyond))


def test_many_entries_at_once_are_the_entries_one_by_one(filled):
    size = queries.size(filled)
    wanted = [size - 1, 3, 0, 3, size + 5]
    assert list(queries.entries_in(filled, wanted)) == [
        queries.entry(filled, seq) for seq in (0, 3, size - 1)
    ]
    assert [seq for seq, _ in queries.captures(filled, wanted)] == [0, 3]


def test_a_grown_ledger_provably_extends_the_one_before(filled):
    size = queries.size(filled)
    new = ledger.root(filled)
    for old in range(1, size + 1):
        assert merkle.verify_consistency(
            old, size, ledger.root(filled, old), new, ledger.consistency(filled, old)
        )


def test_the_leaf_is_the_hash_of_the_envelope_and_the_envelope_commits_to_the_payload(filled, shop):
    entry = queries.entry(filled, 2)
    assert entry.leaf_hash == merkle.leaf_hash(entry.text.encode())
    promise = {"commitment": sha256_hex(entry.salt + entry.payload), "size": len(entry.payload)}
    assert entry.envelope["payload"] == promise
    assert len(entry.salt) == 32
    assert {
        "type",
        "source",
        "kind",
        "key",
        "series",
        "observed_at",
        "form",
        "collector",
        "version",
        "exchanges",
        "redactions",
        "context",
        "payload",
        "volatile",
    } == set(entry.envelope)


def test_equal_payloads_have_different_commitments(store, shop):
    one = writer.append_entry(store, "policy", {}, b"same")
    other = writer.append_entry(store, "policy", {}, b"same")
    assert queries.entry(store, one).envelope != queries.entry(store, other).envelope


def test_an_entry_keeps_its_body_and_payload(store):
    seq = writer.append_entry(
        store, "policy", {"text": "\ud800\x00", "source": 3, "list": [1, {"a": None}]}, b"toml"
    )
    entry = queries.entry(store, seq)
    assert entry.envelope["body"] == {"text": "\ud800\x00", "source": 3, "list": [1, {"a": None}]}
    assert entry.payload == b"toml"
    assert [each.seq for each in queries.policies(store)] == [seq]
    assert queries.policies(store, at=seq) == []


def test_a_body_without_a_canonical_form_is_refused(store):
    with pytest.raises(MalformedError):
        writer.append_entry(store, "policy", {"number": 2**60})
    assert queries.size(store) == 0


def test_there_is_no_entry_root_or_proof_beyond_the_ledger(filled):
    size = queries.size(filled)
    for call in (
        lambda: queries.entry(filled, size),
        lambda: ledger.root(filled, size + 1),
        lambda: ledger.inclusion(filled, size),
        lambda: ledger.inclusion(filled, 3, 2),
        lambda: ledger.consistency(filled, 0),
        lambda: ledger.consistency(filled, 4, 3),
    ):
        with pytest.raises(StoreError):
            call()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET envelope = '{}' WHERE seq = 1",
        "DELETE FROM entry WHERE seq = 1",
        "DELETE FROM node WHERE level = 1",
        "UPDATE node SET position = 99 WHERE level = 1",
        "UPDATE payload SET data = salt WHERE seq = 1",
        "DELETE FROM payload WHERE seq = 1",
        "DELETE FROM payload",
        "DELETE FROM checkpoint",
        "UPDATE checkpoint SET note = ''",
        "INSERT INTO entry (seq, leaf_hash, envelope) SELECT 99, leaf_hash, envelope FROM entry WHERE seq = 1",
        "INSERT INTO entry (seq, leaf_hash, envelope) SELECT 1, leaf_hash, envelope FROM entry WHERE seq = 2",
        "INSERT INTO node (level, position, hash) SELECT 1, 0, hash FROM node WHERE level = 1 AND position = 1",
    ],
)
def test_the_database_itself_refuses_to_alter_the_ledger(filled, signer, statement):
    ledger.write_checkpoint(filled, **signer)
    with (
        pytest.raises(StoreError, match=r"append-only|purge only|dense from 0|unique|UNIQUE"),
        filled.write() as connection,
    ):
        connection.exec_driver_sql(statement)
    assert audit.audit(filled).size == queries.size(filled)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("export", {"entries": [1]}),
        ("purge", {"entries": [11]}),
        ("purge", {"entries": [2], "reason": '"entries":[1]'}),
        ("export", {"entries": [1], "reason": '"type":"purge"}'}),
    ],
)
def test_a_payload_goes_only_after_an_entry_that_purges_it(filled, kind, body):
    writer.append_entry(filled, kind, body)
    with pytest.raises(StoreError, match="purge only"), filled.write() as connection:
        connection.exec_driver_sql("DELETE FROM payload WHERE seq = 1")
    writer.append_entry(filled, "purge", {"entries": [1], "reason": "a name"})
    with filled.write() as connection:
        connection.exec_driver_sql("DELETE FROM payload WHERE seq = 1")
    assert audit.audit(filled).purged == 1


def test_a_replace_does_not_get_round_the_guard(filled):
    if filled.dialect == "postgresql":
        statement = "TRUNCATE entry"
    else:
        statement = "INSERT OR REPLACE INTO node (level, position, hash) SELECT 1, 0, hash FROM node WHERE level = 1 AND position = 1"
    with pytest.raises(StoreError, match="append-only"), filled.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_checkpoint_is_a_signed_note_of_size_and_root(filled, signer):
    size, root = queries.size(filled), ledger.root(filled)
    note = ledger.write_checkpoint(filled, **signer, now=7)
    text = notes.open_note(note, {"shop.test": signer["public_key"]})
    assert notes.parse_checkpoint(text) == notes.Checkpoint(origin=ORIGIN, size=size, root=root)
    assert ledger.checkpoints(filled) == [(size, note, 7)]


def test_an_entry_after_a_checkpoint_names_it(filled, signer):
    size, root = queries.size(filled), ledger.root(filled)
    note = ledger.write_checkpoint(filled, **signer, actor="mira", now=7)
    assert queries.size(filled) == size + 1
    assert queries.entry(filled, size).envelope["body"] == {
        "actor": "mira",
        "size": size,
        "root": root.hex(),
        "note": sha256_hex(note.encode()),
        "observed_at": 7,
    }


def test_checkpoints_follow_the_ledger(store, shop, signer):
    assert ledger.latest_checkpoint(store) is None
    notes_made = []
    for number in range(3):
        shop.write(store, shop.pull(number))
        notes_made.append(ledger.write_checkpoint(store, **signer))
    assert ledger.latest_checkpoint(store) == (5, notes_made[2])
    assert ledger.latest_checkpoint(store, at=4) == (3, notes_made[1])
    assert audit.audit(store).checkpoints == 3


# Each takes the guards away first, as one who administers the database can.
TAMPERED = {
    "an envelope": (
        "UPDATE entry SET envelope = replace(envelope, 'pull', 'push') WHERE seq = 3",
        "envelope of entry 3",
    ),
    "a leaf hash": (
        "UPDATE entry SET leaf_hash = (SELECT leaf_hash FROM entry WHERE seq = 4) WHERE seq = 3",
        "entry 3",
    ),
    "a node": (
        "UPDATE node SET hash = (SELECT leaf_hash FROM entry WHERE seq = 0) WHERE level = 2 AND position = 1",
        r"Node 1 of level 2 \(entries 4 to 7\)",
    ),
    "a missing node": ("DELETE FROM node WHERE level = 2 AND position = 1", "Node 1 of level 2"),
    "an extra node": (
        "INSERT INTO node (level, position, hash) SELECT 9, 9, hash FROM node WHERE level = 1 AND position = 1",
        "inner nodes",
    ),
    "a payload": (
        "UPDATE payload SET data = (SELECT data FROM payload WHERE seq = 4) WHERE seq = 5",
        "payload of entry 5",
    ),
    "a salt": (
        "UPDATE payload SET salt = (SELECT salt FROM payload WHERE seq = 4) WHERE seq = 5",
        "payload of entry 5",
    ),
    "garbage for a payload": (
        "UPDATE payload SET data = salt WHERE seq = 5",
        "payload of entry 5 is damaged",
    ),
    "a missing payload": (
        "DELETE FROM payload WHERE seq = 5",
        "payload of entry 5 is missing without a purge",
    ),
    "a payload too many": (
        "INSERT INTO payload SELECT (SELECT max(seq) FROM entry), salt, data FROM payload WHERE seq = 5",
        "has a payload that it does not name",
    ),
    "an entry in the middle": ("DELETE FROM entry WHERE seq = 5", "lacks entry 5"),
    "the tail": ("DELETE FROM entry WHERE seq > 20", "Node|checkpoint|inner nodes"),
    "a checkpoint": ("UPDATE checkpoint SET size = 7", "checkpoint at size 7"),
    "an unreadable checkpoint": ("UPDATE checkpoint SET note = 'x'", "unreadable"),
    "an envelope that is none": (
        "UPDATE entry SET envelope = '[]', leaf_hash = {leaf} WHERE seq = 3",
        "Entry 3 is not an envelope",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_an_audit_names_the_first_thing_that_differs(filled, signer, what):
    ledger.write_checkpoint(filled, **signer)
    statement, named = TAMPERED[what]
    literal = ("x'{}'" if filled.dialect == "sqlite" else "'\\x{}'::bytea").format(
        merkle.leaf_hash(b"[]").hex()
    )
    _tamper(filled, statement.replace("{leaf}", literal))
    with pytest.raises(IntegrityError, match=named):
        audit.audit(filled)


def test_a_ledger_cut_back_to_before_a_checkpoint_gets_no_new_one(filled, shop, signer):
    ledger.write_checkpoint(filled, **signer)
    _tamper(filled, "DELETE FROM entry WHERE seq > 20")
    with pytest.raises(IntegrityError):
        ledger.write_checkpoint(filled, **signer)


def test_a_lost_node_is_named_where_it_is_needed(filled):
    _tamper(filled, "DELETE FROM node")
    with pytest.raises(IntegrityError, match="lacks the hash"):
        ledger.root(filled)


def test_a_purged_payload_is_accounted_for(filled):
    _tamper(filled, "DELETE FROM payload WHERE seq = 5")
    writer.append_entry(filled, "purge", {"entries": [5], "reason": "a secret"})
    assert audit.audit(filled).purged == 1
    assert queries.entry(filled, 5).payload is None
    assert queries.captures(filled, [5])[0][1].payload == b""


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["DELETE FROM entry WHERE seq BETWEEN 4 AND 12"], "has no entry 4 but goes on"),
        (
            [
                "DELETE FROM entry WHERE seq > 7",
                "DELETE FROM payload WHERE seq > 7",
                "DELETE FROM node WHERE (level, position) NOT IN ((1,0),(1,1),(1,2),(1,3),(2,0),(2,1),(3,0))",
            ],
            "covers 35 entries, the ledger has 8",
        ),
    ],
)
def test_an_audit_notices_a_long_hole_and_a_clean_cut(
    filled, signer, monkeypatch, statements, named
):
    ledger.write_checkpoint(filled, **signer)
    monkeypatch.setattr(audit, "_BATCH", 2)
    for statement in statements:
        _tamper(filled, statement)
    with pytest.raises(IntegrityError, match=named):
        audit.audit(filled)


def test_a_checkpoint_made_meanwhile_is_not_made_twice(store, shop, signer):
    shop.write(store, shop.pull(1))

    def sign(message):
        ledger.write_checkpoint(store, **signer)
        return signer["sign"](message)

    ledger.write_checkpoint(store, **{**signer, "sign": sign})
    assert len(ledger.checkpoints(store)) == 1


def test_an_audit_of_many_batches_is_the_audit_of_one(filled, signer, monkeypatch):
    ledger.write_checkpoint(filled, **signer)
    whole = audit.audit(filled)
    monkeypatch.setattr(audit, "_BATCH", 3)
    seen = []
    assert audit.audit(filled, lambda done, total: seen.append((done, total))) == whole
    assert seen[-1] == (whole.size, whole.size)


@settings(max_examples=12)
@given(steps=st.lists(st.integers(1, 9), max_size=6), data=st.binary(max_size=30))
def test_however_entries_arrive_the_audit_agrees(store, steps, data):
    for step in steps:
        with store.write() as connection:
            ledger.append(connection, [seal_body("export", {"n": i}, data) for i in range(step)])
    assert audit.audit(store).root == ledger.root(store)


def test_payloads_are_compressed(store, shop):
    shop.write(store, shop.pull(1, "tea " * 1000))
    with store.read() as connection:
        data = connection.exec_driver_sql("SELECT data FROM payload").scalar()
    assert len(data) < 400
    assert json.loads(zlib.decompress(data))["number"] == 1


def _tamper(store, statement):
    with store.write() as connection:
        if store.dialect == "sqlite":
            names = (
                connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                .scalars()
                .all()
            )
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_histories_of_thousands_are_those_of_an_independent_library(store, seed):
    draw = random.Random(seed)
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    size, sizes = draw.randint(1_000, 5_000), []
    while not sizes or sizes[-1] < size:
        count = min(draw.randint(1, 900), size - (sizes or [0])[-1])
        made = [seal_body("export", {"n": draw.random().hex()}) for _ in range(count)]
        with store.write() as connection:
            ledger.append(connection, made)
        for each in made:
            oracle.append_entry(each.envelope.encode())
        sizes.append(queries.size(store))
    for some in sizes:
        assert ledger.root(store, some) == oracle.get_root(some)
    assert audit.audit(store).root == oracle.get_root(size)
    for old in sizes:
        proof = ledger.consistency(store, old)
        assert merkle.verify_consistency(old, size, *map(oracle.get_root, (old, size)), proof)
    for seq in draw.sample(range(size), 30):
        path = oracle.prove_inclusion(seq + 1, size).serialize()["path"]
        assert [step.hex() for step in ledger.inclusion(store, seq)] == path[1:]
