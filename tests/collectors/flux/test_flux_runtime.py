"""Suspension, image automation and the sources of charts: what Flux shows beside deployments."""

from __future__ import annotations

import json

import pytest

from evidence.model.capture import Window
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.runtime import RuntimeEvent, RuntimeKind

ALL = Window(since=0, until=2**62)
IMAGE = "image.toolkit.fluxcd.io"
SOURCE = "source.toolkit.fluxcd.io"


@pytest.fixture
def read(make, tmp_path):
    """Facts of a class in a file with these objects."""

    def run(cls, *objects):
        path = tmp_path / "objects.json"
        path.write_text(json.dumps({"kind": "List", "items": objects}), encoding="utf-8")
        collector = make(url="", file=path)
        return [
            fact
            for page in collector.fetch(ALL, "")
            for capture in page.captures
            for fact in collector.parse(capture).facts
            if isinstance(fact, cls)
        ]

    return run


def thing(kind, group, name, spec, status=None):
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "flux-system", "uid": f"uid-{kind}-{name}"},
        "spec": spec,
        "status": status or {},
    }


def test_a_suspended_kustomization_is_told_with_the_manager_that_set_it(read, build):
    body = build.kustomization()
    body["spec"]["suspend"] = True
    body["metadata"]["managedFields"] = [
        {"manager": "flux", "time": build.stamp(30), "fieldsV1": {"f:spec": {"f:suspend": {}}}},
        {"manager": "kustomize-controller", "time": build.stamp(40), "fieldsV1": {"f:status": {}}},
    ]
    (event,) = read(RuntimeEvent, body)
    assert (event.kind, event.message, event.actor) == (RuntimeKind.SUSPENDED, "set by flux", None)
    assert event.at == 1788258600000000
    assert read(ApplicationState, body)[0].sync_status == "Suspended"


def test_without_field_managers_the_look_is_the_moment(read, build):
    body = build.helm_release()
    body["spec"]["suspend"] = True
    (event,) = read(RuntimeEvent, body)
    assert (event.application, event.message) == ("helmrelease/flux-system/shop", "")
    assert event.at == event.last_at > 0


def test_what_is_not_suspended_tells_nothing(read, build):
    assert read(RuntimeEvent, build.kustomization(), build.helm_release()) == []


def test_image_automation_tells_the_commit_that_it_pushed(read, build):
    status = {
        "lastPushCommit": f"main@sha1:{'c' * 40}",
        "lastPushTime": build.stamp(20),
        "observedPolicies": {"shop": {"name": "registry.test/shop", "tag": "v2"}},
    }
    update = thing("ImageUpdateAutomation", IMAGE, "bumps", {}, status)
    (event,) = read(RuntimeEvent, build.kustomization(), update)
    assert (event.kind, event.revision, event.automated) == (
        RuntimeKind.DEPLOYER,
        "c" * 40,
        True,
    )
    assert event.message == "shop: registry.test/shop:v2"


def release_of(build, **spec):
    body = build.helm_release()
    body["spec"] = spec
    return body


def test_a_chart_of_a_helm_repository_says_its_address_and_its_digest(read, build):
    chart = {"chart": "shop", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}
    body = release_of(build, chart={"spec": chart})
    body["status"]["history"][0]["ociDigest"] = "sha256:" + "d" * 64
    home = thing("HelmRepository", SOURCE, "charts", {"url": "https://charts.test"})
    newest = read(Deployment, home, body)[-1].sources[0]
    assert (newest.repo_url, newest.kind) == ("https://charts.test", "helm")
    assert newest.digest == "sha256:" + "d" * 64


def test_a_chart_object_leads_to_the_source_that_it_is_built_from(read, build):
    chart = thing(
        "HelmChart", SOURCE, "shop", {"sourceRef": {"kind": "GitRepository", "name": "config"}}
    )
    body = release_of(build, chartRef={"kind": "HelmChart", "name": "shop"})
    body["status"]["history"] = [build.release(1, 15, chartVersion="1.0.0+0cc9a8446c95")]
    (one,) = read(Deployment, build.git_repository(), chart, body)
    assert (one.sources[0].kind, one.sources[0].revision) == ("git", "0cc9a8446c95")
    assert one.sources[0].repo_url == "https://github.test/acme/config.git"


def test_a_bucket_has_an_address_without_a_url(read, build):
    body = build.kustomization(lastAppliedRevision="sha256:" + "e" * 64, history=[])
    body["spec"]["sourceRef"] = {"kind": "Bucket", "name": "manifests"}
    bucket = thing("Bucket", SOURCE, "manifests", {"bucketName": "m", "endpoint": "s3.test"})
    (one,) = read(Deployment, bucket, body)
    assert (one.sources[0].repo_url, one.sources[0].kind) == ("s3://s3.test/m", "bucket")
