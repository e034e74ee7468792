"""What was delivered is due until a sync that began later has read the source whole."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from evidence import status
from evidence.collecting import now
from evidence.hints import heed
from evidence.model.capture import Receipt
from evidence.model.codec import encode
from evidence.receiver.storing import Incoming, Storing
from evidence.store import writer
from evidence.store.deliveries import unread
from evidence.store.purge import purge


@pytest.fixture
def deliver(store):
    storing = Storing(store, ())

    def one(number, at, source="github", event="pull_request", action="opened"):
        body = b'{"pull_request": {"number": %d}, "repository": {"full_name": "a/b"}, ' % number
        body += b'"action": "%s"}' % action.encode()
        incoming = Incoming(
            source=source,
            delivery_id=f"delivery-{number}-{at}",
            body=body + b" " * (at % 1_000),
            path="/webhooks/github",
            context={"system": "github", "event": event, "secret": "1"},
            received_at=at,
        )
        return storing([incoming])

    return one


def receipt(store, source, started_at, *, complete=True, collector="github"):
    one = Receipt(
        run_id="r", source=source, collector=collector, collector_version="1",
        started_at=started_at, finished_at=started_at + 1, window_from=0, window_to=started_at,
        pages=1, calls=1, retries=0, objects_read=0, versions_new=0, objects_unchanged=0, gaps=0,
        totals=(), credential="c", policy_digest="p", complete=complete,
    )  # fmt: skip
    writer.append_entry(store, "receipt", encode(one))


def told(store):
    return status._deliveries(store, status._newest_complete(store))


def test_before_the_first_sync_all_that_was_delivered_is_due(store, deliver):
    deliver(1, 1_000_001)
    deliver(2, 1_000_002)
    deliver(1, 1_000_003)

    (one,) = told(store)

    assert (one.source, one.unread, one.due) == ("github", 3, ("a/b#1", "a/b#2"))


def test_a_sync_reads_what_came_before_it_began(store, deliver):
    deliver(1, 1_000_001)
    receipt(store, "github", 1_500_000)
    deliver(2, 2_000_002)

    (one,) = told(store)

    assert (one.unread, one.due) == (1, ("a/b#2",))


def test_an_incomplete_sync_leaves_it_due(store, deliver):
    deliver(1, 1_000_001)
    receipt(store, "github", 2_000_000, complete=False)

    assert told(store)[0].unread == 1


def test_that_the_receiver_was_up_is_no_sync(store, deliver):
    deliver(1, 1_000_001)
    receipt(store, "github:deliveries", now(), collector="receiver")

    assert told(store)[0].unread == 1
    assert status._newest_complete(store) == {}


def test_each_source_has_its_own_moment(store, deliver):
    deliver(1, 1_000_001)
    deliver(2, 1_000_002, source="other")

    found = unread(store, {"github": 2_000_000})

    assert (found["github"].deliveries, found["other"].deliveries) == (0, 1)


@dataclass
class Settings:
    """A stream of settings, as far as a hint concerns it."""

    source: str = "github:settings"
    every: int = 86_400


def test_a_delivery_about_protection_brings_the_reading_of_settings_forward(store, deliver):
    collector = Settings()
    receipt(store, "github:settings", 1_000_000)
    deliver(1, 2_000_001, event="branch_protection_rule", action="edited")

    heed(store, [collector])

    assert collector.every == 0


def test_other_deliveries_leave_the_settings_to_their_time(store, deliver):
    collector, other = Settings(), Settings(source="hub:settings")
    deliver(1, 1_000_001, event="repository_ruleset", action="edited")
    receipt(store, "github:settings", 2_000_000)
    deliver(2, 3_000_001)

    heed(store, [collector, other])

    assert (collector.every, other.every) == (86_400, 86_400)


def test_what_was_purged_is_not_stored_again_when_it_is_delivered_again(store, deliver):
    first = deliver(1, 1_000_001)[0]
    purge(store, first.entry, {"actor": "t", "reason": "a secret", "observed_at": 2_000_000})

    again = deliver(1, 1_000_001)[0]

    assert (again.entry, again.duplicate) == (first.entry, True)
