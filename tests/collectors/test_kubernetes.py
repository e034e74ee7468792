"""Lists of the Kubernetes API: whole or refused."""

from __future__ import annotations

import json

import pytest
from werkzeug import Response

from evidence.collectors.http import Clock
from evidence.collectors.kubernetes import KubernetesClient, Resource
from evidence.errors import MalformedError, SourceError, UnavailableError

THINGS = Resource(group="things.test", plural="things", kind="Thing")
PATH = "/apis/things.test/v1/things"


@pytest.fixture
def client(httpserver):
    return KubernetesClient(
        url=httpserver.url_for("").rstrip("/"), clock=Clock(sleep=lambda _seconds: None)
    )


def test_the_preferred_version_that_serves_the_resource_is_taken(httpserver, client):
    group = {
        "preferredVersion": {"version": "v1"},
        "versions": [{"version": "v2"}, {"version": "v1"}, {"version": "v1beta1"}],
    }
    httpserver.expect_request("/apis/things.test").respond_with_json(group)
    for version, names in (("v1", ["others"]), ("v2", ["things"])):
        body = {"resources": [{"name": name} for name in names]}
        httpserver.expect_request(f"/apis/things.test/{version}").respond_with_json(body)
    assert client.served(THINGS) == "v2"


@pytest.mark.parametrize("body", [{}, {"versions": 7}, {"versions": [{"version": ""}, 7]}, []])
def test_a_group_that_serves_nothing_is_not_there(httpserver, client, body):
    httpserver.expect_request("/apis/things.test").respond_with_json(body)
    assert client.served(THINGS) == ""


def test_no_token_sends_no_credential(httpserver, client):
    seen = []

    def handle(request):
        seen.append(request.headers.get("Authorization"))
        return Response(b'{"items": []}')

    httpserver.expect_request(PATH).respond_with_handler(handle)
    assert client.list(THINGS, "v1").items == ()
    assert seen == [None]


def test_a_token_that_comes_back_is_refused_instead_of_read_for_ever(httpserver, client):
    httpserver.expect_request(PATH).respond_with_json({"items": [], "metadata": {"continue": "x"}})
    with pytest.raises(MalformedError, match="twice"):
        client.list(THINGS, "v1")


def test_a_list_that_is_gone_is_no_empty_list(httpserver, client):
    httpserver.expect_request(PATH).respond_with_data("", 404)
    with pytest.raises(SourceError, match="404"):
        client.list(THINGS, "v1")


def test_a_list_that_may_not_be_read_says_so(httpserver, client):
    httpserver.expect_request(PATH).respond_with_data("{}", 403)
    assert client.list(THINGS, "v1").problem == "forbidden"


def test_discovery_that_may_not_be_read_is_no_missing_group(httpserver, client):
    httpserver.expect_request("/apis/things.test").respond_with_data("{}", 403)
    with pytest.raises(SourceError, match="discovery is forbidden"):
        client.served(THINGS)


@pytest.mark.parametrize("body", [b"", b"7", b"{}", b'{"items": 7}', b"<html>", b"\xff"])
def test_another_answer_than_a_list_is_malformed(httpserver, client, body):
    httpserver.expect_request(PATH).respond_with_data(body)
    with pytest.raises(MalformedError):
        client.list(THINGS, "v1")


def test_an_object_is_cut_out_exactly(httpserver, client):
    text = '{"items":[{"metadata":{"name":"a","n":1.10,"big":1e30} }, 7]}'
    httpserver.expect_request(PATH).respond_with_data(text)
    (found,) = client.list(THINGS, "v1").items
    assert found.exact == '{"metadata":{"name":"a","n":1.10,"big":1e30} }'
    assert json.loads(found.exact)["metadata"]["name"] == "a"


def test_a_server_that_does_not_come_up_is_unavailable(httpserver, client):
    httpserver.expect_request(PATH).respond_with_data("", 503, headers={"Retry-After": "900"})
    with pytest.raises(UnavailableError):
        client.list(THINGS, "v1")
