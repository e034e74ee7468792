"""The twelve traps of the client library (W1 to W12), each shown to be closed."""

from __future__ import annotations

import threading

import pytest
from werkzeug import Response

from evidence.collectors.github.credentials import FixedToken
from evidence.collectors.github.transport import Transport
from evidence.errors import SourceError, UnavailableError
from evidence.model.capture import GapReason, Window

ALL = Window(since=0, until=2**62)


def gaps(pages):
    return [gap for page in pages for gap in page.gaps]


def keys(pages, kind="github.pull_request"):
    return [capture.key for page in pages for capture in page.captures if capture.kind == kind]


# W1: one connection shared by threads gives one thread the other's answer.


def test_w1_threads_with_their_own_transport_get_their_own_answers(github, build, ticking):
    github.pulls = [build.pull(number) for number in range(1, 41)]
    wrong = []

    def ask(number):
        transport = Transport(
            api_url=github.url, credential=FixedToken(value="t"), clock=ticking.clock()
        )
        for _ in range(5):
            answer = transport.ask("PullRequestsById", {"ids": [f"PR_{number}"]})
            if answer.data["nodes"][0]["number"] != number:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 41)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(github.asked) == 200


def test_w1_a_transport_refuses_to_serve_another_thread(transport):
    refused = []

    def ask():
        try:
            transport.ask("MergedCount", {"q": ""})
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert refused == ["a conversation belongs to the thread that made it"]


def test_w1_an_answer_about_another_repository_is_not_taken(github, build, make):
    github.pulls = [build.pull(1)]
    first = list(make().fetch(ALL, ""))
    github.database_id = 78
    second = list(make().fetch(ALL, first[-1].cursor))
    assert [gap.reason for gap in gaps(second)] == [GapReason.CONTRADICTION]
    assert keys(second[1:]) == []


# W2 and W3: a 301 loses the query string, a 302 or 307 looks like data.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_w2_w3_a_redirect_is_an_error_and_is_not_followed(github, transport, status):
    github.script = [Response(b"{}", status, headers={"Location": "https://elsewhere.test/x?k=v"})]
    with pytest.raises(SourceError, match="redirects to https://elsewhere"):
        transport.ask("MergedCount", {"q": ""})
    assert github.operations() == ["MergedCount"]


def test_w2_a_renamed_repository_is_followed_by_its_id(github, build, make):
    github.pulls = [build.pull(1)]
    first = list(make().fetch(ALL, ""))
    github.name = "acme/store"
    second = list(make().fetch(ALL, first[-1].cursor))
    assert gaps(second) == []
    renamed = [c for page in second for c in page.captures if c.kind == "github.repository"]
    assert [b'"nameWithOwner":"acme/store"' in capture.payload for capture in renamed] == [True]
    counted = [v["q"] for _name, v in github.asked if "q" in v]
    assert counted[-1].startswith("repo:acme/store ")


# W4: errors beside data throw the data away.


def test_w4_data_beside_a_permission_error_is_kept_and_the_place_is_unknown(github, build, make):
    github.pulls = [build.pull(1), build.pull(2)]

    def refuse(answer):
        nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
        nodes[1]["headRollup"] = None
        path = ["repository", "pullRequests", "nodes", 1, "headRollup"]
        answer["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "not accessible"}]
        return answer

    github.script = [refuse]
    collector = make()
    pages = list(collector.fetch(ALL, ""))
    parsed = [
        collector.parse(capture)
        for page in pages
        for capture in page.captures
        if capture.kind == "github.pull_request"
    ]
    assert [one.facts[0].complete for one in parsed] == [True, False]
    assert parsed[1].facts[0].missing == ("checks",)
    assert [gap.reason for gap in parsed[1].gaps] == [GapReason.FORBIDDEN]


# W5: the GraphQL rate limit comes with status 200.


def test_w5_a_rate_limited_answer_waits_until_the_reset_and_asks_again(github, transport, ticking):
    reset = str(int(github.now.timestamp()) + 120)
    limited = github.reply(
        {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset=reset,
    )
    github.script = [limited]
    assert transport.ask("MergedCount", {"q": ""}).data["search"] == {"issueCount": 0}
    assert ticking.slept == [121.0]
    assert transport.usage.retries == 1


# W6: a 429 without Retry-After is not tried again.


def test_w6_a_429_without_retry_after_is_tried_again_after_a_minute(github, transport, ticking):
    github.script = [Response(b"slow down", 429)]
    transport.ask("MergedCount", {"q": ""})
    assert ticking.slept == [60.0]


def test_w6_a_429_with_retry_after_is_obeyed(github, transport, ticking):
    github.script = [Response(b"slow down", 429, headers={"Retry-After": "7"})]
    transport.ask("MergedCount", {"q": ""})
    assert ticking.slept == [7.0]


# W7: attribute access asks once per object.


def test_w7_the_number_of_calls_does_not_grow_with_what_hangs_on_a_pull_request(
    github, build, make
):
    github.pulls = [build.pull(number) for number in range(1, 101)]
    github.commits = [build.branch_commit(n, n) for n in range(1, 301)]
    collector = make()
    for page in collector.fetch(ALL, ""):
        for capture in page.captures:
            collector.parse(capture)
    assert len(github.asked) <= 100 / 25 + 300 / 100 + 5


# W8: a page number slips when the list is sorted anew between two pages.


def test_w8_a_pull_request_that_moves_between_pages_is_not_lost(github, build, make):
    github.pulls = [build.pull(number) for number in range(1, 61)]
    moved = github.pulls[45]

    def touch(operation):
        if operation == "PullRequestSweep" and len(github.asked) == 2:
            moved["updatedAt"] = build.iso(github.now)

    github.hooks = [touch]
    pages = list(make().fetch(ALL, ""))
    assert set(keys(pages)) == {f"77:{number}" for number in range(1, 61)}
    assert gaps(pages) == []


# W9: a download has no timeout, and a body no limit.


def test_w9_an_answer_that_does_not_come_ends_in_an_error(github, ticking):
    import threading
    import time

    given_up = threading.Event()
    github.hooks = [lambda _operation: given_up.wait(60)]
    transport = Transport(
        api_url=github.url,
        credential=FixedToken(value="t"),
        clock=ticking.clock(),
        timeout=(0.1, 0.1),
        attempts=2,
    )
    with pytest.raises(UnavailableError, match="ReadTimeout"):
        transport.ask("MergedCount", {"q": ""})
    given_up.set()
    while len(github.asked) < 2:  # else the second request falls into the next test
        time.sleep(0.01)


def test_w9_an_endless_body_is_refused(github, transport, monkeypatch):
    from evidence.collectors import http
    from evidence.collectors.github import connection

    monkeypatch.setattr(
        connection, "read_limited", lambda response: http.read_limited(response, limit=1_000)
    )
    github.script = [Response(b" " * 10_000, 200)] * 5
    with pytest.raises(SourceError, match="larger than 1000 bytes"):
        transport.ask("MergedCount", {"q": ""})


# W10: after a long wait the request goes out with the token of before.


class Renewed:
    """A credential that is another one each time it is asked for."""

    def __init__(self):
        self.asked = 0

    def token(self, owner):
        self.asked += 1
        return f"number-{self.asked}"

    def renew(self, owner):
        return False

    def accepted(self, owner):
        pass


def test_w10_a_request_after_a_wait_carries_a_fresh_token(github, ticking):
    github.script = [Response(b"", 429, headers={"Retry-After": "600"})]
    transport = Transport(api_url=github.url, credential=Renewed(), clock=ticking.clock())
    transport.ask("MergedCount", {"q": ""})
    sent = [headers["Authorization"] for headers in github.headers]
    assert sent == ["Bearer number-1", "Bearer number-2"]


# W11: addresses inside answers are followed, and the guard against it is an assertion.


def test_w11_addresses_inside_answers_are_never_asked(github, build, make, httpserver):
    hostile = build.pull(1, url="https://evil.test/a")
    hostile["head_contexts"] = [{**build.check(1), "detailsUrl": "http://127.0.0.1:1/x"}]
    github.pulls = [hostile]
    list(make().fetch(ALL, ""))
    assert {request.path for request, _response in httpserver.log} == {"/graphql"}


# W12: no permission and not there look the same.


def test_w12_a_repository_that_is_not_shown_is_a_gap_and_never_an_empty_one(github, make):
    def hide(answer):
        answer["data"]["repository"] = None
        answer["errors"] = [{"type": "NOT_FOUND", "path": ["repository"], "message": "no"}]
        return answer

    github.script = [hide]
    pages = list(make().fetch(ALL, ""))
    assert [(gap.reason, gap.repository) for gap in gaps(pages)] == [
        (GapReason.NOT_FOUND_OR_FORBIDDEN, "shop")
    ]
    assert [page.totals for page in pages] == [(), ()]


def test_w12_a_forbidden_repository_is_told_apart_where_github_tells(github, make):
    def forbid(answer):
        answer["data"]["repository"] = None
        answer["errors"] = [{"type": "FORBIDDEN", "path": ["repository"], "message": "SSO"}]
        return answer

    github.script = [forbid]
    pages = list(make().fetch(ALL, ""))
    assert [gap.reason for gap in gaps(pages)] == [GapReason.FORBIDDEN]
