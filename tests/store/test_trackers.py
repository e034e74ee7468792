"""How far trackers were read, from the receipts of their runs."""

from __future__ import annotations

from evidence.model.capture import Page, Receipt, Total
from evidence.model.codec import encode
from evidence.model.ticket import TrackerRead
from evidence.store import writer
from evidence.store.trackers import forge_reads, tracker_reads


def begun(store, source="jira", stream="jira"):
    """The source has a cursor."""
    page = Page(cursor="{}", complete=True)
    writer.write_page(store, source, stream, page, [], run_id="run")


def receipt(store, read_to, *, source="jira", complete=True, projects=(), started=0):
    numbers = dict.fromkeys(
        ("started_at", "finished_at", "window_from", "window_to", "pages", "calls", "retries"), 0
    )
    counts = dict.fromkeys(("objects_read", "versions_new", "objects_unchanged", "gaps"), 0)
    texts = dict.fromkeys(("run_id", "collector", "collector_version", "policy_digest"), "x")
    made = Receipt(
        source=source,
        credential="",
        totals=tuple(
            Total(kind="jira.project", scope=one, reported=1, stored=1) for one in projects
        ),
        complete=complete,
        read_to=read_to,
        **{**numbers, "started_at": started},
        **counts,
        **texts,
    )
    return writer.append_entry(store, "receipt", {**encode(made), "observed_at": 1})


def test_the_newest_complete_run_says_how_far(store):
    begun(store)
    receipt(store, 100, projects=("SHOP",))
    receipt(store, 200, projects=("SHOP", "OPS"))
    receipt(store, 0, complete=False)
    assert tracker_reads(store) == (
        TrackerRead(tracker="jira", read_to=200, projects=("SHOP", "OPS")),
    )


def test_at_an_earlier_size_of_the_ledger_it_is_the_run_of_then(store):
    begun(store)
    receipt(store, 100)
    size = receipt(store, 200)
    assert [one.read_to for one in tracker_reads(store, at=size)] == [100]


def test_a_source_that_does_not_list_what_changed_is_left_out(store):
    begun(store, "forge", "github")
    receipt(store, 100, source="forge")
    assert tracker_reads(store) == ()


def test_a_tracker_that_was_never_read_whole_is_left_out(store):
    begun(store)
    for _ in range(205):
        receipt(store, 0, complete=False)
    assert tracker_reads(store) == ()


def test_a_forge_was_read_whole_up_to_the_start_of_its_last_complete_run(store):
    receipt(store, 0, source="forge", started=100)
    size = receipt(store, 0, source="forge", started=200)
    receipt(store, 0, source="forge", started=300, complete=False)
    receipt(store, 0, source="other", started=400)

    assert forge_reads(store, {"forge", "never"}) == {"forge": 200}
    assert forge_reads(store, {"forge"}, at=size) == {"forge": 100}
