"""Limits, failures and odd answers of a GraphQL endpoint."""

from __future__ import annotations

import json

import pytest
from werkzeug import Response

from evidence.collectors.github import hosts
from evidence.collectors.github.credentials import FixedToken
from evidence.collectors.github.transport import TooHeavyError, Transport
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError, UnavailableError

COUNT = ("MergedCount", {"q": "x"})


def ask(transport):
    return transport.ask(*COUNT)


def test_an_answer_carries_its_provenance(github, transport):
    answer = ask(transport)
    assert answer.exchange.method == "POST"
    assert answer.exchange.url == f"{github.url}/graphql"
    assert answer.exchange.status == 200
    assert answer.exchange.request_id == "AB:12"
    assert answer.exchange.date == "Mon, 02 Nov 2026 10:00:00 GMT"
    assert answer.observed_at == int(github.now.timestamp()) * 1_000_000
    assert len(answer.exchange.query_digest) == 64


def test_no_secret_is_in_the_provenance_or_the_representation(github, transport, make):
    answer = ask(transport)
    assert "t" * 12 not in repr(answer)
    assert "t" * 12 not in repr(transport)
    assert "t" * 12 not in repr(make())
    assert github.headers[0]["Authorization"].endswith("t" * 12)


def test_the_api_version_and_the_agent_are_sent(github, transport):
    ask(transport)
    assert github.headers[0]["X-Github-Api-Version"] == "2022-11-28"
    assert github.headers[0]["User-Agent"] == "soc2-evidence"


def test_an_answer_without_a_charset_is_read_as_utf_8(github, transport):
    text = json.dumps({"data": {"search": {"issueCount": 1}, "x": "grün — ß"}}, ensure_ascii=False)
    github.script = [Response(text.encode(), 200, content_type="application/json")]
    assert ask(transport).text == text


def test_a_refused_token_is_an_authentication_error_and_is_tried_once(github, transport):
    github.script = [Response(b'{"message":"Bad credentials"}', 401)]
    with pytest.raises(AuthError, match="401"):
        ask(transport)
    assert len(github.asked) == 1


def test_a_permission_403_is_never_tried_again(github, transport):
    github.script = [Response(b'{"message":"Resource protected by organization SAML"}', 403)]
    with pytest.raises(AuthError, match="403"):
        ask(transport)
    assert len(github.asked) == 1


def test_a_secondary_limit_403_is_waited_for(github, transport, ticking):
    github.script = [Response(b'{"message":"You have exceeded a secondary rate limit"}', 403)]
    ask(transport)
    assert ticking.slept == [60.0]


def test_a_403_at_the_end_of_the_budget_waits_for_the_reset(github, transport, ticking):
    reset = str(int(github.now.timestamp()) + 30)
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    github.script = [Response(b"{}", 403, headers=limit)]
    ask(transport)
    assert ticking.slept == [31.0]


def test_a_used_up_budget_is_waited_out_before_the_next_question(github, transport, ticking):
    body = {"data": {"search": {"issueCount": 1}}}
    reset = str(int(github.now.timestamp()) + 90)
    github.script = [github.reply(body, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)]
    ask(transport)
    assert ticking.slept == []
    ask(transport)
    assert ticking.slept == [91.0]


def test_a_wait_longer_than_allowed_is_an_error_and_nothing_is_sent_meanwhile(github, transport):
    github.script = [Response(b"", 429, headers={"Retry-After": "3600"})]
    with pytest.raises(UnavailableError, match="wait 3600 s, more than the 900 s allowed"):
        ask(transport)
    with pytest.raises(UnavailableError, match="3600 s"):
        ask(transport)
    assert len(github.asked) == 1


def test_retry_after_may_be_a_date(github, transport, ticking):
    at = "Mon, 02 Nov 2026 10:00:20 GMT"
    github.script = [Response(b"", 429, headers={"Retry-After": at})]
    ask(transport)
    assert ticking.slept == [20.0]


def test_a_broken_server_is_asked_again_a_few_times(github, transport):
    github.script = [Response(b"oops", 500), Response(b"oops", 503)]
    ask(transport)
    assert transport.usage.calls == 3
    assert transport.usage.retries == 2


def test_a_server_that_stays_broken_is_unavailable(github, transport):
    github.script = [Response(b"oops", 500)] * 5
    with pytest.raises(UnavailableError, match="status 500"):
        ask(transport)
    assert len(github.asked) == 5


@pytest.mark.parametrize(
    "body", [b'{"data": {"sea', b"<html>unicorn</html>", b"", b"[]", b'"x"', b"\xff\xfe{}", b"{}"]
)
def test_unusable_bytes_are_malformed_after_a_few_tries(github, transport, body):
    github.script = [Response(body, 200)] * 5
    with pytest.raises(MalformedError):
        ask(transport)
    assert len(github.asked) == 5


def test_one_truncated_answer_is_got_over(github, transport):
    github.script = [Response(b'{"data": {"sea', 200)]
    assert ask(transport).data["search"] == {"issueCount": 0}


@pytest.mark.parametrize("status", [502, 504])
def test_a_query_too_heavy_says_so_at_once_where_it_can_be_made_lighter(github, transport, status):
    github.script = [Response(b"", status)]
    with pytest.raises(TooHeavyError):
        transport.ask(*COUNT, adaptive=True)
    assert len(github.asked) == 1


def test_partial_data_of_a_query_over_its_limits_is_not_used(github, transport):
    body = {
        "data": {"search": None},
        "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["search"], "message": "limits"}],
    }
    github.script = [github.reply(body)]
    with pytest.raises(TooHeavyError, match="more resources"):
        transport.ask(*COUNT, adaptive=True)


def test_a_query_that_the_schema_refuses_is_not_sent_again(github, transport):
    wrong = {"message": "Field 'x' doesn't exist", "locations": [{"line": 1, "column": 1}]}
    github.script = [github.reply({"errors": [wrong]})]
    with pytest.raises(SourceError, match="refused a query: Field 'x'"):
        ask(transport)
    assert len(github.asked) == 1


def test_an_unknown_error_beside_data_is_never_taken_as_whole(github, transport):
    body = {
        "data": {"search": {"issueCount": 5}},
        "errors": [{"type": "INTERNAL", "path": ["search"], "message": "hm"}],
    }
    github.script = [github.reply(body)] * 5
    with pytest.raises(UnavailableError, match="hm"):
        ask(transport)


def test_a_refusal_without_data_is_an_authentication_error(github, transport):
    body = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "no access"}]}
    github.script = [github.reply(body)]
    with pytest.raises(AuthError, match="no access"):
        ask(transport)


def test_a_missing_endpoint_is_an_error_with_its_status(github, transport):
    github.script = [Response(b"", 404)]
    with pytest.raises(SourceError, match="status 404"):
        ask(transport)


def test_a_host_that_does_not_answer_is_unavailable(ticking):
    transport = Transport(
        api_url="http://127.0.0.1:9",
        credential=FixedToken(value="t"),
        clock=ticking.clock(),
        attempts=2,
    )
    with pytest.raises(UnavailableError, match="connection failed"):
        ask(transport)


@pytest.mark.parametrize(
    ("configured", "api", "system"),
    [
        ("", "https://api.github.com", "github.com"),
        ("https://github.com", "https://api.github.com", "github.com"),
        ("https://github.com/", "https://api.github.com", "github.com"),
        ("https://api.github.com", "https://api.github.com", "github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com", "acme.ghe.com"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com", "acme.ghe.com"),
        ("https://git.acme.test", "https://git.acme.test/api/v3", "git.acme.test"),
        ("https://git.acme.test/api/v3", "https://git.acme.test/api/v3", "git.acme.test"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1"),
    ],
)
def test_the_api_of_each_kind_of_github_is_found(configured, api, system):
    assert hosts.api_url(configured) == api
    assert hosts.system_of(api) == system


@pytest.mark.parametrize("wrong", ["http://git.acme.test", "ftp://x", "acme", "https://[oops"])
def test_an_address_that_is_none_or_not_safe_is_refused(wrong):
    with pytest.raises(ConfigError):
        hosts.api_url(wrong)


def test_an_enterprise_server_is_asked_at_its_own_graphql_path(httpserver, github, ticking):
    httpserver.expect_request("/api/graphql", method="POST").respond_with_handler(github.handle)
    transport = Transport(
        api_url=f"{github.url}/api/v3", credential=FixedToken(value="t"), clock=ticking.clock()
    )
    assert ask(transport).data["search"] == {"issueCount": 0}
