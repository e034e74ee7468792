"""Reading applications from the API or a file: the contract, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from evidence.collectors.argocd import vanished
from evidence.collectors.http import Clock
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError
from evidence.model.capture import Form, GapReason, Window

ALL = Window(since=0, until=2**62)


def captured(pages, kind="argocd.application"):
    return [capture for page in pages for capture in page.captures if capture.kind == kind]


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


@pytest.fixture
def sample(make, contract):
    return contract.captures(contract.run(make))


def test_the_list_is_asked_for_without_a_refresh(argocd, make):
    list(make().fetch(ALL, ""))
    assert argocd.asked == ["/api/v1/applications?"]


def test_each_application_is_an_exact_slice_under_its_uid(argocd, make):
    found = captured(make().fetch(ALL, ""))
    assert [(each.key, each.form) for each in found] == [
        ("uid-shop-prod", Form.SLICE),
        ("uid-till", Form.SLICE),
    ]
    expected = json.loads(json.dumps(argocd.items[0]))
    expected["metadata"]["resourceVersion"] = "1"
    expected["status"]["reconciledAt"] = "2026-09-01T10:01:00Z"
    assert found[0].payload.decode() == json.dumps(expected)


def test_more_than_a_page_of_applications_comes_in_pages(argocd, make, build):
    argocd.items = [build.application(f"app-{number}") for number in range(250)]
    pages = list(make().fetch(ALL, ""))
    assert [len(page.captures) for page in pages] == [100, 100, 50, 1]
    assert [page.calls for page in pages] == [1, 0, 0, 0]


def test_no_application_at_all_is_an_answer(argocd, make):
    argocd.items = None
    pages = list(make().fetch(ALL, ""))
    assert [(len(page.captures), page.complete, page.calls) for page in pages] == [(1, True, 2)]


def test_an_application_that_vanishes_is_seen_in_the_next_list(argocd, make):
    before = captured(make().fetch(ALL, ""), "argocd.application_list")[0]
    del argocd.items[1]
    after = captured(make().fetch(ALL, ""), "argocd.application_list")[0]
    assert vanished(before.payload, after.payload) == (("uid-till", "argocd/till"),)
    assert vanished(after.payload, before.payload) == ()


@pytest.mark.parametrize("expected", ["gone", "argocd/gone", "elsewhere/till"])
def test_an_expected_application_that_is_not_listed_is_a_gap(make, expected):
    pages = list(make(expected=("till", "argocd/shop-prod", expected)).fetch(ALL, ""))
    gaps = [gap for page in pages for gap in page.gaps]
    assert [(gap.key, gap.reason) for gap in gaps] == [("*", GapReason.NOT_FOUND_OR_FORBIDDEN)]
    assert gaps[0].detail.startswith(f"Application {expected} is not listed")


def test_a_refused_token_is_an_authentication_error(make):
    with pytest.raises(AuthError, match="401"):
        list(make(token="wrong").fetch(ALL, ""))


def test_a_missing_token_or_address_is_told(make):
    with pytest.raises(AuthError, match="no Argo CD token"):
        list(make(token="").fetch(ALL, ""))
    with pytest.raises(ConfigError, match="neither a url nor a file"):
        list(make(url="").fetch(ALL, ""))


def test_another_kind_of_server_is_told(httpserver, make):
    httpserver.expect_request("/other/api/v1/applications").respond_with_response(
        Response(b"", 404)
    )
    with pytest.raises(SourceError, match="not the API of an Argo CD"):
        list(make(url=httpserver.url_for("/other")).fetch(ALL, ""))


def test_no_secret_is_in_a_capture_or_the_representation(make):
    collector = make()
    assert "a" * 9 not in repr(collector) + repr(list(collector.fetch(ALL, "")))


# --- files ---------------------------------------------------------------------------------


@pytest.fixture
def from_file(make, tmp_path):
    def reader(content):
        path = tmp_path / "applications.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return list(make(url="", token="", file=str(path)).fetch(ALL, ""))

    return reader


def test_a_kubectl_list_an_api_list_and_one_application_are_read(from_file, build):
    app = build.application()
    shapes = [{"kind": "List", "items": [app]}, {"metadata": {}, "items": [app]}, [app], app]
    found = [captured(from_file(shape)) for shape in shapes]
    assert [[each.key for each in one] for one in found] == [["uid-shop-prod"]] * 4
    assert len({one[0].payload for one in found}) == 1


def test_other_objects_of_a_kubectl_list_are_left_out(from_file, build):
    other = {"kind": "AppProject", "metadata": {"name": "shop", "uid": "u"}}
    found = captured(from_file({"kind": "List", "items": [other, build.application(), 7, None]}))
    assert [each.key for each in found] == ["uid-shop-prod"]


def test_a_file_was_observed_when_it_was_written(make, tmp_path, build):
    import os

    path = tmp_path / "applications.json"
    path.write_text(json.dumps(build.application()))
    os.utime(path, (1_000, 1_000))
    found = captured(make(file=path, clock=Clock(now=lambda: 5_000.0)).fetch(ALL, ""))
    assert found[0].observed_at == 1_000_000_000
    assert found[0].exchanges[0].url == "file:applications.json"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"7", b"{}", b"apiVersion: v1", b"\xff\xfe", b'"x"']
)
def test_a_file_without_applications_is_malformed(from_file, content):
    with pytest.raises(MalformedError):
        from_file(content)


def test_a_file_that_is_not_there_is_a_configuration_error(make, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        list(make(file=tmp_path / "none.json").fetch(ALL, ""))
