"""Each way to falsify a ledger shows against a checkpoint that was kept outside of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

sys.path.insert(0, str(Path(__file__).parent))

from tampering import ORIGIN, Keeper, disarm, envelopes, fill, rebuild, tampering

from evidence import merkle, notes
from evidence.errors import IntegrityError
from evidence.store import ledger, queries
from evidence.store.audit import audit
from evidence.store.tables import checkpoint, entry, node, payload


@pytest.fixture
def keeper():
    return Keeper()


@pytest.fixture
def kept(own_store, keeper):
    """A ledger of 21 entries and the one that names their checkpoint, which another keeps too."""
    fill(own_store)
    return keeper.held(keeper.checkpoint(own_store))


def refused(store, keeper, kept, named):
    with pytest.raises(IntegrityError, match=named):
        audit(store, held=[kept], open_note=keeper.opened)


def forged(text):
    return text.replace('"by":"mira"', '"by":"nobody"')


def test_an_honest_ledger_that_grew_agrees_with_the_checkpoint_of_before(own_store, keeper, kept):
    fill(own_store, 9)
    keeper.checkpoint(own_store)
    assert audit(own_store, held=[kept], open_note=keeper.opened).size == 32


def test_an_edit_in_place_is_named(own_store, keeper, kept):
    with tampering(own_store) as connection:
        text = forged(envelopes(connection)[7])
        connection.execute(update(entry).where(entry.c.seq == 7).values(envelope=text))
    refused(own_store, keeper, kept, "envelope of entry 7 is not the one")


def test_a_deleted_entry_is_named(own_store, keeper, kept):
    with tampering(own_store) as connection:
        connection.execute(delete(entry).where(entry.c.seq == 7))
    refused(own_store, keeper, kept, "lacks entry 7")


def test_a_clean_cut_of_the_tail_is_named(own_store, keeper, kept):
    with tampering(own_store) as connection:
        rebuild(connection, envelopes(connection)[:16], keeper)
        connection.execute(delete(payload).where(payload.c.seq >= 16))
    assert audit(own_store, open_note=keeper.opened).size == 16
    refused(own_store, keeper, kept, "covers 21 entries, the ledger has 16: entries from 16 on")


def test_a_rebuild_of_all_hashes_agrees_with_itself_but_not_with_the_checkpoint(
    own_store, keeper, kept
):
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        rebuild(connection, [*texts[:7], forged(texts[7]), *texts[8:]])
    assert audit(own_store).size == 21
    refused(own_store, keeper, kept, "one of the entries 0 to 20 is another")


def test_a_back_dated_entry_shows(own_store, keeper, kept):
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        rebuild(connection, [*texts[:3], *texts[4:5], *texts[3:]], keeper)
        connection.execute(delete(payload))
    refused(own_store, keeper, kept, "kept outside")


def test_two_swapped_entries_show(own_store, keeper, kept):
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        texts[4], texts[9] = texts[9], texts[4]
        rebuild(connection, texts, keeper)
    assert audit(own_store, open_note=keeper.opened).size == 22
    refused(own_store, keeper, kept, "kept outside")


def test_a_fork_signed_again_with_the_real_key_fails_the_consistency_proof(own_store, keeper, kept):
    fill(own_store, 9)
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        rebuild(connection, [*texts[:2], forged(texts[2]), *texts[3:]], keeper)
    fork = keeper.held(keeper.checkpoint(own_store))
    audit(own_store, held=[fork], open_note=keeper.opened)  # the fork agrees with itself
    proof = ledger.consistency(own_store, kept.size, fork.size)
    assert not merkle.verify_consistency(kept.size, fork.size, kept.root, fork.root, proof)
    refused(own_store, keeper, kept, "entries 0 to 20 is another")


def test_several_checkpoints_narrow_down_what_was_altered(own_store, keeper, kept):
    fill(own_store, 9)
    later = keeper.held(keeper.checkpoint(own_store))
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        rebuild(connection, [*texts[:25], forged(texts[25]), *texts[26:]], keeper)
    with pytest.raises(IntegrityError, match="entries 21 to 30 is another"):
        audit(own_store, held=[kept, later])


def test_a_rolled_back_head_shows(own_store, keeper, kept):
    with tampering(own_store) as connection:
        rebuild(connection, envelopes(connection)[:8])
        connection.execute(delete(payload).where(payload.c.seq >= 8))
    assert ledger.latest_checkpoint(own_store) is None
    assert audit(own_store).size == 8
    refused(own_store, keeper, kept, "covers 21 entries, the ledger has 8")


def test_a_ledger_rebuilt_under_another_key_shows_by_its_checkpoints(own_store, keeper, kept):
    other = Keeper()
    with tampering(own_store) as connection:
        texts = envelopes(connection)
        rebuild(connection, [*texts[:7], forged(texts[7]), *texts[8:]], other)
    with pytest.raises(IntegrityError, match="not signed by a trusted key"):
        audit(own_store, open_note=keeper.opened)


def test_a_payload_that_no_entry_names_shows(own_store, keeper, kept):
    with tampering(own_store) as connection:
        row = connection.execute(select(payload).where(payload.c.seq == 5)).one()
        connection.execute(payload.insert(), [{**row._mapping, "seq": 99}])
    refused(own_store, keeper, kept, "has 18 payloads, its entries name 17")


@pytest.mark.parametrize("size", [-1, 99])
def test_a_checkpoint_of_a_size_that_no_ledger_has_shows(own_store, keeper, kept, size):
    with tampering(own_store) as connection:
        connection.execute(update(checkpoint).values(size=size))
    refused(own_store, keeper, kept, f"A checkpoint covers {size} entries, the ledger has 22")


def test_a_purge_does_not_excuse_a_payload_that_went_after_it(own_store, keeper, kept):
    from evidence.store import writer

    writer.append_entry(own_store, "purge", {"entries": [23], "reason": "in advance"})
    seq = writer.append_entry(own_store, "export", {}, b"apples")
    assert seq == 23
    with tampering(own_store) as connection:
        connection.execute(delete(payload).where(payload.c.seq == seq))
    refused(own_store, keeper, kept, "payload of entry 23 is missing without a purge")


def test_a_checkpoint_taken_away_is_named(own_store, keeper, kept):
    fill(own_store, 3)
    keeper.checkpoint(own_store)
    with tampering(own_store) as connection:
        connection.execute(delete(checkpoint).where(checkpoint.c.size == 21))
    with pytest.raises(IntegrityError, match="checkpoint at size 21 that entry 21 names was taken"):
        audit(own_store)


def test_another_note_of_the_same_size_in_a_checkpoints_place_is_named(own_store, keeper, kept):
    other = Keeper().sign(notes.note_text(ORIGIN, kept.size, kept.root))
    with tampering(own_store) as connection:
        connection.execute(update(checkpoint).values(note=other))
    with pytest.raises(IntegrityError, match="size 21 is not the one that entry 21 names"):
        audit(own_store)


def test_the_first_thing_that_differs_is_named_wherever_it_lies(own_store, keeper, kept):
    """A wrong checkpoint below, a wrong entry above: one batch holds both."""
    fill(own_store, 9)
    wrong = notes.Checkpoint(origin=ORIGIN, size=12, root=kept.root)
    with tampering(own_store) as connection:
        text = forged(envelopes(connection)[25])
        connection.execute(update(entry).where(entry.c.seq == 25).values(envelope=text))
    with pytest.raises(IntegrityError, match="entries 0 to 11 is another"):
        audit(own_store, held=[wrong])
    with pytest.raises(IntegrityError, match="envelope of entry 25 is not the one"):
        audit(own_store, held=[kept])


def test_an_administrator_needs_to_take_the_guards_away_first(own_store, keeper, kept):
    from evidence.errors import StoreError

    for table in (entry, node, checkpoint):
        with (
            pytest.raises(StoreError, match="append-only"),
            own_store.write() as connection,
        ):
            connection.execute(delete(table))
    with own_store.write() as connection:
        disarm(own_store, connection)
        connection.execute(delete(checkpoint))
    assert ledger.checkpoints(own_store) == []


def test_a_checkpoint_of_this_name_by_another_key_is_not_taken(keeper, own_store, kept):
    note = Keeper().sign(notes.note_text(ORIGIN, queries.size(own_store), kept.root))
    with pytest.raises(IntegrityError, match="No signature on this note is by a key"):
        keeper.held(note)
