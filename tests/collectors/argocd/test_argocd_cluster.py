"""The same Applications through the Kubernetes API, and those that are gone at the next look."""

from __future__ import annotations

import copy
import json
import re

import pytest
from werkzeug import Response

from evidence.collectors.argocd import ArgoCdCollector
from evidence.errors import AuthError, ConfigError, MalformedError, SourceError
from evidence.model.capture import GapReason, Window
from evidence.model.deployment import Deployment

ALL = Window(since=0, until=2**62)
TOKEN = "c" * 9


class FakeCluster:
    """Serves discovery and the list of Applications in chunks of two."""

    def __init__(self, items):
        self.items = items
        self.asked = 0
        self.forbidden = False

    def handle(self, request):
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return answer(401, {"kind": "Status"})
        if request.path == "/apis/argoproj.io":
            return answer(200, {"versions": [{"version": "v1alpha1"}]})
        if request.path == "/apis/argoproj.io/v1alpha1":
            return answer(200, {"resources": [{"name": "applications"}]})
        if request.path != "/apis/argoproj.io/v1alpha1/applications":
            return answer(404, {"kind": "Status"})
        if self.forbidden:
            return answer(403, {"kind": "Status"})
        begin = int(request.args.get("continue", "0"))
        shown = copy.deepcopy(self.items[begin : begin + 2])
        for one in shown:
            one["metadata"]["resourceVersion"] = str(self.asked)
        more = {"continue": str(begin + 2)} if begin + 2 < len(self.items) else {}
        return answer(200, {"metadata": more, "items": shown})


def answer(status, body):
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def cluster(httpserver, build):
    fake = FakeCluster([build.application(name) for name in ("shop", "till", "stock")])
    fake.url = httpserver.url_for("").rstrip("/")
    httpserver.expect_request(re.compile("/api.*")).respond_with_handler(fake.handle)
    return fake


@pytest.fixture
def make(cluster):
    def maker(**fields):
        given = {"source": "cd", "url": cluster.url, "token": TOKEN, "cluster": True, **fields}
        return ArgoCdCollector(**given)

    return maker


def test_the_collector_keeps_its_promise_through_the_kubernetes_api(promise, make):
    promise(make)


def test_both_apis_give_the_same_deployments(make, cluster, tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"items": cluster.items}), encoding="utf-8")
    live, file = make(), ArgoCdCollector(source="cd", file=path, system="127.0.0.1")

    def deployments(collector):
        return [
            fact
            for page in collector.fetch(ALL, "")
            for capture in page.captures
            for fact in collector.parse(capture).facts
            if isinstance(fact, Deployment)
        ]

    assert deployments(make(system="127.0.0.1")) == deployments(file)
    assert len(deployments(live)) == 9


def test_what_may_not_be_listed_and_what_is_not_installed_is_told(make, cluster):
    cluster.forbidden = True
    with pytest.raises(AuthError, match="may not list"):
        list(make().fetch(ALL, ""))
    with pytest.raises(AuthError):
        list(make(token="wrong").fetch(ALL, ""))


def test_a_cluster_without_argo_cd_is_told(make, cluster, httpserver):
    httpserver.clear()
    httpserver.expect_request(re.compile(".*")).respond_with_json({"kind": "Status"}, status=404)
    with pytest.raises(SourceError, match="not installed"):
        list(make().fetch(ALL, ""))


def test_no_url_is_a_mistake_of_the_configuration():
    with pytest.raises(ConfigError):
        list(ArgoCdCollector(source="cd", cluster=True).fetch(ALL, ""))


def test_an_application_made_anew_under_its_name_leaves_a_gap_for_the_old_uid(make, cluster):
    first = list(make().fetch(ALL, ""))
    assert [gap for page in first for gap in page.gaps] == []
    again = copy.deepcopy(cluster.items[1])
    again["metadata"]["uid"] = "uid-of-the-new-one"
    cluster.items[1] = again
    second = list(make().fetch(ALL, first[-1].cursor))
    gaps = [gap for page in second for gap in page.gaps]
    assert [(gap.key, gap.reason) for gap in gaps] == [("uid-till", GapReason.HISTORY_LOST)]
    assert gaps[0].window_from < gaps[0].window_to or gaps[0].window_to > 0
    third = list(make().fetch(ALL, second[-1].cursor))
    assert [gap for page in third for gap in page.gaps] == []


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "no json", '{"at": "x", "there": 7}'])
def test_a_cursor_of_another_form_is_no_look(make, cursor):
    assert [gap for page in make().fetch(ALL, cursor) for gap in page.gaps] == []


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "CustomResourceDefinition", "metadata": {"name": "applications.argoproj.io"}},
        {"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "x"}}]},
    ],
)
def test_a_file_of_other_objects_is_refused_and_is_no_empty_list(tmp_path, body):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(MalformedError, match="no Argo CD Application"):
        list(ArgoCdCollector(source="cd", file=path).fetch(ALL, ""))
