"""Which stored changes new entries touch."""

from __future__ import annotations

from evidence.model.ticket import Ticket, TicketEvent
from evidence.store import facts, ids, rows, writer
from evidence.store.writer import IndexRow


def stored(store, seq, *found):
    """Facts of one entry."""
    placed = {type(fact): [] for fact in found}
    for fact in found:
        some = placed[type(fact)]
        some.append((len(some), *facts.row_of(fact)))
    with store.write() as connection:
        rows.insert(connection, [(seq, 1, placed)])


def ticket(key):
    texts = dict.fromkeys(("url", "title", "type", "project", "state", "state_reason"), "")
    times = dict.fromkeys(("created_at", "updated_at", "closed_at"), 0)
    return Ticket(tracker="jira", ticket_id="7", key=key, author=None, **texts, **times)


def named(store, key, change_id):
    row = IndexRow(term=key, kind="ticket", repository="app", change_id=change_id)
    writer.write_derived(store, index=[row], ledger_size=1)


def test_a_ticket_that_arrives_late_touches_the_change_that_names_it_and_no_other(store):
    named(store, "SHOP-1", "app:pr:1")
    named(store, "SHOP-2", "app:pr:2")
    stored(store, 5, ticket("SHOP-1"))
    assert ids.touched(store, 5).linked == {"app:pr:1"}


def test_an_event_of_a_ticket_touches_the_changes_that_name_it(store):
    named(store, "SHOP-1", "app:pr:1")
    stored(store, 4, ticket("SHOP-1"))
    event = TicketEvent(
        tracker="jira", ticket_id="7", event_id="e", kind="closed", actor=None, at=1
    )
    stored(store, 5, event)
    assert ids.touched(store, 5).linked == {"app:pr:1"}


def test_a_ticket_that_was_renamed_touches_the_changes_of_its_former_key(store):
    named(store, "OLD-1", "app:pr:1")
    stored(store, 4, ticket("OLD-1"))
    stored(store, 5, ticket("NEW-1"))
    touched = ids.touched(store, 5)
    assert (touched.tickets, touched.linked) == ({"OLD-1", "NEW-1"}, {"app:pr:1"})


def test_what_was_there_before_touches_nothing(store):
    named(store, "SHOP-1", "app:pr:1")
    stored(store, 4, ticket("SHOP-1"))
    assert ids.touched(store, 5).linked == set()


def test_a_moved_ticket_touches_the_change_that_names_its_former_key(store):
    named(store, "OLD-1", "app:pr:1")
    stored(store, 4, ticket("SHOP-1"))
    moved = TicketEvent(
        tracker="jira",
        ticket_id="7",
        event_id="1",
        kind="moved",
        actor=None,
        at=1,
        previous="OLD-1",
        current="SHOP-1",
    )
    stored(store, 5, moved)
    assert ids.touched(store, 5).linked == {"app:pr:1"}
