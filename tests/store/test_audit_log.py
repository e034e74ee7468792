"""What is stored of audit logs, and from when on newly read parts of them can tell more."""

from __future__ import annotations

from stored_facts import stored

from evidence.model.audit import AuditEvent
from evidence.model.settings import Observation, Subject
from evidence.store.audit_log import audit_events, audited_since

HOUR = 3_600_000_000


def looked(at, subject=Subject.BRANCH_PROTECTION, key="main", repository="shop", **window):
    return Observation(
        repository=repository, subject=subject, key=key, at=at * HOUR, outcome="read", **window
    )


def read(at, since, until, repository="shop"):
    window = {"since": since * HOUR, "until": until * HOUR}
    return looked(at, Subject.AUDIT_LOG, "acme", repository, **window)


def entry(at, repository="shop", organisation="acme"):
    return AuditEvent(
        source="forge:audit",
        organisation=organisation,
        event_id=f"{repository} {organisation} {at}",
        repository=repository,
        action="team.add_member",
        at=at * HOUR,
        actor=None,
    )


def test_a_window_reaches_back_to_the_reading_of_settings_before_it(store):
    stored(store, looked(10), looked(20), looked(30), read(30, 0, 29))
    begin = stored(store, read(40, 28, 39))
    assert audited_since(store, begin) == {"shop": 19 * HOUR}


def test_an_entry_that_is_told_late_reaches_back_to_the_look_before_it_happened(store):
    stored(store, looked(10), looked(20), looked(30), read(30, 0, 29))
    begin = stored(store, entry(15))
    assert audited_since(store, begin) == {"shop": 9 * HOUR}


def test_an_entry_of_no_repository_concerns_all_of_its_organisation(store):
    stored(store, looked(10), read(30, 0, 29), read(30, 0, 29, "till"))
    begin = stored(store, entry(15, repository=""), entry(15, repository="", organisation="other"))
    assert audited_since(store, begin) == {"shop": 9 * HOUR, "till": 0}


def test_a_log_that_was_not_shown_and_what_is_old_tell_nothing(store):
    stored(store, looked(10), read(30, 0, 29), entry(15))
    begin = stored(store, read(40, 0, 0))
    assert audited_since(store, begin) == {}


def test_entries_are_those_of_the_repository_and_of_its_organisation_by_time(store):
    stored(store, entry(3), entry(2, ""), entry(1, "till"), entry(4, "", "other"))
    found = audit_events(store, "shop", [read(30, 0, 29)], None)
    assert [one.at // HOUR for one in found] == [2, 3]


def test_without_a_look_at_a_log_there_is_none(store):
    stored(store, entry(3))
    assert audit_events(store, "shop", [looked(10)], None) == ()
