"""The polite session, and the small readings of headers and times that all sources share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from evidence.collectors import http
from evidence.collectors.http import PoliteSession
from evidence.errors import AuthError, MalformedError, SourceError, UnavailableError


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


@pytest.fixture
def session(httpserver):
    return PoliteSession(
        base_url=httpserver.url_for("/"), headers={"Authorization": "Bearer " + "s" * 9}, attempts=3
    )


def script(httpserver, *answers):
    """Serves /x with these answers, one per request, and the last one for good."""
    left = list(answers)

    def handle(_request):
        return left.pop(0) if len(left) > 1 else left[0]

    httpserver.expect_request("/x").respond_with_handler(handle)


def test_an_answer_is_the_raw_bytes_with_their_provenance(httpserver, session):
    script(httpserver, Response(b"\xff\x00raw", headers={"ETag": '"a"', "X-Request-Id": "r1"}))
    answer = session.get("/x", {"b": "2", "a": "1"})
    assert answer.body == b"\xff\x00raw"
    assert answer.exchange.url == httpserver.url_for("/x?a=1&b=2")
    assert (answer.exchange.etag, answer.exchange.request_id) == ('"a"', "r1")
    assert answer.observed_at == http.date_micros(answer.exchange.date) > 0
    assert answer.tries == 1


def test_the_credential_is_sent_and_recorded_nowhere(httpserver, session):
    script(httpserver, Response(b""))
    answer = session.get("/x")
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer " + "s" * 9
    assert "s" * 9 not in repr(answer) + repr(session)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_may_pass_is_tried_again(httpserver, session, status):
    script(httpserver, Response(b"", status), Response(b"ok"))
    answer = session.get("/x")
    assert (answer.body, answer.tries) == (b"ok", 2)


def test_a_retry_prints_nothing(httpserver, session, capsys):
    script(httpserver, Response(b"", 503), Response(b"ok"))
    session.get("/x")
    assert capsys.readouterr().out == ""


def test_a_failure_that_stays_is_unavailable(httpserver, session):
    script(httpserver, Response(b"", 503))
    with pytest.raises(UnavailableError, match="could not be read: status 503"):
        session.get("/x")
    assert len(httpserver.log) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_never_tried_again(httpserver, session, status):
    script(httpserver, Response(b"", status))
    with pytest.raises(AuthError, match=str(status)):
        session.get("/x")
    assert len(httpserver.log) == 1


def test_a_403_that_asks_to_wait_is_a_limit_and_tried_again(httpserver, session):
    script(httpserver, Response(b"", 403, headers={"Retry-After": "1"}), Response(b"ok"))
    assert session.get("/x").body == b"ok"


def test_a_wait_longer_than_allowed_is_not_waited_for(httpserver, session):
    script(httpserver, Response(b"", 429, headers={"Retry-After": "86400"}))
    with pytest.raises(UnavailableError, match="asks to wait 86400 s"):
        session.get("/x")
    assert len(httpserver.log) == 1


def test_a_redirect_is_not_followed(httpserver, session):
    script(httpserver, Response(b"", 302, headers={"Location": "http://u:p@evil.test/?token=x"}))
    with pytest.raises(SourceError, match=r"redirects to http://evil.test/\?token=REDACTED"):
        session.get("/x")


def test_not_found_is_an_answer(httpserver, session):
    script(httpserver, Response(b"", 404))
    assert session.get("/x").status == 404


def test_another_refusal_is_an_error(httpserver, session):
    script(httpserver, Response(b"", 418))
    with pytest.raises(SourceError, match="418"):
        session.get("/x")


def test_an_answer_too_large_is_refused(httpserver, session):
    script(httpserver, Response(b"x" * 2_000))
    session.limit = 1_000
    with pytest.raises(MalformedError, match="larger than 1000"):
        session.get("/x")


def test_a_host_that_is_not_there_is_unavailable():
    with pytest.raises(UnavailableError, match="connection failed"):
        PoliteSession(base_url="http://127.0.0.1:9", attempts=2).get("/x")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h.test:8443/a?x=1#f", "https://h.test:8443/a?x=1"),
        ("https://h.test/a?access_token=s&q=%20", "https://h.test/a?access_token=REDACTED&q=+"),
        ("https://[::1]:80/", "https://[::1]:80/"),
        ("https://[oops", "(unreadable URL)"),
        ("https://h.test:99999/", "(unreadable URL)"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert http.redact_url(url) == shown


MOMENT = int(datetime(2026, 11, 2, 10, 0, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("Mon, 02 Nov 2026 10:00:00 GMT", MOMENT),
        ("Mon, 02 Nov 2026 10:00:00 -0000", MOMENT),
        ("", 0),
        ("soon", 0),
        ("Mon, 99 Nov 2026 10:00:00 GMT", 0),
    ],
)
def test_an_http_date_is_read_or_is_none(text, micros):
    assert http.date_micros(text) == micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-11-02T10:00:00Z", MOMENT),
        ("2026-11-02T12:00:00+02:00", MOMENT),
        ("2026-11-02T10:00:00.123456789Z", MOMENT + 123_456),
        ("2026-11-02T10:00:00", 0),
        ("0001-01-01T00:00:00+14:00", 0),
        ("", 0),
        (None, 0),
        (7, 0),
    ],
)
def test_a_time_without_a_zone_or_a_meaning_is_none(text, micros):
    assert http.iso_micros(text) == micros


@given(st.text() | st.none() | st.integers() | st.lists(st.text()))
def test_reading_a_time_never_raises(value):
    assert http.iso_micros(value) >= 0


@given(st.text())
def test_reading_headers_and_urls_never_raises(text):
    assert http.date_micros(text) >= -(2**63)
    assert (http.retry_after({"retry-after": text}, 0.0) or 0.0) >= 0.0
    assert isinstance(http.redact_url(text), str)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), (" 0 ", 0.0), ("-1", None), ("x", None), ("", None)]
)
def test_retry_after_is_seconds_or_nothing(text, seconds):
    assert http.retry_after({"retry-after": text}, 0.0) == seconds


def test_retry_after_as_a_date_counts_from_the_servers_own_clock():
    headers = {
        "retry-after": "Mon, 02 Nov 2026 10:00:30 GMT",
        "date": "Mon, 02 Nov 2026 10:00:00 GMT",
    }
    assert http.retry_after(headers, 5.0) == 30.0
