"""`evidence verify --store`: the answer in sentences and JSON, and exit code 6 where it differs."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import delete, update

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from tampering import Keeper, envelopes, rebuild, tampering

import evidence as package
from evidence.store import ledger
from evidence.store.session import connect
from evidence.store.tables import entry, payload

ORIGIN = "evidence/orchard"
SCHEMA = Path(package.__file__).resolve().parent.parent / "docs/reference/schemas"


@pytest.fixture
def store(orchard):
    """The store of a user with keys, and a checkpoint in it."""
    held = orchard.held
    with closing(connect(orchard.url)) as opened:
        note = ledger.write_checkpoint(
            opened, held.signer.sign, ORIGIN, name=ORIGIN, public_key=held.public_key.raw
        )
        (orchard.folder / "kept.note").write_text(note)
        yield opened


VERIFY = ("verify", "--store", "--against", "kept.note", "--trust", "trust.txt")


def test_an_honest_store_says_what_was_shown_and_what_was_not(store, evidence):
    code, out, _ = evidence(*VERIFY)
    assert code == 0
    assert "all 22 entries, 17 payloads and 1 stored checkpoints were derived again" in out
    assert "extends the ledger of the checkpoint at size 21 that was kept outside" in out
    assert "Not part of this check" in out
    assert "Not shown" not in out


def test_without_a_checkpoint_from_outside_the_answer_says_what_is_missing(store, evidence):
    code, out, _ = evidence("verify", "--store")
    assert code == 0
    assert "Not shown: that it is the ledger of before" in out
    assert "Not checked: who signed" in out


def test_the_json_follows_its_schema_whatever_the_answer(store, evidence):
    schema = json.loads((SCHEMA / "verify-store.schema.json").read_text())
    code, out, _ = evidence(*VERIFY, "--format", "json")
    good = json.loads(out)
    with tampering(store) as connection:
        connection.execute(delete(entry).where(entry.c.seq == 7))
    bad_code, out, _ = evidence(*VERIFY, "--format", "json")
    bad = json.loads(out)
    for each in (good, bad):
        jsonschema.validate(each, schema)
    assert (code, good["status"], good["held"]) == (0, "verified", [21])
    assert (bad_code, bad["status"]) == (6, "rejected")
    assert "lacks entry 7" in bad["summary"]


def test_a_rebuilt_store_exits_with_6(store, evidence):
    with tampering(store) as connection:
        texts = [each.replace("mira", "none") for each in envelopes(connection)]
        rebuild(connection, texts)
    code, out, err = evidence(*VERIFY)
    assert code == 6
    assert "This ledger does not verify" in out
    assert "entries 0 to 20 is another" in err


def test_a_checkpoint_of_another_ledger_is_not_compared_with(store, evidence, monkeypatch):
    monkeypatch.setenv("EVIDENCE_ORGANISATION__NAME", "Vineyard")
    code, _, err = evidence("verify", "--store", "--against", "kept.note")
    assert code == 6
    assert "of the ledger 'evidence/orchard', this one is 'evidence/vineyard'" in err


def test_a_checkpoint_by_another_key_is_refused(store, evidence, tmp_path):
    (tmp_path / "kept.note").write_text(_foreign(store))
    code, _, err = evidence(*VERIFY)
    assert code == 6
    assert "No signature on this note is by a key that is trusted" in err


def _foreign(store):
    from evidence import notes

    return Keeper().sign(notes.note_text(ORIGIN, 21, ledger.root(store)))


@pytest.mark.parametrize("text", ["", "apples\n", "\u2014", "evidence/orchard\n3\nAAAA\n\n"])
def test_what_is_no_checkpoint_is_said_to_be_none(store, evidence, tmp_path, text):
    (tmp_path / "kept.note").write_text(text)
    code, _, err = evidence("verify", "--store", "--against", "kept.note")
    assert (code, "Traceback" in err) == (6, False)


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("verify", "--store", "packet"),
        ("verify", "packet", "--against", "kept.note"),
        ("verify", "--store", "--against", "missing.note"),
        ("verify", "--store", "--trust", "missing.txt"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(store, evidence, words):
    assert evidence(*words)[0] == 2


def test_bytes_that_are_no_text_are_an_integrity_error_not_a_traceback(store, evidence):
    with tampering(store) as connection:
        connection.execute(
            update(payload).where(payload.c.seq == 3).values(data=b"\x78\x9c\xff\xff")
        )
        connection.exec_driver_sql(
            "UPDATE entry SET envelope = CAST(x'ff00ff' AS TEXT) WHERE seq = 5"
        )
    code, _, err = evidence(*VERIFY)
    assert (code, "Traceback" in err) == (6, False)
