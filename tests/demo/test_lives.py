"""What lives outside pull requests, and every kind of timeline item, as the servers tell it."""

from __future__ import annotations

import subprocess

import pytest
import requests

from evidence.errors import ConfigError

ISSUE = """query { repository(owner: "example-shop", name: "shop") { issue(number: 1) {
  title state stateReason closedAt labels(first: 5) { nodes { name } }
  assignees(first: 5) { nodes { login } }
  timelineItems(first: 20) { nodes { __typename
    ... on LabeledEvent { label { name } actor { login } } ... on UnlabeledEvent { label { name } }
    ... on AssignedEvent { assignee { ... on User { login } } }
    ... on ClosedEvent { stateReason } ... on RenamedTitleEvent { previousTitle currentTitle } } } } } }"""

LIFE = """
[[issue]]
key = "wish"
author = "carl"
title = "Wish"
labels = ["idea"]
at = "+0h"
events = [
  { do = "label", name = "approved", by = "dora" },
  { do = "assign", name = "ada", by = "dora" },
  { do = "edit", name = "Real wish" },
  { do = "close", name = "NOT_PLANNED" },
  { do = "reopen" },
  { do = "unlabel", name = "idea" },
  { do = "unassign", name = "ada" },
]
"""


def issue(ask, moment):
    return ask(moment, ISSUE)["data"]["repository"]["issue"]


def test_an_issue_is_told_as_it_stood(simulate, ask):
    simulation = simulate(LIFE)
    middle, late = (issue(ask, simulation.at(when)) for when in ("+4h30m", "+9h"))
    assert (middle["title"], middle["state"], middle["stateReason"]) == (
        "Real wish",
        "CLOSED",
        "NOT_PLANNED",
    )
    assert middle["closedAt"] == "2026-07-06T13:00:00Z"
    assert [one["name"] for one in middle["labels"]["nodes"]] == ["idea", "approved"]
    assert [one["login"] for one in middle["assignees"]["nodes"]] == ["ada"]
    assert (late["state"], late["stateReason"], late["closedAt"]) == ("OPEN", "REOPENED", None)
    assert [one["name"] for one in late["labels"]["nodes"]] == ["approved"]
    assert late["assignees"]["nodes"] == []


def test_the_timeline_of_an_issue_holds_every_act(simulate, ask):
    items = issue(ask, simulate(LIFE).end())["timelineItems"]["nodes"]
    assert items == [
        {"__typename": "LabeledEvent", "label": {"name": "idea"}, "actor": {"login": "carl"}},
        {"__typename": "LabeledEvent", "label": {"name": "approved"}, "actor": {"login": "dora"}},
        {"__typename": "AssignedEvent", "assignee": {"login": "ada"}},
        {"__typename": "RenamedTitleEvent", "previousTitle": "Wish", "currentTitle": "Real wish"},
        {"__typename": "ClosedEvent", "stateReason": "NOT_PLANNED"},
        {"__typename": "ReopenedEvent"},
        {"__typename": "UnlabeledEvent", "label": {"name": "idea"}},
        {"__typename": "UnassignedEvent"},
    ]


def test_a_deleted_issue_is_gone(simulate, ask):
    simulation = simulate('[[issue]]\nkey = "x"\nauthor = "ada"\nat = "+0h"\ndeleted_at = "+1d"')
    there, gone = (ask(simulation.at(when), ISSUE) for when in ("+1h", "+2d"))
    assert there["data"]["repository"]["issue"]["title"] == "x"
    assert gone["errors"][0]["type"] == "NOT_FOUND"


def test_an_unknown_act_on_an_issue_is_refused(simulate):
    with pytest.raises(ConfigError, match="`do` is one of label, unlabel"):
        simulate('[[issue]]\nkey = "x"\nauthor = "ada"\nevents = [{ do = "burn" }]')


def git(path, *arguments):
    done = subprocess.run(["git", "-C", str(path), *arguments], capture_output=True, check=True)
    return done.stdout.decode().strip()


TAGS = """
[[push]]
key = "one"
by = "ada"
at = "+1h"
files = { "a" = "1" }
[[push]]
key = "two"
by = "ada"
at = "+2h"
files = { "a" = "2" }
[[tag]]
name = "v1"
on = "one"
[[tag]]
name = "v1"
on = "two"
[[tag]]
name = "v2"
on = "two"
message = "second"
by = "ada"
"""


def test_a_tag_can_move_and_an_annotated_one_is_peeled(simulate):
    simulation = simulate(TAGS)
    one, two = (simulation.history.names[key][1] for key in ("one", "two"))
    path = simulation.at("+1h30m").git_paths["shop"]
    assert git(path, "rev-parse", "v1") == one
    simulation.at("+3h")
    assert git(path, "rev-parse", "v1") == two
    assert git(path, "cat-file", "-t", "v2") == "tag"
    assert git(path, "rev-parse", "v2^{commit}") == two


def test_tags_are_listed_with_their_targets(simulate, ask):
    simulation = simulate(TAGS)
    query = """{ repository(owner: "example-shop", name: "shop") {
      refs(refPrefix: "refs/tags/", first: 5) { nodes { name target { __typename
        ... on Tag { name target { oid } } ... on Commit { oid } } } } } }"""
    nodes = ask(simulation.end(), query)["data"]["repository"]["refs"]["nodes"]
    two = simulation.history.names["two"][1]
    assert nodes == [
        {"name": "v1", "target": {"__typename": "Commit", "oid": two}},
        {"name": "v2", "target": {"__typename": "Tag", "name": "v2", "target": {"oid": two}}},
    ]


def test_a_branch_can_be_rewritten_and_removed(simulate):
    simulation = simulate(
        """
        [[push]]
        key = "side"
        by = "ada"
        branch = "side"
        at = "+1h"
        files = { "a" = "1" }
        [[push]]
        key = "again"
        by = "ada"
        branch = "side"
        at = "+2h"
        force_to = "root"
        files = { "a" = "2" }
        [[push]]
        key = "gone"
        by = "ada"
        branch = "side"
        at = "+3h"
        remove = true
        """
    )
    path = simulation.at("+2h").git_paths["shop"]
    assert git(path, "rev-parse", "side^") == git(path, "rev-parse", "main")
    simulation.at("+3h")
    assert git(path, "branch", "--list", "side") == ""


TALK = """
[[issue]]
key = "wish"
author = "carl"
[[push]]
key = "other"
by = "ada"
branch = "next"
at = "+1h"
[[change]]
key = "x"
author = "ada"
steps = [
  { do = "push" },
  { do = "push", force = true, files = { "y" = "y" } },
  { do = "edit", title = "New title", base = "next" },
  { do = "label", name = "hot", by = "bert" },
  { do = "label", name = "hot", off = true },
  { do = "link", issue = "wish" },
  { do = "link", issue = "wish", off = true },
  { do = "request_review", of = "bert" },
  { do = "request_review", of = "bert", off = true },
  { do = "state", to = "draft" },
  { do = "state", to = "ready" },
  { do = "state", to = "close" },
  { do = "state", to = "reopen" },
  { do = "queue" },
  { do = "queue", off = true, reason = "changed my mind" },
  { do = "merge", by = "ada" },
  { do = "state", to = "delete_branch" },
]
"""

ITEMS = """{ repository(owner: "example-shop", name: "shop") { pullRequest(number: 2) { timelineItems(first: 50) { nodes {
  __typename
  ... on HeadRefForcePushedEvent { beforeCommit { oid } afterCommit { oid } }
  ... on BaseRefChangedEvent { previousRefName currentRefName }
  ... on RenamedTitleEvent { previousTitle currentTitle }
  ... on LabeledEvent { label { name } actor { login } }
  ... on UnlabeledEvent { label { name } actor { login } }
  ... on ConnectedEvent { subject { ... on Issue { number } } }
  ... on DisconnectedEvent { subject { ... on Issue { number } } }
  ... on ReviewRequestedEvent { requestedReviewer { ... on User { login } } }
  ... on RemovedFromMergeQueueEvent { reason beforeCommit { oid } enqueuer { login } }
  ... on MergedEvent { mergeRefName commit { oid } }
  ... on HeadRefDeletedEvent { headRefName } } } } } }"""


def test_every_kind_of_timeline_item_tells_its_detail(simulate, ask):
    simulation = simulate(TALK)
    pull = simulation.history.pulls["x"]
    nodes = ask(simulation.end(), ITEMS)["data"]["repository"]["pullRequest"]["timelineItems"][
        "nodes"
    ]
    heads = [sha for _, sha in pull.heads]
    queued = next(entry for _, entry in pull.queue if entry)
    assert nodes == [
        {"__typename": "PullRequestCommit"},
        {"__typename": "PullRequestCommit"},
        {
            "__typename": "HeadRefForcePushedEvent",
            "beforeCommit": {"oid": heads[1]},
            "afterCommit": {"oid": heads[2]},
        },
        {"__typename": "RenamedTitleEvent", "previousTitle": "X", "currentTitle": "New title"},
        {"__typename": "BaseRefChangedEvent", "previousRefName": "main", "currentRefName": "next"},
        {"__typename": "LabeledEvent", "label": {"name": "hot"}, "actor": {"login": "bert"}},
        {"__typename": "UnlabeledEvent", "label": {"name": "hot"}, "actor": {"login": "ada"}},
        {"__typename": "ConnectedEvent", "subject": {"number": 1}},
        {"__typename": "DisconnectedEvent", "subject": {"number": 1}},
        {"__typename": "ReviewRequestedEvent", "requestedReviewer": {"login": "bert"}},
        {"__typename": "ReviewRequestRemovedEvent"},
        {"__typename": "ConvertToDraftEvent"},
        {"__typename": "ReadyForReviewEvent"},
        {"__typename": "ClosedEvent"},
        {"__typename": "ReopenedEvent"},
        {"__typename": "AddedToMergeQueueEvent"},
        {
            "__typename": "RemovedFromMergeQueueEvent",
            "reason": "changed my mind",
            "beforeCommit": {"oid": queued.sha},
            "enqueuer": {"login": "ada"},
        },
        {"__typename": "MergedEvent", "mergeRefName": "next", "commit": {"oid": pull.merge.sha}},
        {"__typename": "ClosedEvent"},
        {"__typename": "HeadRefDeletedEvent", "headRefName": "x"},
    ]


def rest(moment, path, **query):
    return requests.get(
        moment.github_api_url + path,
        params=query,
        headers={"Authorization": f"token {moment.github_token}"},
        timeout=20,
    )


def test_the_rest_list_says_who_is_open_and_pages(simulate):
    moment = simulate().end()
    closed = rest(moment, "/repos/example-shop/shop/pulls", state="closed", per_page=2)
    second = rest(moment, "/repos/example-shop/shop/pulls", state="closed", per_page=2, page=2)
    assert [one["number"] for one in (*closed.json(), *second.json())] == [4, 3, 2]
    following = closed.links["next"]["url"]
    assert following.endswith("/repositories/5001/pulls?state=closed&per_page=2&page=2")
    assert second.links == {}
    assert rest(moment, "/repos/example-shop/shop/pulls").json() == []
    assert rest(moment, "/repos/example-shop/nothing/pulls").status_code == 404
    assert "merged_by" not in closed.json()[0]


def test_a_redirect_of_a_list_drops_its_query_in_a_careless_client(simulate):
    simulation = simulate(
        """
        [[repository]]
        key = "shop"
        files = { "a" = "b" }
        renames = { "+20d" = "example-shop/store" }
        [[change]]
        key = "x"
        author = "ada"
        steps = [{ do = "push" }, { do = "merge", by = "ada" }]
        """
    )
    moment = simulation.at("+21d")
    assert rest(moment, "/repos/example-shop/store/pulls", state="closed").json()[0]["number"] == 1
    assert rest(moment, "/repos/example-shop/shop/pulls", state="closed").json() == []


def test_one_pull_request_is_read_by_number(simulate):
    simulation = simulate()
    moment = simulation.end()
    body = rest(moment, "/repos/example-shop/shop/pulls/2").json()
    assert body["merge_commit_sha"] == simulation.history.pulls["gift"].merge.sha
    assert rest(moment, "/repos/example-shop/shop/pulls/99").status_code == 404
    assert rest(moment, "/rate_limit").json()["rate"]["limit"] == 5000
    assert rest(moment, "/meta").status_code == 200
    assert rest(moment, "/nowhere").status_code == 404
    assert rest(moment, "/repositories/99/pulls").status_code == 404


BACKWARDS = """query($before: String) { repository(owner: "example-shop", name: "shop") {
  pullRequests(last: 1, before: $before, orderBy: { field: CREATED_AT, direction: ASC }) {
    pageInfo { hasPreviousPage startCursor } nodes { number } } } }"""


def test_pages_can_be_read_backwards(simulate, ask):
    moment, seen, before = simulate().end(), [], None
    for _ in range(3):
        page = ask(moment, BACKWARDS, before=before)["data"]["repository"]["pullRequests"]
        seen += [one["number"] for one in page["nodes"]]
        before = page["pageInfo"]["startCursor"]
    assert (seen, page["pageInfo"]["hasPreviousPage"]) == ([4, 3, 2], False)


def test_a_branch_that_is_left_out_costs_nothing(simulate, ask):
    query = """query($with: Boolean!) { rateLimit { nodeCount }
      repository(owner: "example-shop", name: "shop") { pullRequests(first: 10) { nodes {
        labels(first: 10) @include(if: $with) { totalCount }
        reviews(first: 10) @skip(if: $with) { totalCount } ...More @include(if: $with) } } } }
      fragment More on PullRequest { comments(first: 5) { totalCount } }"""
    moment = simulate().end()
    counts = [
        ask(moment, query, **{"with": on})["data"]["rateLimit"]["nodeCount"] for on in (True, False)
    ]
    assert counts == [10 + 100 + 50, 10 + 100]


@pytest.mark.parametrize(
    ("query", "variables", "words"),
    [
        ("query a { viewer { id } } query b { viewer { id } }", {}, "operation name"),
        (
            'query($n: Int!) { repository(owner: "a", name: "b") { issue(number: $n) { id } } }',
            {},
            "to be provided",
        ),
    ],
)
def test_a_query_that_cannot_be_run_says_why(simulate, ask, query, variables, words):
    answer = ask(simulate().end(), query, **variables)
    assert words in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_body_that_is_no_query_is_refused(simulate):
    moment = simulate().end()
    headers = {"Authorization": f"bearer {moment.github_token}"}
    answer = requests.post(moment.github_graphql_url, data=b"not json", headers=headers, timeout=20)
    assert answer.status_code == 400
