"""The sweep of merged pull requests and the population of a branch."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from werkzeug import Response

from evidence.collectors.github import GitHubRepository
from evidence.collectors.github.looks import due
from evidence.collectors.github.paging import HOUR, PageSize
from evidence.collectors.github.state import Look
from evidence.errors import AuthError, UnavailableError
from evidence.model.capture import Form, GapReason, Window

ALL = Window(since=0, until=2**62)
LIMITS = {
    "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["repository"], "message": "limits"}],
    "data": {"repository": None},
}


def captured(pages, kind="github.pull_request"):
    return [capture for page in pages for capture in page.captures if capture.kind == kind]


def keys(pages, kind="github.pull_request"):
    return [capture.key for capture in captured(pages, kind)]


def gaps(pages):
    return [gap for page in pages for gap in page.gaps]


def sizes(github):
    return [asked["pageSize"] for name, asked in github.asked if name == "PullRequestSweep"]


def facts(collector, pages, cls):
    return [
        fact
        for page in pages
        for capture in page.captures
        for fact in collector.parse(capture).facts
        if type(fact).__name__ == cls
    ]


def test_every_merged_pull_request_is_captured_once_as_an_exact_slice(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 31)]
    github.pulls[0]["body"] = "a \ud800 b \x00 c"
    pages = list(make().fetch(ALL, ""))
    assert sorted(keys(pages)) == sorted(f"77:{number}" for number in range(1, 31))
    first = next(c for c in captured(pages) if c.key == "77:1")
    assert first.form is Form.SLICE
    node = json.dumps(build.whole(github.pulls[0]))
    assert first.payload.decode() == f'{{"node":{node},"tails":[],"unread":[]}}'


def test_the_numbers_read_are_compared_with_the_count_of_the_search(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 31)]
    pages = list(make().fetch(ALL, ""))
    totals = [total for page in pages for total in page.totals]
    assert [(t.reported, t.stored) for t in totals if t.kind == "github.pull_request"] == [(30, 30)]


def test_a_shortfall_is_looked_for_once_more_and_then_is_a_gap(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 31)]
    github.counted = 31
    pages = list(make().fetch(ALL, ""))
    assert [gap.reason for gap in gaps(pages)] == [GapReason.TRUNCATED]
    assert "counts 31 pull requests of acme/shop merged in the window; 30 could" in (
        gaps(pages)[0].detail
    )
    assert github.operations().count("PullRequestSweep") == 3
    assert pages[-1].complete


def test_a_shortfall_is_told_in_every_run_until_its_window_was_read_whole(
    github, build, make, ticking
):
    github.pulls = [build.pull(number) for number in range(1, 31)]
    github.counted = 31
    first = list(make().fetch(ALL, ""))
    github.asked.clear()
    github.counted = None
    second = list(make().fetch(ALL, first[-1].cursor))
    assert gaps(second) == gaps(first)
    assert github.operations().count("PullRequestSweep") == 1
    github.now += timedelta(days=2)
    ticking.now += 2 * 86_400
    third = list(make().fetch(ALL, second[-1].cursor))
    assert len(keys(third)) == 30
    assert gaps(third) == []
    assert gaps(make().fetch(ALL, third[-1].cursor)) == []


def test_an_incremental_run_stops_at_the_first_older_one(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 101)]
    first = list(make().fetch(ALL, ""))
    github.asked.clear()
    github.now += timedelta(days=1)
    github.pulls[80]["updatedAt"] = build.iso(github.now - timedelta(hours=1))
    second = list(make().fetch(ALL, first[-1].cursor))
    assert keys(second) == ["77:81"]
    assert sizes(github) == [25]


def test_what_changed_within_the_overlap_is_read_again(github, build, make):
    fresh = github.now - timedelta(minutes=10)
    github.pulls = [build.pull(1, updated=fresh), build.pull(2)]
    first = list(make().fetch(ALL, ""))
    second = list(make().fetch(ALL, first[-1].cursor))
    assert set(keys(second)) == {"77:1"}


def test_checks_of_a_recent_merge_are_looked_at_again_for_a_week(github, build, make):
    github.pulls = [build.pull(1, updated=github.now - timedelta(days=1)), build.pull(2)]
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.now += timedelta(days=5)
    github.pulls[0]["merge_contexts"] = [build.check(99, conclusion="FAILURE")]
    collector = make()
    pages = list(collector.fetch(ALL, cursor))
    looked = [build.sha("head", 1), build.sha("merge", 1)]
    assert keys(pages, "github.commit_checks") == [f"77:{sha}" for sha in looked]
    assert "FAILURE" in [run.conclusion for run in facts(collector, pages, "CheckRun")]
    github.now += timedelta(days=5)
    after = list(make().fetch(ALL, pages[-1].cursor))
    assert len(keys(after, "github.commit_checks")) == 2
    github.now += timedelta(days=5)
    github.asked.clear()
    list(make().fetch(ALL, after[-1].cursor))
    assert "CheckLooks" not in github.operations()


def test_a_look_that_finds_nothing_new_still_says_when_it_was(github, build, make):
    github.pulls = [build.pull(1, updated=github.now - timedelta(hours=1))]
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    seen = []
    for _ in range(2):
        github.now += timedelta(days=1)
        collector = make()
        pages = list(collector.fetch(ALL, cursor))
        cursor = pages[-1].cursor
        seen += [c.observed_at for c in captured(pages, "github.commit_checks")]
        assert [one.complete for one in facts(collector, pages, "CheckCoverage")] in (
            [],
            [True, True],
        )
    assert seen == [int((github.now - timedelta(days=1)).timestamp()) * 1_000_000] * 2


def test_a_look_is_due_when_the_age_of_the_merge_has_grown_fourfold():
    look = Look(number=1, merged=100 * HOUR, seen=101 * HOUR)
    assert due(look, 103 * HOUR) < 0
    assert due(look, 104 * HOUR + 1) > 0
    assert due(Look(number=1, merged=100 * HOUR, seen=150 * HOUR), 268 * HOUR + 1) > 0


def test_a_check_that_had_not_ended_is_looked_at_in_the_next_run(github, build, make):
    running = build.check(5, conclusion=None, started=github.now - timedelta(minutes=70))
    github.pulls = [build.pull(1, updated=github.now - timedelta(hours=1), head_contexts=[running])]
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.now += timedelta(minutes=5)
    github.asked.clear()
    list(make().fetch(ALL, cursor))
    assert github.operations().count("CheckLooks") == 1


def test_a_run_makes_one_look_for_one_repository_and_leaves_the_rest_due(github, build, make):
    recent = github.now - timedelta(days=1)
    github.pulls = [build.pull(number, updated=recent) for number in range(1, 151)]
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.now += timedelta(days=4)
    github.asked.clear()
    second = list(make().fetch(ALL, cursor))
    third = list(make().fetch(ALL, second[-1].cursor))
    asked = [len(v["ids"]) for name, v in github.asked if name == "CheckLooks"]
    assert asked == [100, 50]
    assert len(set(keys([*second, *third], "github.commit_checks"))) == 300


def test_the_first_run_goes_back_to_the_beginning_of_the_window(github, build, make):
    github.pulls = [
        build.pull(n, updated=github.now - timedelta(days=10 * n)) for n in range(1, 10)
    ]
    since = int((github.now - timedelta(days=35)).timestamp()) * 1_000_000
    pages = list(make().fetch(Window(since=since, until=2**62), ""))
    assert keys(pages) == ["77:1", "77:2", "77:3"]


def test_an_earlier_window_reads_from_its_beginning(github, build, make):
    github.pulls = [
        build.pull(n, updated=github.now - timedelta(days=10 * n)) for n in range(1, 10)
    ]
    since = int((github.now - timedelta(days=35)).timestamp()) * 1_000_000
    cursor = list(make().fetch(Window(since=since, until=2**62), ""))[-1].cursor
    pages = list(make().fetch(ALL, cursor))
    assert set(keys(pages)) == {f"77:{number}" for number in range(1, 10)}


def test_a_resumed_run_also_reads_what_changed_since_the_cut(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 61)]
    cut = next(make().fetch(ALL, "")).cursor
    github.now += timedelta(hours=5)
    github.pulls[0]["updatedAt"] = build.iso(github.now - timedelta(hours=2))
    github.pulls[0]["title"] = "Changed since"
    pages = list(make().fetch(ALL, cut))
    titles = [json.loads(c.payload)["node"]["title"] for c in captured(pages) if c.key == "77:1"]
    assert titles == ["Changed since"]


def test_a_cursor_that_cannot_be_read_starts_anew(github, build, make):
    github.pulls = [build.pull(1)]
    for cursor in ("{", "[]", '{"v":99}', '{"v":1,"repositories":{"shop":{"sweep":7,"mark":"x"}}}'):
        assert keys(make().fetch(ALL, cursor)) == ["77:1"]


def test_a_page_too_heavy_is_asked_again_in_smaller_pieces_that_grow_back(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 101)]
    github.script = [Response(b"", 502), github.reply(LIMITS)]
    pages = list(make().fetch(ALL, ""))
    assert sizes(github)[:8] == [25, 10, 5, 5, 5, 5, 10, 10]
    assert len(set(keys(pages))) == 100
    assert sum(page.retries for page in pages) == 2


def test_one_pull_request_too_heavy_for_github_is_a_gap_and_tried_again(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 4)]
    github.script = [Response(b"", 504)] * 8
    first = list(make().fetch(ALL, ""))
    assert set(keys(first)) == {"77:2", "77:3"}
    unavailable = [gap.key for gap in gaps(first) if gap.reason is GapReason.UNAVAILABLE]
    assert set(unavailable) == {"77:1"}
    second = list(make().fetch(ALL, first[-1].cursor))
    assert "77:1" in keys(second)


def test_checks_too_heavy_to_look_at_are_a_gap_and_stay_due(github, build, make):
    recent = github.now - timedelta(days=1)
    github.pulls = [build.pull(number, updated=recent) for number in (1, 2)]
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.now += timedelta(days=4)
    github.script = [None, *[Response(b"", 502)] * 6]
    second = list(make().fetch(ALL, cursor))
    assert [gap.reason for gap in gaps(second)] == [GapReason.UNAVAILABLE]
    assert keys(second, "github.commit_checks") == []  # one call for one repository
    assert len(keys(make().fetch(ALL, second[-1].cursor), "github.commit_checks")) == 4


def test_one_that_vanishes_while_its_tails_are_read_is_kept_as_it_was(github, build, make):
    github.pulls = [build.pull(1, reviews=[build.review(n) for n in range(1, 151)])]

    def vanish(answer):
        github.pulls.clear()
        return {"data": {**answer["data"], "node": None}}

    github.script = [None, vanish]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert [r.missing for r in facts(collector, pages, "PullRequest")] == [("reviews",)]


def test_inner_tails_are_read_before_their_page_is_handed_over(github, build, make):
    github.pulls = [
        build.pull(
            1,
            reviews=[build.review(n) for n in range(1, 252)],
            head_contexts=[build.check(n, f"check {n}") for n in range(1, 150)],
            closingIssuesReferences=[build.issue(n) for n in range(1, 7)],
            timelineItems=[build.event("LabeledEvent", n, label={"name": "x"}) for n in range(120)],
        )
    ]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert github.operations()[:6] == [
        "PullRequestSweep",
        *["PullRequestTail"] * 4,
        "CheckTail",
    ]
    assert len(facts(collector, pages, "Review")) == 251
    assert len(facts(collector, pages, "Ticket")) == 6
    assert len(facts(collector, pages, "PullRequestEvent")) == 120
    assert [record.complete for record in facts(collector, pages, "PullRequest")] == [True]


def test_a_pull_request_that_changes_under_its_tails_is_read_again(github, build, make):
    github.pulls = [build.pull(1, reviews=[build.review(n) for n in range(1, 151)])]

    def push(operation):
        if operation == "PullRequestTail" and github.operations().count("PullRequestTail") == 1:
            github.pulls[0]["headRefOid"] = build.sha("new head")
            github.pulls[0]["updatedAt"] = build.iso(github.now)

    github.hooks = [push]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert github.operations()[1:4] == ["PullRequestTail", "PullRequestsById", "PullRequestTail"]
    records = facts(collector, pages, "PullRequest")
    assert [(record.head_sha, record.complete) for record in records] == [
        (build.sha("new head"), True)
    ]


def test_a_tail_of_another_object_is_not_taken(github, build, make):
    github.pulls = [build.pull(1, reviews=[build.review(n) for n in range(1, 151)])]

    def swap(answer):
        answer["data"]["node"]["id"] = "PR_2"
        return answer

    github.script = [None, swap]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert [r.complete for r in facts(collector, pages, "PullRequest")] == [True]
    assert len(facts(collector, pages, "Review")) == 150


def test_a_tail_that_stays_away_leaves_its_page_unread(github, build, make):
    github.pulls = [build.pull(1, reviews=[build.review(n) for n in range(1, 151)])]
    github.script = [None, *[Response(b"", 500)] * 5]
    handed_over = []
    with pytest.raises(UnavailableError):
        handed_over.extend(make().fetch(ALL, ""))
    assert handed_over == []


def test_a_null_among_the_pull_requests_is_a_gap(github, build, make):
    github.pulls = [build.pull(1), build.pull(2)]

    def hide(answer):
        nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
        nodes[0] = None
        path = ["repository", "pullRequests", "nodes", 0]
        answer["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "no"}]
        return answer

    github.script = [hide]
    pages = list(make().fetch(ALL, ""))
    assert keys(pages) == ["77:2"]
    assert GapReason.FORBIDDEN in [gap.reason for gap in gaps(pages)]


def test_pull_requests_that_the_token_may_not_list_are_a_gap(github, make):
    def hide(answer):
        answer["data"]["repository"]["pullRequests"] = None
        path = ["repository", "pullRequests"]
        answer["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "no"}]
        return answer

    github.script = [hide]
    assert [gap.reason for gap in gaps(make().fetch(ALL, ""))] == [GapReason.FORBIDDEN]


@pytest.mark.parametrize("place", ["nodes", "pageInfo", "totalCount"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None, 7, {}]])
def test_an_odd_page_ends_the_pass_and_raises_nothing(github, build, make, place, value):
    github.pulls = [build.pull(1)]

    def distort(answer):
        answer["data"]["repository"]["pullRequests"][place] = value
        return answer

    github.script = [distort]
    assert list(make().fetch(ALL, ""))[-1].complete


@pytest.mark.parametrize("value", [None, 7, "x", [], {}])
def test_pull_requests_read_by_id_may_be_gone(github, build, make, value):
    github.pulls = [build.pull(1, updated=github.now - timedelta(days=1))]
    cursor = list(make().fetch(ALL, ""))[-1].cursor

    def lose(answer):
        return {"data": {**answer["data"], "nodes": value}}

    github.script = [lose]
    assert list(make().fetch(ALL, cursor))[-1].complete


@pytest.mark.parametrize("field", ["id", "nameWithOwner"])
def test_a_repository_may_lack_a_name(github, build, make, field):
    github.pulls = [build.pull(1)]

    def drop(answer):
        del answer["data"]["repository"][field]
        return answer

    github.script = [drop]
    assert keys(make().fetch(ALL, "")) == ["77:1"]


def test_a_repository_without_an_id_cannot_be_identified(github, make):
    github.database_id = None
    assert [gap.reason for gap in gaps(make().fetch(ALL, ""))] == [GapReason.CONTRADICTION]


def test_one_unreadable_repository_does_not_stop_the_others(github, build, make):
    github.pulls = [build.pull(1)]

    def hide(answer):
        return {**answer, "data": {**answer["data"], "repository": None}}

    github.script = [hide]
    both = (
        GitHubRepository(id="gone", name="acme/gone"),
        GitHubRepository(id="shop", name="acme/shop"),
    )
    pages = list(make(repositories=both).fetch(ALL, ""))
    assert [gap.repository for gap in gaps(pages)] == ["gone"]
    assert keys(pages) == ["77:1"]


def test_a_missing_token_is_an_authentication_error(make):
    with pytest.raises(AuthError, match="no GitHub token"):
        list(make(token="").fetch(ALL, ""))


def test_the_page_size_shrinks_at_once_and_grows_slowly():
    size = PageSize()
    assert [size.size, size.shrink(), size.size] == [25, True, 10]
    for _ in range(4):
        size.grow()
    assert size.size == 25
    assert [size.shrink() for _ in range(4)] == [True, True, True, False]


# --- the commits of a branch ---------------------------------------------------------------


def history(build, *numbers):
    return [build.branch_commit(number, number) for number in numbers]


def asked_pages(github):
    return github.operations().count("BranchPopulation")


def test_each_commit_of_a_branch_is_linked_to_its_pull_requests(github, build, make):
    github.commits = [build.branch_commit(3, 30, 31), build.branch_commit(2)]
    fork = github.commits[0]["associatedPullRequests"]["nodes"][1]
    fork["repository"]["databaseId"] = 500
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    found = facts(collector, pages, "CommitPullRequests")
    assert [(each.branch, each.numbers, each.merged_numbers) for each in found] == [
        ("main", (30,), (30,)),
        ("main", (), ()),
    ]


def test_a_pull_request_merged_into_another_branch_is_linked_but_not_as_merged_here(
    github, build, make
):
    github.commits = [build.branch_commit(1, 10)]
    github.commits[0]["associatedPullRequests"]["nodes"][0]["baseRefName"] = "release"
    collector = make()
    found = facts(collector, list(collector.fetch(ALL, "")), "CommitPullRequests")
    assert [(each.numbers, each.merged_numbers) for each in found] == [((10,), ())]


def test_more_linked_pull_requests_than_were_read_are_a_gap(github, build, make):
    github.commits = [build.branch_commit(1, 10)]
    github.commits[0]["associatedPullRequests"]["totalCount"] = 12
    collector = make()
    capture = captured(collector.fetch(ALL, ""), "github.branch_commit")[0]
    assert [gap.reason for gap in collector.parse(capture).gaps] == [GapReason.TRUNCATED]


@pytest.mark.parametrize("odd", [None, 7, {}, {"oid": 7}])
def test_a_commit_without_a_name_is_left_out(github, build, make, odd):
    github.commits = [*history(build, 2), odd, *history(build, 1)]
    assert len(keys(make().fetch(ALL, ""), "github.branch_commit")) == 2


def test_an_unchanged_branch_is_left_alone(github, build, make):
    github.commits = history(build, *range(1000, 600, -1))
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    assert asked_pages(github) == 4
    github.asked.clear()
    github.now += timedelta(hours=1)
    list(make().fetch(ALL, cursor))
    assert asked_pages(github) == 0


def test_a_young_commit_without_a_pull_request_is_listed_once_more(github, build, make):
    """GitHub's links to pull requests may come after the commit."""
    github.commits = [build.branch_commit(2), *history(build, 1)]
    github.commits[0]["committedDate"] = build.iso(github.now)
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.commits[0]["associatedPullRequests"] = build.branch_commit(2, 2)[
        "associatedPullRequests"
    ]
    github.asked.clear()
    numbers = []
    for _ in range(3):
        github.now += timedelta(hours=1)
        collector = make()
        pages = list(collector.fetch(ALL, cursor))
        cursor = pages[-1].cursor
        numbers += [f.numbers for f in facts(collector, pages, "CommitPullRequests")]
    assert asked_pages(github) == 1
    assert numbers == [(2,), (1,)]


def test_old_commits_merged_late_are_met_although_they_stand_below_the_last_tip(
    github, build, make
):
    github.commits = history(build, *range(1000, 600, -1))
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    late = history(build, 5001)
    github.commits = [*history(build, 2000), *github.commits[:150], *late, *github.commits[150:]]
    github.asked.clear()
    pages = list(make().fetch(ALL, cursor))
    assert f"77:main:{late[0]['oid']}" in keys(pages, "github.branch_commit")
    assert asked_pages(github) == 2


def test_a_rewritten_branch_is_listed_whole(github, build, make):
    github.commits = history(build, *range(1000, 600, -1))
    cursor = list(make().fetch(ALL, ""))[-1].cursor
    github.commits = [*history(build, 3001, 3000), *github.commits[2:]]
    github.asked.clear()
    pages = list(make().fetch(ALL, cursor))
    assert asked_pages(github) == 4
    assert len(keys(pages, "github.branch_commit")) == 400


def test_a_branch_that_is_not_shown_is_a_gap(github, make):
    github.branches = set()
    found = gaps(make().fetch(ALL, ""))
    assert [(gap.kind, gap.reason) for gap in found] == [
        ("github.branch_commit", GapReason.NOT_FOUND_OR_FORBIDDEN)
    ]


def test_the_count_of_a_whole_listing_is_reconciled(github, build, make):
    github.commits = history(build, *range(250, 0, -1))
    totals = [total for page in make().fetch(ALL, "") for total in page.totals]
    listed = [(t.reported, t.stored) for t in totals if t.kind == "github.branch_commit"]
    assert listed == [(250, 250)]


# --- checks of commits that no pull request brings -----------------------------------------


def mainline(build, *commits):
    """Commits listed newest first, each the first parent of the one before."""
    for newer, older in pairwise(commits):
        newer["parents"] = {"nodes": [{"oid": older["oid"]}]}
    commits[-1]["parents"] = {"nodes": []}
    return list(commits)


def asked_checks(github):
    return [asked["ids"] for name, asked in github.asked if name == "CommitChecks"]


def test_the_checks_of_a_direct_push_are_read(github, build, make):
    direct = build.branch_commit(1)
    github.commits = mainline(build, build.branch_commit(3, 30), direct, build.branch_commit(2, 20))
    github.commit_contexts = {direct["oid"]: [build.check(5), build.check(6, "scan", "FAILURE")]}
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert asked_checks(github) == [[direct["id"]]]
    runs = facts(collector, pages, "CheckRun")
    assert [(run.sha, run.name, run.conclusion) for run in runs] == [
        (direct["oid"], "ci/test", "SUCCESS"),
        (direct["oid"], "scan", "FAILURE"),
    ]
    coverage = facts(collector, pages, "CheckCoverage")
    assert [(each.sha, each.complete, each.read) for each in coverage] == [(direct["oid"], True, 2)]


def test_a_direct_push_without_checks_is_known_to_have_none(github, build, make):
    github.commits = mainline(build, build.branch_commit(1))
    collector = make()
    coverage = facts(collector, collector.fetch(ALL, ""), "CheckCoverage")
    assert [(each.complete, each.reported) for each in coverage] == [(True, 0)]


def test_a_commit_inside_a_rebase_merge_is_asked_for_and_its_last_is_not(github, build, make):
    last, inner = build.branch_commit(3, 30), build.branch_commit(2, 30)
    inner.update(oid=build.sha("inner"), id="C_inner")
    github.commits = mainline(build, last, inner, build.branch_commit(1, 10))
    list(make().fetch(ALL, ""))
    assert asked_checks(github) == [["C_inner"]]


def test_a_commit_on_a_merged_side_branch_is_not_asked_for(github, build, make):
    merge, base, side = (
        build.branch_commit(3, 30),
        build.branch_commit(2, 20),
        build.branch_commit(1, 30),
    )
    side.update(oid=build.sha("side"), id="C_side")
    github.commits = [*mainline(build, merge, base), side]
    list(make().fetch(ALL, ""))
    assert asked_checks(github) == []


def test_the_head_of_a_merged_pull_request_is_not_asked_for_again(github, build, make):
    head = build.branch_commit(1, 10)
    head.update(oid=build.sha("head", 10), id="C_head")
    github.commits = mainline(build, head)
    list(make().fetch(ALL, ""))
    assert asked_checks(github) == []


def test_commits_wait_until_a_batch_is_full_or_the_listing_ends(github, build, make):
    github.commits = mainline(build, *[build.branch_commit(n) for n in range(250, 0, -1)])
    pages = list(make().fetch(ALL, ""))
    assert [len(ids) for ids in asked_checks(github)] == [100, 100, 50]
    assert len(keys(pages, "github.commit_checks")) == 250


def test_a_batch_too_heavy_is_asked_in_smaller_pieces(github, build, make):
    github.commits = mainline(build, *[build.branch_commit(n) for n in range(40, 0, -1)])
    github.script = [None, None, None, Response(b"", 502)]
    pages = list(make().fetch(ALL, ""))
    assert [len(ids) for ids in asked_checks(github)] == [40, 25, 15]
    assert len(keys(pages, "github.commit_checks")) == 40


def test_checks_that_github_cannot_show_are_a_gap(github, build, make):
    github.commits = mainline(build, build.branch_commit(1))
    github.script = [None, None, None, *[Response(b"", 504)] * 5]
    pages = list(make().fetch(ALL, ""))
    assert [(gap.kind, gap.reason) for gap in gaps(pages)] == [
        ("github.commit_checks", GapReason.UNAVAILABLE)
    ]


def test_more_checks_than_a_page_are_read_to_the_end(github, build, make):
    direct = build.branch_commit(1)
    github.commits = mainline(build, direct)
    contexts = [build.check(number, f"check {number}") for number in range(1, 231)]
    github.commit_contexts = {direct["oid"]: contexts}
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert github.operations().count("CheckTail") == 2
    coverage = facts(collector, pages, "CheckCoverage")
    assert [(each.complete, each.read) for each in coverage] == [(True, 230)]


def test_checks_that_the_token_may_not_read_are_a_gap_and_not_none(github, build, make):
    github.commits = mainline(build, build.branch_commit(1))

    def forbid(answer):
        path = ["nodes", 0, "statusCheckRollup"]
        answer["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "no"}]
        return answer

    github.script = [None, None, None, forbid]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    parsed = collector.parse(captured(pages, "github.commit_checks")[0])
    assert [each.complete for each in parsed.facts] == [False]
    assert [gap.reason for gap in parsed.gaps] == [GapReason.FORBIDDEN]


def test_an_answer_without_a_place_for_each_commit_is_asked_for_once_more(github, build, make):
    github.commits = mainline(build, build.branch_commit(1))
    github.script = [None, None, None, lambda answer: {"data": {**answer["data"], "nodes": []}}]
    assert len(keys(make().fetch(ALL, ""), "github.commit_checks")) == 1


@pytest.mark.parametrize("nodes", [None, 7, [None], [7], [{}], [{"id": "C_other", "oid": "x"}]])
def test_odd_answers_about_checks_are_left_out(github, build, make, nodes):
    github.commits = mainline(build, build.branch_commit(1))
    github.script = [None, None, None, lambda answer: {"data": {**answer["data"], "nodes": nodes}}]
    assert keys(make().fetch(ALL, ""), "github.commit_checks") == []
