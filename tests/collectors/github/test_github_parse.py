"""A capture of GitHub as facts: what each field means, and what is a gap."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from evidence.model.actor import ActorType
from evidence.model.capture import Capture, Form, GapReason
from evidence.model.texts import texts_digest

CONTEXT = {"repository": "shop", "host": "github.test", "database_id": "77", "branch": "main"}


def capture(payload, kind="github.pull_request", **fields):
    given = {
        "source": "forge",
        "kind": kind,
        "key": "77:1",
        "series": "s",
        "observed_at": 1,
        "form": Form.SLICE,
        "payload": payload if isinstance(payload, bytes) else json.dumps(payload).encode(),
        "collector": "github",
        "collector_version": "1",
        "context": CONTEXT,
    }
    return Capture(**{**given, **fields})


@pytest.fixture
def parse(make, build):
    """Parses one pull request built with the given fields, and returns facts by class name."""

    def parser(unread=(), tails=(), **fields):
        node = build.whole(build.pull(1, **fields))
        payload = {"node": node, "tails": list(tails), "unread": list(unread)}
        parsed = make().parse(capture(payload))
        found = {}
        for fact in parsed.facts:
            found.setdefault(type(fact).__name__, []).append(fact)
        return found, parsed.gaps

    return parser


def micros(moment):
    return int(moment.timestamp()) * 1_000_000


def test_a_pull_request_arrives_with_its_fields(parse, build):
    found, gaps = parse()
    record = found["PullRequest"][0]
    assert gaps == ()
    assert (record.repository, record.number, record.node_id) == ("shop", 1, "PR_1")
    assert (record.title, record.state, record.base_ref) == ("Change 1", "MERGED", "main")
    assert record.merged_at == micros(build.now - timedelta(days=20, minutes=1))
    assert record.head_sha == build.sha("head", 1)
    assert record.merge_sha == build.sha("merge", 1)
    assert record.author.key == "github.test:user:1"
    assert record.merged_by.key == "github.test:user:2"
    assert (record.labels, record.closing_issues) == (("feature",), ("acme/shop#1",))
    assert (record.commits_total, record.reviews_total, record.changed_files) == (1, 1, 1)
    assert (record.complete, record.missing) == (True, ())


def test_a_review_arrives_with_the_commit_it_was_given_for(parse, build):
    found, _gaps = parse(reviews=[build.review(7, "CHANGES_REQUESTED", by=9, on="f" * 40)])
    review = found["Review"][0]
    assert (review.review_id, review.state) == ("7", "CHANGES_REQUESTED")
    assert (review.author.key, review.commit_sha) == ("github.test:user:9", "f" * 40)
    assert (review.can_push, review.association) == (True, "MEMBER")


def test_a_review_without_its_commit_names_none(parse, build):
    found, _gaps = parse(reviews=[build.review(7)])
    assert [review.commit_sha for review in found["Review"]] == [""]


def test_deleted_accounts_are_ghosts(parse, build):
    found, _gaps = parse(author=None, mergedBy=None, reviews=[{**build.review(1), "author": None}])
    record = found["PullRequest"][0]
    types = [record.author.type, record.merged_by.type, found["Review"][0].author.type]
    assert types == [ActorType.GHOST] * 3


def test_an_account_hidden_by_an_error_is_unknown_and_no_ghost(parse):
    found, _gaps = parse(author=None, unread=["/author"])
    assert found["PullRequest"][0].author is None


def test_a_renamed_account_keeps_its_identity(parse, build):
    before, _gaps = parse(author=build.user(1, "old-name"))
    after, _gaps = parse(author=build.user(1, "new-name"))
    assert before["PullRequest"][0].author.key == after["PullRequest"][0].author.key


def test_a_bot_and_a_user_with_one_number_are_two_accounts(parse, build):
    bot = {**build.user(1), "__typename": "Bot"}
    found, _gaps = parse(author=bot)
    record = found["PullRequest"][0]
    assert record.author.key == "github.test:bot:1"
    assert record.author.key != "github.test:user:1"


def test_an_account_without_an_id_is_a_name_only(parse):
    found, _gaps = parse(author={"__typename": "User", "login": "someone"})
    assert found["PullRequest"][0].author.type is ActorType.NAME_ONLY


def test_a_commit_author_without_an_account_is_known_by_the_e_mail(parse, build):
    found, _gaps = parse(commits=[build.commit("a" * 40)])
    author = found["PullRequestCommit"][0].author
    assert (author.type, author.id) == (ActorType.NAME_ONLY, "robin@people.test")


def test_a_commit_that_names_nobody_has_no_author(parse, build):
    nameless = build.commit("a" * 40)
    nameless["commit"]["author"] = None
    nameless["commit"]["committer"] = {"name": "", "email": ""}
    row = parse(commits=[nameless])[0]["PullRequestCommit"][0]
    assert (row.author, row.committer) == (None, None)


def test_commits_keep_their_order(parse, build):
    found, _gaps = parse(commits=[build.commit(digit * 40) for digit in "cab"])
    rows = found["PullRequestCommit"]
    assert [(row.position, row.sha[0]) for row in rows] == [(0, "c"), (1, "a"), (2, "b")]


def test_a_signature_by_github_is_told(parse, build):
    signed = build.commit("a" * 40)
    signature = {"__typename": "GpgSignature", "isValid": True, "wasSignedByGitHub": True}
    signed["commit"]["signature"] = signature
    row = parse(commits=[signed])[0]["PullRequestCommit"][0]
    assert (row.signature_valid, row.signed_by_source) == (True, True)


EVENTS = [
    (
        "HeadRefForcePushedEvent",
        {"beforeCommit": {"oid": "a"}, "afterCommit": {"oid": "b"}},
        {"before_sha": "a", "after_sha": "b"},
    ),
    (
        "ReviewDismissedEvent",
        {
            "previousReviewState": "APPROVED",
            "dismissalMessage": "stale",
            "review": {"fullDatabaseId": "7"},
            "pullRequestCommit": {"commit": {"oid": "c"}},
        },
        {"previous": "APPROVED", "current": "stale", "subject": "7", "after_sha": "c"},
    ),
    (
        "BaseRefChangedEvent",
        {"previousRefName": "main", "currentRefName": "x"},
        {"previous": "main", "current": "x"},
    ),
    (
        "RenamedTitleEvent",
        {"previousTitle": "a", "currentTitle": "b"},
        {"previous": "a", "current": "b"},
    ),
    ("LabeledEvent", {"label": {"name": "emergency"}}, {"subject": "emergency"}),
    ("UnlabeledEvent", {"label": {"name": "emergency"}}, {"subject": "emergency"}),
    (
        "MergedEvent",
        {"mergeRefName": "main", "commit": {"oid": "m"}},
        {"subject": "main", "after_sha": "m"},
    ),
    (
        "ReviewRequestedEvent",
        {"requestedReviewer": {"__typename": "Team", "slug": "core"}},
        {"subject": "core"},
    ),
    (
        "ConnectedEvent",
        {"subject": {"number": 4, "repository": {"nameWithOwner": "acme/shop"}}},
        {"subject": "acme/shop#4"},
    ),
    ("AutoMergeDisabledEvent", {"reason": "push"}, {"current": "push"}),
    ("HeadRefDeletedEvent", {"headRefName": "topic"}, {"subject": "topic"}),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), EVENTS, ids=[each[0] for each in EVENTS])
def test_an_event_says_what_happened(parse, build, kind, fields, expected):
    found, _gaps = parse(timelineItems=[build.event(kind, 1, **fields)])
    event = found["PullRequestEvent"][0]
    texts = ("before_sha", "after_sha", "subject", "previous", "current")
    said = {name: getattr(event, name) for name in texts if getattr(event, name)}
    assert said == expected
    assert (event.kind, event.event_id) == (kind.removesuffix("Event"), "EV_1")
    assert event.actor.key == "github.test:user:1"


def test_the_merge_queue_acts_for_the_person_who_used_it(parse, build):
    queued = build.event("AddedToMergeQueueEvent", 1, enqueuer={**build.user(5)})
    found, _gaps = parse(timelineItems=[queued])
    assert found["PullRequestEvent"][0].actor.key == "github.test:user:5"
    assert found["PullRequest"][0].merge_queue is True


def test_auto_merge_is_by_who_enabled_it_last(parse, build):
    enabled = [build.event("AutoMergeEnabledEvent", n, enabler=build.user(n)) for n in (4, 5)]
    disabled = build.event("AutoMergeDisabledEvent", 9, reason="push")
    found, _gaps = parse(timelineItems=enabled)
    assert found["PullRequest"][0].auto_merge_by.key == "github.test:user:5"
    found, _gaps = parse(timelineItems=[*enabled, disabled])
    assert found["PullRequest"][0].auto_merge_by is None


def test_events_keep_the_order_of_the_source(parse, build):
    events = [build.event("ReopenedEvent", number) for number in (3, 1, 2)]
    found, _gaps = parse(timelineItems=events)
    rows = found["PullRequestEvent"]
    assert [(row.position, row.event_id) for row in rows] == [(0, "EV_3"), (1, "EV_1"), (2, "EV_2")]


def test_a_reading_leaves_a_mark_of_when_its_texts_were_edited(parse, build):
    edited = (build.now - timedelta(days=2)).isoformat()
    events = [build.event("ReopenedEvent", number) for number in (1, 2)]
    found, _gaps = parse(timelineItems=events, lastEditedAt=edited)
    record, mark = found["PullRequest"][0], found["PullRequestEvent"][-1]
    assert (mark.kind, mark.position, mark.current) == ("TextsRead", 2, "edited")
    assert mark.at == micros(build.now - timedelta(days=2))
    assert mark.subject == texts_digest(record.body, record.closing_issues)


def test_texts_that_nobody_edited_are_as_old_as_the_pull_request(parse, build):
    found, _gaps = parse(timelineItems=[], lastEditedAt=None)
    (mark,) = found["PullRequestEvent"]
    assert (mark.at, mark.current) == (found["PullRequest"][0].created_at, "")


@pytest.mark.parametrize("fields", [{"lastEditedAt": "soon"}, {"body": None}])
def test_a_reading_that_does_not_say_when_its_texts_were_edited_leaves_no_mark(parse, fields):
    found, _gaps = parse(**{"timelineItems": [], "lastEditedAt": None, **fields})
    assert "PullRequestEvent" not in found


@pytest.mark.parametrize("place", ["/lastEditedAt", "/body", "/timelineItems"])
def test_a_text_hidden_by_an_error_leaves_no_mark(parse, place):
    found, _gaps = parse(unread=[place], timelineItems=[], lastEditedAt=None)
    assert "PullRequestEvent" not in found


def test_a_filtered_timeline_is_whole_by_its_filtered_count(parse, build):
    timeline = {
        "filteredCount": 1,
        "totalCount": 40,
        "pageInfo": {"hasNextPage": False},
        "nodes": [build.event("MergedEvent", 1)],
    }
    found, gaps = parse(timelineItems=timeline)
    assert (found["PullRequest"][0].complete, gaps) == (True, ())


# --- checks -------------------------------------------------------------------------------


def test_checks_of_head_and_merge_commit_are_told_apart(parse, build):
    found, _gaps = parse()
    shas = [run.sha for run in found["CheckRun"]]
    assert shas == [build.sha("head", 1), build.sha("merge", 1)]
    run = found["CheckRun"][0]
    assert (run.kind, run.name, run.app, run.app_id) == (
        "check_run",
        "ci/test",
        "github-actions",
        "15368",
    )
    assert (run.status, run.conclusion, run.run_id, run.suite_id) == (
        "COMPLETED",
        "SUCCESS",
        "77",
        "5",
    )


def test_an_unfinished_check_has_no_conclusion(parse, build):
    found, _gaps = parse(head_contexts=[build.check(1, conclusion=None)])
    assert (found["CheckRun"][0].status, found["CheckRun"][0].conclusion) == ("IN_PROGRESS", "")


@pytest.mark.parametrize(
    ("state", "status", "conclusion"),
    [
        ("SUCCESS", "COMPLETED", "SUCCESS"),
        ("ERROR", "COMPLETED", "ERROR"),
        ("PENDING", "PENDING", ""),
    ],
)
def test_a_legacy_status_is_a_check_with_its_creator(parse, build, state, status, conclusion):
    context = {
        "__typename": "StatusContext",
        "id": "SC_1",
        "context": "scan/x",
        "contextState": state,
        "createdAt": build.iso(build.now),
        "creator": build.user(8),
    }
    found, _gaps = parse(head_contexts=[context])
    run = found["CheckRun"][0]
    assert (run.kind, run.name, run.status, run.conclusion) == (
        "status",
        "scan/x",
        status,
        conclusion,
    )
    assert (run.creator.key, run.started_at, run.completed_at) == (
        "github.test:user:8",
        micros(build.now),
        micros(build.now),
    )


def test_the_coverage_says_that_only_the_newest_attempts_were_read(parse):
    coverage = parse()[0]["CheckCoverage"][0]
    said = (coverage.complete, coverage.all_attempts, coverage.reported, coverage.read)
    assert said == (True, False, 1, 1)


def test_no_rollup_at_all_means_that_there_is_no_check(parse):
    coverage = parse(head_contexts=[])[0]["CheckCoverage"][0]
    assert (coverage.complete, coverage.reported, coverage.read) == (True, 0, 0)


def test_a_rollup_hidden_by_an_error_is_unknown_and_not_none(parse):
    found, gaps = parse(head_contexts=[], unread=["/headRollup"])
    assert found["CheckCoverage"][0].complete is False
    assert found["PullRequest"][0].missing == ("checks",)
    assert [gap.reason for gap in gaps] == [GapReason.FORBIDDEN]


def test_a_commit_that_is_head_and_merge_at_once_is_told_once(parse, build):
    oid = build.sha("head", 1)
    found, _gaps = parse(mergeCommit={"id": f"C_{oid}", "oid": oid})
    assert [each.sha for each in found["CheckCoverage"]] == [oid]


def test_a_merged_pull_request_without_its_merge_commit_is_not_whole(parse):
    found, gaps = parse(mergeCommit=None)
    assert found["PullRequest"][0].missing == ("merge_commit",)
    assert [gap.reason for gap in gaps] == [GapReason.TRUNCATED]


# --- completeness --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "name"),
    [
        ("reviews", "reviews"),
        ("commits", "commits"),
        ("timelineItems", "timeline"),
        ("closingIssuesReferences", "issues"),
        ("labels", "labels"),
    ],
)
def test_fewer_rows_than_reported_are_a_gap(parse, connection, name):
    short = {"totalCount": 3, "filteredCount": 3, "pageInfo": {}, "nodes": []}
    found, gaps = parse(**{connection: short})
    assert found["PullRequest"][0].missing == (name,)
    assert [(gap.reason, gap.repository) for gap in gaps] == [(GapReason.TRUNCATED, "shop")]


def test_a_row_told_twice_counts_once(parse, build):
    twice = {"totalCount": 2, "pageInfo": {}, "nodes": [build.review(1), build.review(1)]}
    found, _gaps = parse(reviews=twice)
    assert (len(found["Review"]), found["PullRequest"][0].missing) == (1, ("reviews",))


def test_a_list_that_is_missing_is_unknown_and_not_empty(parse):
    found, _gaps = parse(reviews=None, labels=7)
    assert found["PullRequest"][0].missing == ("reviews", "labels")


def test_tails_continue_the_lists(parse, build):
    first = {"totalCount": 2, "pageInfo": {"hasNextPage": True}, "nodes": [build.review(1)]}
    rest = {"totalCount": 2, "pageInfo": {}, "nodes": [build.review(2)]}
    found, gaps = parse(reviews=first, tails=[{"id": "PR_1", "reviews": rest}])
    assert [review.review_id for review in found["Review"]] == ["1", "2"]
    assert gaps == ()


# --- tickets -------------------------------------------------------------------------------


def test_a_closing_issue_is_a_ticket_with_its_history(parse, build):
    found, _gaps = parse(closingIssuesReferences=[build.issue(12)])
    ticket, event = found["Ticket"][0], found["TicketEvent"][0]
    assert (ticket.tracker, ticket.ticket_id, ticket.key) == ("forge", "9012", "acme/shop#12")
    assert (ticket.state, ticket.state_reason, ticket.labels) == (
        "CLOSED",
        "COMPLETED",
        ("approved",),
    )
    assert (event.ticket_id, event.kind, event.current) == ("9012", "labeled", "approved")


def test_a_ticket_with_a_truncated_history_leaves_the_pull_request_not_whole(parse, build):
    issue = build.issue(12)
    issue["timelineItems"]["filteredCount"] = 500
    found, _gaps = parse(closingIssuesReferences=[issue])
    assert found["PullRequest"][0].missing == ("issue_history",)


# --- odd payloads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"null", b'{"node":{}}', b'{"node":{"number":"1"}}', b"\xff"]
)
def test_what_is_no_pull_request_is_a_gap(make, payload):
    parsed = make().parse(capture(payload))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])


def test_a_capture_of_an_unknown_kind_is_a_gap(make):
    parsed = make().parse(capture({}, kind="github.unknown"))
    assert [gap.reason for gap in parsed.gaps] == [GapReason.MALFORMED]


def test_a_commit_whose_links_are_hidden_is_a_gap_and_no_fact(make):
    payload = {"oid": "a" * 40, "associatedPullRequests": None}
    parsed = make().parse(capture(payload, kind="github.branch_commit"))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.FORBIDDEN])


@pytest.mark.parametrize("payload", [b"{}", b'{"commit":7}', b'{"commit":{"oid":null}}'])
def test_checks_of_no_commit_are_a_gap(make, payload):
    parsed = make().parse(capture(payload, kind="github.commit_checks"))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])


@pytest.mark.parametrize("rollup", [{}, {"contexts": None}, 7])
def test_checks_that_the_answer_does_not_tell_are_unknown(make, rollup):
    payload = {"commit": {"oid": "a" * 40, "statusCheckRollup": rollup}}
    parsed = make().parse(capture(payload, kind="github.commit_checks"))
    assert [fact.complete for fact in parsed.facts] == [False]
    assert [gap.reason for gap in parsed.gaps] == [GapReason.TRUNCATED]


def test_numbers_and_times_beyond_reason_read_as_unknown(parse):
    found, _gaps = parse(changedFiles=10**30, mergedAt="yesterday", createdAt="9999-99-99T00:00Z")
    record = found["PullRequest"][0]
    assert (record.changed_files, record.merged_at, record.created_at) == (-1, 0, 0)
