"""A decision that was cut: what it left behind is not known, and no digest goes missing."""

from __future__ import annotations

import json

import pytest

from evidence.model.change import Change, ChangeKind
from evidence.store import derived, ids, queries
from evidence.store.tables import entry
from evidence.store.writer import IndexRow

pytestmark = pytest.mark.long

DIRECT = Change(change_id="app:commit:ab12", kind=ChangeKind.DIRECT, repository="app")


def cut(store):
    """An edition that was written and never published, as a kill leaves it."""
    edition = derived.Edition(store, 1)
    edition.add(
        changes=[derived.change_row(DIRECT)],
        index=[
            IndexRow(term="SHOP-1", kind="ticket", repository="app", change_id=DIRECT.change_id)
        ],
    )
    return edition


def test_a_change_that_only_a_cut_decision_saw_is_not_known(store):
    cut(store)
    assert ids.change_ids(store) == {}
    assert ids.direct_change_ids(store) == []
    assert queries.find(store, "SHOP-1") == []


def test_once_published_it_is_known(store):
    assert cut(store).publish() == 1
    assert ids.change_ids(store) == {DIRECT.change_id: 0}
    assert ids.direct_change_ids(store) == [DIRECT.change_id]


def test_the_pointer_and_the_entry_about_it_stand_together(store):
    number = cut(store).publish(lambda in_force: {"generation": in_force})
    (said,) = queries.entries(store, derived.DECIDED)
    assert (number, said.envelope["body"]) == (1, {"generation": 1})


def test_where_the_entry_cannot_be_written_the_pointer_stays(store, monkeypatch):
    edition = cut(store)

    def refuse(*_):
        raise OSError("refused")

    monkeypatch.setattr(derived.ledger, "append", refuse)
    with pytest.raises(OSError, match="refused"):
        edition.publish(lambda in_force: {"generation": in_force})
    assert queries.generation(store) == 0
    with store.read() as connection:
        assert connection.execute(entry.select()).all() == []


def test_a_decision_that_changes_nothing_is_an_entry_all_the_same(store):
    cut(store).publish()
    again = derived.Edition(store, 1)
    again.add(changes=[derived.change_row(DIRECT)])
    assert not again.is_new
    assert again.publish(lambda in_force: {"generation": in_force}) == 1
    bodies = [json.dumps(one.envelope["body"]) for one in queries.entries(store, derived.DECIDED)]
    assert bodies == ['{"generation": 1}']
