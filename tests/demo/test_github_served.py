"""The simulated GitHub: what it tells at a moment, and every limit that it refuses to cross."""

from __future__ import annotations

import pytest
import requests

from evidence.demo.github_price import Price
from evidence.demo.github_query import schema

PULLS = """
query($owner: String!, $name: String!, $size: Int, $after: String, $direction: OrderDirection = DESC) {
  rateLimit { cost nodeCount remaining }
  repository(owner: $owner, name: $name) {
    nameWithOwner
    pullRequests(first: $size, after: $after, orderBy: { field: UPDATED_AT, direction: $direction }) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        number state mergedAt headRefOid baseRefOid updatedAt
        author { login }
        mergeCommit { oid }
        reviews(first: 10) { nodes { state commit { oid } author { login } } }
        commits(first: 100) { totalCount pageInfo { hasNextPage } nodes { commit { oid } } }
        headRollup: statusCheckRollup {
          state
          contexts(first: 10) { nodes { ... on CheckRun { name status conclusion } } }
        }
        closingIssuesReferences(first: 5) { nodes { number state title } }
        timelineItems(first: 50, itemTypes: [MERGED_EVENT, REVIEW_DISMISSED_EVENT, LABELED_EVENT]) {
          totalCount filteredCount
          nodes { __typename ... on ReviewDismissedEvent { previousReviewState actor { login } } }
        }
      }
    }
  }
}
"""


def sweep(ask, moment, size=25, name="shop", **more):
    return ask(moment, PULLS, owner="example-shop", name=name, size=size, **more)


def pulls(answer):
    assert "errors" not in answer
    return answer["data"]["repository"]["pullRequests"]["nodes"]


def kinds(answer):
    return [error.get("type") for error in answer["errors"]]


def test_a_pull_request_is_told_as_it_stood_at_the_moment(simulate, ask):
    simulation = simulate()
    gift = simulation.history.pulls["gift"]
    before = pulls(sweep(ask, simulation.at(gift.merge.at - 1)))
    after = pulls(sweep(ask, simulation.at(gift.merge.at)))
    assert [one["state"] for one in before] == ["OPEN"]
    assert before[0]["mergeCommit"] is None
    assert after[0]["state"] == "MERGED"
    assert after[0]["mergeCommit"]["oid"] == gift.merge.sha
    assert after[0]["closingIssuesReferences"]["nodes"] == [
        {"number": 1, "state": "CLOSED", "title": "Wanted: Add gift cards"}
    ]


def test_a_check_runs_before_it_concludes(simulate, ask):
    simulation = simulate()
    check = next(iter(simulation.history.repositories["shop"].checks.values()))[0]
    running = pulls(sweep(ask, simulation.at(check.started_at)))[0]["headRollup"]
    done = pulls(sweep(ask, simulation.at(check.completed_at)))[0]["headRollup"]
    assert running["state"] == "PENDING"
    assert running["contexts"]["nodes"][0] == {
        "name": "ci/test",
        "status": "IN_PROGRESS",
        "conclusion": None,
    }
    assert done["state"] == "SUCCESS"


def test_the_rollup_shows_only_the_newest_attempt(simulate, ask):
    simulation = simulate(
        """
        [[change]]
        key = "x"
        author = "ada"
        steps = [
          { do = "push" },
          { do = "checks", names = ["ci/test"], conclusion = "FAILURE" },
          { do = "checks", names = ["ci/test"] },
        ]
        """
    )
    rollup = pulls(sweep(ask, simulation.end()))[0]["headRollup"]
    assert [one["conclusion"] for one in rollup["contexts"]["nodes"]] == ["SUCCESS"]


def test_a_dismissed_review_hides_its_old_state_and_the_event_keeps_it(simulate, ask):
    simulation = simulate(
        """
        [[change]]
        key = "x"
        author = "ada"
        steps = [
          { do = "push" },
          { do = "review", by = "bert", state = "CHANGES_REQUESTED" },
          { do = "dismiss", review = "bert", by = "ada" },
        ]
        """
    )
    pull = pulls(sweep(ask, simulation.end()))[0]
    assert [one["state"] for one in pull["reviews"]["nodes"]] == ["DISMISSED"]
    assert pull["timelineItems"]["nodes"] == [
        {
            "__typename": "ReviewDismissedEvent",
            "previousReviewState": "CHANGES_REQUESTED",
            "actor": {"login": "ada"},
        }
    ]
    assert pull["timelineItems"]["filteredCount"] < pull["timelineItems"]["totalCount"]


def test_a_deleted_account_is_null_and_a_renamed_one_has_its_new_login(simulate, ask):
    simulation = simulate(
        """
        [[person]]
        key = "ada"
        deleted_at = "+9d"
        [[person]]
        key = "bert"
        renames = { "+9d" = "bert-two" }
        [[change]]
        key = "x"
        author = "ada"
        steps = [{ do = "push" }, { do = "review", by = "bert" }]
        """
    )
    early = pulls(sweep(ask, simulation.at("+5d")))[0]
    late = pulls(sweep(ask, simulation.at("+9d")))[0]
    assert early["author"] == {"login": "ada"}
    assert early["reviews"]["nodes"][0]["author"] == {"login": "bert"}
    assert late["author"] is None
    assert late["reviews"]["nodes"][0]["author"] == {"login": "bert-two"}


def test_a_page_names_where_the_next_one_begins(simulate, ask):
    moment = simulate().end()
    seen, after = [], None
    while True:
        answer = sweep(ask, moment, size=1, after=after)
        seen += [one["number"] for one in pulls(answer)]
        page = answer["data"]["repository"]["pullRequests"]["pageInfo"]
        if not page["hasNextPage"]:
            break
        after = page["endCursor"]
    assert seen == [4, 3, 2]


def test_a_cursor_keeps_its_place_when_another_pull_request_moves_to_the_top(simulate, ask):
    simulation = simulate(
        """
        [[change]]
        key = "one"
        author = "ada"
        steps = [{ do = "push" }, { do = "comment", by = "bert", body = "late", at = "+20d" }]
        [[change]]
        key = "two"
        author = "ada"
        steps = [{ do = "push" }]
        [[change]]
        key = "three"
        author = "ada"
        steps = [{ do = "push" }]
        """
    )
    first = sweep(ask, simulation.at("+10d"), size=1)
    after = first["data"]["repository"]["pullRequests"]["pageInfo"]["endCursor"]
    rest = sweep(ask, simulation.at("+30d"), size=10, after=after)
    assert [one["number"] for one in pulls(first)] == [3]
    assert [one["number"] for one in pulls(rest)] == [2]


@pytest.mark.parametrize("size", [101, 1000])
def test_a_page_above_a_hundred_is_refused(simulate, ask, size):
    assert kinds(sweep(ask, simulate().end(), size=size)) == ["EXCESSIVE_PAGINATION"]


def test_a_page_without_size_is_refused(simulate, ask):
    assert kinds(sweep(ask, simulate().end(), size=None)) == ["MISSING_PAGINATION_BOUNDARIES"]


def test_a_broken_cursor_is_refused(simulate, ask):
    answer = sweep(ask, simulate().end(), after="bm90IGEgY3Vyc29y")
    assert kinds(answer) == ["INVALID_CURSOR_ARGUMENTS"]


def test_a_field_that_github_lacks_is_refused(simulate, ask):
    answer = ask(simulate().end(), "{ viewer { login favouriteColour } }")
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"


def test_text_that_is_no_query_is_refused(simulate, ask):
    assert "Syntax Error" in ask(simulate().end(), "{ viewer {")["errors"][0]["message"]


def test_a_query_for_too_many_nodes_is_refused_before_it_runs(simulate, ask):
    simulation = simulate()
    query = """{ repository(owner: "example-shop", name: "shop") {
      pullRequests(first: 100) { nodes { commits(first: 100) { nodes { commit {
        checkSuites(first: 100) { nodes { id } } } } } } } } }"""
    assert kinds(ask(simulation.end(), query)) == ["MAX_NODE_LIMIT_EXCEEDED"]
    assert simulation.points == 0


def test_an_unknown_repository_is_null_and_not_found(simulate, ask):
    answer = sweep(ask, simulate().end(), name="nothing")
    assert answer["data"]["repository"] is None
    assert kinds(answer) == ["NOT_FOUND"]


def test_a_hidden_repository_answers_like_an_unknown_one(simulate, ask):
    moment = simulate('access = { hidden = ["shop"] }').end()
    assert kinds(sweep(ask, moment)) == ["NOT_FOUND"]
    assert rest(moment, "/repos/example-shop/shop").status_code == 404


def test_a_forbidden_field_is_null_with_an_error_at_its_path(simulate, ask):
    moment = simulate(
        """
        access = { forbidden = ["PullRequest.statusCheckRollup"] }
        [[change]]
        key = "x"
        author = "ada"
        steps = [{ do = "push" }, { do = "checks" }]
        """
    ).end()
    answer = sweep(ask, moment)
    assert answer["data"]["repository"]["pullRequests"]["nodes"][0]["headRollup"] is None
    assert answer["errors"][0]["type"] == "FORBIDDEN"
    assert answer["errors"][0]["path"][-2:] == [0, "headRollup"]


def test_a_wrong_token_is_refused(simulate):
    moment = simulate().end()
    answer = requests.post(
        moment.github_graphql_url,
        json={"query": "{ viewer { login } }"},
        headers={"Authorization": "bearer wrong"},
        timeout=20,
    )
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_the_hourly_budget_ends_with_rate_limited_and_begins_anew(simulate, ask):
    simulation = simulate("access = { points = 2 }")
    moment = simulation.at("+1d")
    query = "{ viewer { login } rateLimit { remaining } }"
    left = [ask(moment, query)["data"]["rateLimit"]["remaining"] for _ in range(2)]
    limited = ask(moment, query)
    assert left == [1, 0]
    assert kinds(limited) == ["RATE_LIMITED"]
    assert "data" not in limited
    assert "data" in ask(simulation.at("+1d1h"), query)


def test_at_most_250_commits_of_a_pull_request_are_listed(simulate, ask):
    commits = ", ".join(f'{{ files = {{ "x" = "{number}" }} }}' for number in range(260))
    moment = simulate(
        f"""
        [[change]]
        key = "long"
        author = "ada"
        steps = [{{ do = "push", commits = [ {commits} ] }}]
        """
    ).end()
    query = """query($after: String) { repository(owner: "example-shop", name: "shop") {
      pullRequest(number: 1) { commits(first: 100, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id } } } } }"""
    listed, after, totals = 0, None, set()
    for _ in range(3):
        page = ask(moment, query, after=after)["data"]["repository"]["pullRequest"]["commits"]
        listed += len(page["nodes"])
        totals.add(page["totalCount"])
        after = page["pageInfo"]["endCursor"]
    assert (listed, totals, page["pageInfo"]["hasNextPage"]) == (250, {260}, False)


@pytest.mark.parametrize(("requests", "points"), [(0, 1), (1, 1), (149, 1), (201, 2), (5101, 51)])
def test_points_are_requests_by_the_hundred(requests, points):
    assert Price(requests=requests).points == points


def test_the_price_of_a_query_is_the_one_of_githubs_documentation(simulate, ask):
    # The example of "Rate limits and query limits for the GraphQL API": 5,101 requests, 51 points.
    query = """{ rateLimit { cost nodeCount } repository(owner: "example-shop", name: "shop") {
      pullRequests(first: 50) { nodes { reviews(first: 20) { nodes { id } }
        closingIssuesReferences(first: 20) { nodes { labels(first: 10) { nodes { name } } } } } } } }"""
    rate = ask(simulate().end(), query)["data"]["rateLimit"]
    # 1 + 50 + 50 + 50 * 20 requests; 50 + 50 * 20 + 50 * 20 + 50 * 20 * 10 nodes.
    assert rate == {"cost": 11, "nodeCount": 12050}


def test_commits_of_a_branch_name_their_pull_requests(simulate, ask):
    simulation = simulate()
    query = """{ repository(owner: "example-shop", name: "shop") { ref(qualifiedName: "refs/heads/main") {
      target { ... on Commit { history(first: 50) { totalCount nodes {
        oid associatedPullRequests(first: 5) { nodes { number } } } } } } } } }"""
    history = ask(simulation.end(), query)["data"]["repository"]["ref"]["target"]["history"]
    numbers = {
        node["oid"]: [one["number"] for one in node["associatedPullRequests"]["nodes"]]
        for node in history["nodes"]
    }
    cart = simulation.history.pulls["cart"]
    assert [numbers[sha] for sha in cart.merge.landed] == [[3], [3]]
    assert history["totalCount"] == len(numbers) == 6


def test_a_search_counts_what_was_merged_in_a_span(simulate, ask):
    moment = simulate().end()
    query = "query($q: String!) { search(query: $q, type: ISSUE, first: 1) { issueCount } }"

    def count(terms):
        return ask(moment, query, q=f"repo:example-shop/shop {terms}")["data"]["search"][
            "issueCount"
        ]

    assert count("is:pr is:merged base:main merged:2026-07-01..2026-07-31") == 3
    assert count("is:pr is:merged merged:2026-07-07..2026-07-08") == 2
    assert count("is:pr is:merged merged:>2026-07-08") == 1
    assert count("is:pr is:merged merged:2026-07-07T09:30:00Z..2026-07-07T09:30:00Z") == 1
    assert count("is:pr is:merged base:other") == 0
    assert count("is:issue") == 1


def test_a_renamed_repository_is_followed_in_graphql_and_redirected_in_rest(simulate, ask):
    simulation = simulate(
        """
        [[repository]]
        key = "shop"
        files = { "a" = "b" }
        renames = { "+5d" = "example-shop/store" }
        """
    )
    moment = simulation.at("+6d")
    assert sweep(ask, moment)["data"]["repository"]["nameWithOwner"] == "example-shop/store"
    moved = rest(moment, "/repos/example-shop/shop")
    assert moved.status_code == 301
    assert moved.headers["Location"].endswith("/repositories/5001")
    assert rest(moment, "/repositories/5001").json()["full_name"] == "example-shop/store"
    assert sweep(ask, simulation.at("+4d"), name="store")["data"]["repository"] is None


def test_an_unchanged_answer_is_not_sent_twice(simulate):
    moment = simulate().end()
    first = rest(moment, "/repos/example-shop/shop")
    again = rest(moment, "/repos/example-shop/shop", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_answer_carries_date_request_id_and_limits(simulate):
    answer = rest(simulate().at("2026-07-10T08:00:00Z"), "/user")
    assert answer.headers["Date"] == "Fri, 10 Jul 2026 08:00:00 GMT"
    assert answer.headers["X-GitHub-Request-Id"]
    assert answer.headers["X-RateLimit-Remaining"] == "4999"
    assert answer.json()["login"] == "evidence-reader"


def test_the_served_schema_is_read_from_the_package():
    assert schema().query_type is not None


def rest(moment, path, **headers):
    given = {"Authorization": f"bearer {moment.github_token}", **headers}
    return requests.get(
        moment.github_api_url + path, headers=given, timeout=20, allow_redirects=False
    )


def test_a_status_is_dated_by_the_state_it_has(simulate, ask):
    simulation = simulate(
        """
        [[change]]
        key = "x"
        author = "ada"
        steps = [
          { do = "push" },
          { do = "checks", names = ["ci/test"], kind = "status", creator = "bert", seconds = 60, at = "+1h" },
          { do = "checks", names = ["ci/test"], kind = "status", app = "other", conclusion = "FAILURE", seconds = 60, at = "+2h" },
        ]
        """
    )
    query = """{ repository(owner: "example-shop", name: "shop") { pullRequest(number: 1) {
      statusCheckRollup { state contexts(first: 5) { nodes {
        ... on StatusContext { context state createdAt creator { login } } } } } } } }"""

    def rollup(when):
        return ask(simulation.at(when), query)["data"]["repository"]["pullRequest"][
            "statusCheckRollup"
        ]

    done, failed = rollup("+1d1h1m"), rollup("+1d2h1m")
    assert done["contexts"]["nodes"] == [
        {
            "context": "ci/test",
            "state": "SUCCESS",
            "createdAt": "2026-07-07T10:01:00Z",
            "creator": {"login": "bert"},
        }
    ]
    assert (failed["state"], len(failed["contexts"]["nodes"])) == ("FAILURE", 1)
