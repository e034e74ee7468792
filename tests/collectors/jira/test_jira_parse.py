"""What an issue and its changelog say."""

from __future__ import annotations

from evidence.collectors.jira.parse import parse
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import GapReason
from evidence.model.ticket import Ticket, TicketEvent

CREATED = "2026-07-06T17:00:00.000+0800"
BORN = 1_783_328_400_000_000
MINUTE = 60_000_000


def person(key):
    return {"accountId": f"acct-{key}", "accountType": "atlassian", "displayName": key.title()}


def history(number, minute, *items, by="dora", **fields):
    return {
        "id": str(number),
        "author": person(by),
        "created": f"2026-07-06T17:{minute:02}:00.000+0800",
        "items": list(items),
        **fields,
    }


def item(field, previous, current, **ids):
    return {
        "field": field,
        "fieldId": field,
        "fromString": previous,
        "toString": current,
        "from": ids.get("before"),
        "to": ids.get("after"),
    }


def body(*histories, **fields):
    return {
        "id": "10063",
        "key": "SHOP-12",
        "fields": {
            "summary": "Gift cards, please",
            "status": {"id": "3", "name": "Approved"},
            "issuetype": {"id": "1", "name": "Story"},
            "project": {"id": "9", "key": "SHOP"},
            "created": CREATED,
            "updated": CREATED,
            "creator": person("carl"),
            "reporter": person("carl"),
            "labels": [],
            **fields,
        },
        "histories": list(histories),
    }


def facts(captured, value, kind):
    return [fact for fact in parse(captured(value)).facts if isinstance(fact, kind)]


def told(captured, value, *kinds):
    """(kind, previous, current, actor, minutes after creation) of the events of these kinds."""
    return [
        (
            event.kind,
            event.previous,
            event.current,
            event.actor.id if event.actor else "",
            (event.at - BORN) // MINUTE,
        )
        for event in facts(captured, value, TicketEvent)
        if event.kind in kinds
    ]


def test_a_ticket_has_its_id_key_project_and_times(captured):
    (ticket,) = facts(captured, body(labels=["b", "a"]), Ticket)
    assert ticket == Ticket(
        tracker="jira",
        ticket_id="10063",
        key="SHOP-12",
        url="https://jira.test/browse/SHOP-12",
        title="Gift cards, please",
        type="Story",
        project="SHOP",
        state="Approved",
        state_reason="",
        author=Actor(system="jira.test", id="acct-carl", type=ActorType.USER, login="Carl"),
        created_at=BORN,
        updated_at=BORN,
        closed_at=0,
        labels=("a", "b"),
    )


def test_the_first_status_is_what_the_first_transition_left(captured):
    value = body(history(7, 5, item("status", "Open", "Approved", before="1", after="3")))
    assert told(captured, value, "transition", "status_id") == [
        ("transition", "", "Open", "acct-carl", 0),
        ("status_id", "", "1", "acct-carl", 0),
        ("transition", "Open", "Approved", "acct-dora", 5),
        ("status_id", "1", "3", "acct-dora", 5),
    ]


def test_an_issue_that_never_moved_was_created_in_its_status(captured):
    assert told(captured, body(), "transition") == [("transition", "", "Approved", "acct-carl", 0)]


def test_a_status_that_was_renamed_has_the_name_that_the_issue_shows(captured):
    value = body(history(7, 5, item("status", "Open", "Agreed", before="1", after="3")))
    assert told(captured, value, "transition")[-1] == (
        "transition",
        "Open",
        "Approved",
        "acct-dora",
        5,
    )


def test_labels_are_events_of_their_own_and_those_of_the_creation_are_the_creators(captured):
    changed = item("labels", "old kept", "kept new")
    value = body(history(7, 5, changed), labels=["kept", "new"])
    assert told(captured, value, "labeled", "unlabeled") == [
        ("labeled", "", "kept", "acct-carl", 0),
        ("labeled", "", "old", "acct-carl", 0),
        ("unlabeled", "", "old", "acct-dora", 5),
        ("labeled", "", "new", "acct-dora", 5),
    ]


def test_a_move_keeps_the_former_key(captured):
    moved = {"field": "Key", "fromString": "OLD-1", "toString": "SHOP-12"}
    assert told(captured, body(history(7, 5, moved)), "moved") == [
        ("moved", "OLD-1", "SHOP-12", "acct-dora", 5)
    ]


def test_an_assignee_is_named_by_id(captured):
    value = body(history(7, 5, item("assignee", None, "Ada", before=None, after="acct-ada")))
    assert told(captured, value, "assigned") == [("assigned", "", "acct-ada", "acct-dora", 5)]


def test_changes_of_one_moment_stay_in_the_order_of_their_ids(captured):
    first = history(99, 5, item("status", "Open", "Done", before="1", after="2"))
    second = history(100, 5, item("status", "Done", "Approved", before="2", after="3"))
    assert [row[2] for row in told(captured, body(second, first), "transition")] == [
        "Open",
        "Done",
        "Approved",
    ]


def test_an_account_of_a_server_goes_by_its_key_and_a_bare_name_by_its_name(captured):
    by_key = body(creator={"key": "JIRAUSER-1", "name": "carl"}, reporter=None)
    by_name = body(creator={"name": "carl"}, reporter=None)
    erased = body(creator={"accountId": "unknown"}, reporter=None)
    assert [
        (ticket.author.type, ticket.author.id)
        for value in (by_key, by_name, erased)
        for ticket in facts(captured, value, Ticket)
    ] == [
        (ActorType.USER, "JIRAUSER-1"),
        (ActorType.NAME_ONLY, "carl"),
        (ActorType.GHOST, "unknown"),
    ]


def test_a_change_without_a_time_is_a_gap(captured):
    value = body(history(7, 5, item("status", "Open", "Approved"), created="yesterday"))
    assert [gap.reason for gap in parse(captured(value)).gaps] == [GapReason.MALFORMED]


def test_an_issue_without_an_id_is_a_gap_and_no_fact(captured):
    found = parse(captured({"key": "SHOP-1"}))
    assert (found.facts, [gap.reason for gap in found.gaps]) == ((), [GapReason.MALFORMED])


def approved(*approvals):
    body = ISSUE_WITH_APPROVALS | {"approvals": list(approvals)}
    return facts_of(body)


ISSUE_WITH_APPROVALS = {
    "id": "10001",
    "key": "DESK-1",
    "fields": {"created": "2026-07-01T08:00:00.000+0000", "status": {"id": "1", "name": "Open"}},
    "histories": [],
}


def facts_of(body):
    import json

    from evidence.collectors.jira.parse import ISSUE, parse
    from evidence.model.capture import Capture, Form

    capture = Capture(
        source="jira",
        kind=ISSUE,
        key="10001",
        series="issue/1",
        observed_at=1,
        form=Form.SLICE,
        payload=json.dumps(body).encode(),
        collector="jira",
        collector_version="1",
        context={"system": "jira.test"},
    )
    return parse(capture)


def test_each_approver_of_an_ended_approval_is_told_with_its_time():
    parsed = approved(
        {
            "id": "7",
            "name": "Change manager",
            "finalDecision": "approved",
            "completedDate": {"epochMillis": 1_782_900_000_000},
            "approvers": [
                {"approver": {"accountId": "a-1"}, "approverDecision": "approved"},
                {"approver": {"accountId": "a-2"}, "approverDecision": "pending"},
            ],
        },
        {"id": "8", "name": "Second", "finalDecision": "pending", "approvers": []},
    )
    told = [one for one in parsed.facts if getattr(one, "kind", "").startswith("approval")]
    assert [(one.kind, one.previous, one.current, one.at) for one in told] == [
        ("approval", "Change manager", "approved", 1_782_900_000_000_000),
        ("approvals_read", "", "1", 1_782_892_800_000_000),
    ]
    assert parsed.gaps == ()


def test_approvals_that_may_not_be_read_are_a_gap_and_those_of_no_request_are_open():
    from evidence.model.capture import GapReason

    refused = facts_of(ISSUE_WITH_APPROVALS | {"approvals": "forbidden"})
    none = facts_of(ISSUE_WITH_APPROVALS | {"approvals": "not_found"})
    assert [gap.reason for gap in refused.gaps] == [GapReason.FORBIDDEN]
    assert none.gaps == ()
    for parsed in (refused, none):
        counts = [
            one.current for one in parsed.facts if getattr(one, "kind", "") == "approvals_read"
        ]
        assert counts == [""]
