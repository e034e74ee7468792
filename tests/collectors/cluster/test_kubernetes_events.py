"""Events of a cluster: those that concern deployers, in both forms that the API has."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.kubernetes_events import KubernetesEventsCollector
from evidence.model.actor import ActorType
from evidence.model.capture import Window
from evidence.model.runtime import RuntimeKind

ALL = Window(since=0, until=2**62)


def event(build, number=1, kind="Application", **fields):
    return {
        "metadata": {
            "name": f"shop.{number}",
            "namespace": "argocd",
            "uid": f"uid-{number}",
            "annotations": {"user": "ada"},
        },
        "involvedObject": {"kind": kind, "namespace": "argocd", "name": "shop"},
        "reason": "OperationStarted",
        "message": "ada initiated sync to HEAD",
        "type": "Normal",
        "count": 3,
        "firstTimestamp": build.stamp(1),
        "lastTimestamp": build.stamp(4),
        **fields,
    }


@pytest.fixture
def make(cluster, build):
    cluster.lists = {
        "v1/events": [event(build, 1), event(build, 2), event(build, 3), event(build, 4, "Pod")]
    }

    def maker(**fields):
        return KubernetesEventsCollector(
            source="ev", url=cluster.url, token=build.token, system="c.test", **fields
        )

    return maker


def read(collector):
    return [
        fact
        for page in collector.fetch(ALL, "")
        for capture in page.captures
        for fact in collector.parse(capture).facts
    ]


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@pytest.fixture
def sample(make, contract):
    return contract.captures(contract.run(make))


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


def test_an_event_says_who_asked_for_what_and_how_often(make):
    found = read(make())
    assert [one.event_id for one in found] == ["uid-1", "uid-2", "uid-3"]
    first = found[0]
    assert (first.kind, first.application, first.count) == (
        RuntimeKind.DEPLOYER,
        "argocd/shop",
        3,
    )
    assert (first.actor.id, first.actor.type) == ("ada", ActorType.NAME_ONLY)
    assert first.last_at - first.at == 180_000_000


def test_the_newer_form_of_events_is_read_from_a_file(tmp_path, build):
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "shop.9", "namespace": "flux-system", "uid": "uid-9"},
        "regarding": {"kind": "HelmRelease", "namespace": "flux-system", "name": "shop"},
        "reason": "UpgradeSucceeded",
        "note": "Helm upgrade succeeded",
        "eventTime": build.stamp(7),
        "series": {"count": 5, "lastObservedTime": build.stamp(9)},
        "type": "Normal",
    }
    path = tmp_path / "events.json"
    path.write_text(json.dumps({"kind": "List", "items": [body]}), encoding="utf-8")
    (one,) = read(KubernetesEventsCollector(source="ev", file=path))
    assert (one.application, one.message, one.count) == (
        "helmrelease/flux-system/shop",
        "Helm upgrade succeeded",
        5,
    )
    assert one.last_at - one.at == 120_000_000


def test_an_event_without_any_time_is_placed_when_it_was_seen(make, cluster, build):
    cluster.lists["v1/events"] = [event(build, firstTimestamp=None, lastTimestamp=None)]
    (one,) = read(make())
    assert one.at == one.last_at > 0
