"""All attempts of checks: when they are asked for, and that all of them are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug import Response

from evidence.collectors.github.attempts import repeated
from evidence.model.capture import GapReason, Window
from evidence.model.check import CheckCoverage, CheckRun

ALL = Window(since=0, until=2**62)


def told(collector, pages, cls, kind="github.check_attempts"):
    return [
        fact
        for page in pages
        for capture in page.captures
        if capture.kind == kind
        for fact in collector.parse(capture).facts
        if isinstance(fact, cls)
    ]


def gaps(collector, pages):
    captures = [one for page in pages for one in page.captures]
    return [gap for one in captures for gap in collector.parse(one).gaps]


def suite(number, *runs):
    return {
        "id": f"CS_{number}",
        "databaseId": number,
        "createdAt": "2026-10-13T08:00:00Z",
        "app": {"slug": "github-actions", "databaseId": 15368},
        "workflowRun": None,
        "runs": list(runs),
    }


def late(build, github, number=1):
    """A pull request whose visible check of the head ran after the merge."""
    run = build.check(900 + number, started=github.now - timedelta(days=1))
    return build.pull(number, head_contexts=[run])


def test_a_check_that_ran_after_the_merge_makes_all_attempts_be_read(github, build, make):
    github.pulls = [late(build, github), build.pull(2)]
    first = build.check(800, conclusion="FAILURE", started=github.now - timedelta(days=21))
    again = build.check(901, started=github.now - timedelta(days=1))
    github.suites[build.sha("head", 1)] = [suite(1, again, first)]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    runs = told(collector, pages, CheckRun)
    assert [(one.check_id, one.attempt, one.conclusion) for one in runs] == [
        ("800", 1, "FAILURE"),
        ("901", 2, "SUCCESS"),
    ]
    (coverage,) = told(collector, pages, CheckCoverage)
    assert (coverage.complete, coverage.all_attempts, coverage.read) == (True, True, 2)


def test_ten_commits_share_a_call_over_all_pages(github, build, make):
    github.pulls = [late(build, github, number) for number in range(1, 64)]
    list(make().fetch(ALL, ""))
    asked = [len(v["ids"]) for name, v in github.asked if name == "CheckAttempts"]
    assert asked == [10, 10, 10, 10, 10, 10, 3]


def test_more_suites_and_runs_than_fit_are_read_by_their_tails(github, build, make):
    github.pulls = [late(build, github)]
    many = [build.check(2000 + n, f"part {n}") for n in range(150)]
    suites = [suite(1, *many), *(suite(n, build.check(5000 + n)) for n in range(2, 41))]
    github.suites[build.sha("head", 1)] = suites
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    assert github.operations().count("SuiteTail") == 1
    assert github.operations().count("RunTail") == 1
    (coverage,) = told(collector, pages, CheckCoverage)
    assert (coverage.complete, coverage.reported, coverage.read) == (True, 189, 189)


def test_fewer_attempts_than_github_counts_are_a_gap(github, build, make):
    github.pulls = [late(build, github)]
    github.suites[build.sha("head", 1)] = [suite(1, build.check(901))]

    def short(answer):
        found = answer["data"]["nodes"][0]["checkSuites"]["nodes"][0]["checkRuns"]
        found["totalCount"] = found["filteredCount"] = 3
        return answer

    github.script = [None, None, None, short]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    (coverage,) = told(collector, pages, CheckCoverage)
    assert (coverage.complete, coverage.all_attempts) == (False, False)
    assert [gap.reason for gap in gaps(collector, pages)] == [GapReason.TRUNCATED]


def test_attempts_too_heavy_for_github_are_asked_for_in_smaller_pieces(github, build, make):
    github.pulls = [late(build, github, number) for number in range(1, 8)]
    github.script = [None, None, None, Response(b"", 502)]
    pages = list(make().fetch(ALL, ""))
    asked = [len(v["ids"]) for name, v in github.asked if name == "CheckAttempts"]
    assert asked == [7, 5, 2]
    assert sum(one.kind == "github.check_attempts" for p in pages for one in p.captures) == 7


def run(start, end, made=None):
    return {
        "startedAt": f"2026-10-13T{start}Z",
        "completedAt": f"2026-10-13T{end}Z",
        "checkSuite": {"createdAt": f"2026-10-13T{made or start}Z"},
    }


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], False),
        ([run("08:00:05", "08:04:00", "08:00:00")], False),
        ([run("08:00:05", "08:04:00"), run("08:04:02", "08:05:00")], False),
        ([run("08:00:05", "08:04:00"), run("08:05:02", "08:06:00")], True),
        ([run("08:09:00", "08:10:00", "08:00:00")], True),
        ([{"startedAt": None}, {"startedAt": 7, "checkSuite": "x"}], False),
    ],
)
def test_an_idle_time_between_visible_runs_shows_that_there_may_be_others(runs, expected):
    assert repeated(runs) is expected
