"""What a stored delivery says."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.http import iso_micros
from evidence.collectors.received.parse import capture, parse
from evidence.collectors.received.readers import READERS

AT = 1_790_000_000_000_000


def delivered(system, body, *, event="", key="k-1"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    context = {"system": system, "event": event, "signature": "bearer", "secret": "1"}
    made = capture(
        source="src", key=key, body=data, received_at=AT, path="/webhooks/src", context=context
    )
    (fact,) = parse(made).facts
    return fact


PULL = {
    "action": "closed",
    "number": 12,
    "pull_request": {
        "id": 901,
        "number": 12,
        "updated_at": "2026-07-01T10:00:00Z",
        "head": {"sha": "a" * 40},
    },
    "repository": {"id": 7, "full_name": "acme/shop"},
}


def test_a_pull_request_is_named_by_its_repository_and_number():
    found = delivered("github", PULL, event="pull_request")

    assert found.event == "pull_request.closed"
    assert found.about == "acme/shop#12"
    assert found.repository == "acme/shop"
    assert found.uid == "901"
    assert found.revision == "a" * 40
    assert found.happened_at == iso_micros("2026-07-01T10:00:00Z")


def test_a_push_is_named_by_its_ref():
    body = {"ref": "refs/heads/main", "after": "b" * 40, "repository": PULL["repository"]}

    found = delivered("github", body, event="push")

    assert (found.about, found.revision) == ("acme/shop@refs/heads/main", "b" * 40)


def test_githubs_form_encoding_is_read_as_json_is():
    data = urlencode({"payload": json.dumps(PULL)}).encode()

    assert delivered("github", data, event="pull_request").about == "acme/shop#12"


def test_a_flux_event_names_its_object_and_revision_with_and_without_the_group():
    thing = {"kind": "Kustomization", "name": "webapp", "namespace": "apps", "uid": "u-1"}
    plain = {"revision": "main@sha1:" + "c" * 40}
    grouped = {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:" + "c" * 40}

    for metadata in (plain, grouped):
        body = {
            "involvedObject": thing,
            "metadata": metadata,
            "reason": "ReconciliationSucceeded",
            "timestamp": "2026-07-01T10:00:00Z",
        }
        found = delivered("flux", body, event="kustomize-controller")
        assert found.about == "Kustomization/apps/webapp"
        assert found.revision == "main@sha1:" + "c" * 40
        assert found.event == "ReconciliationSucceeded"


def test_a_flux_event_prefers_the_origin_of_an_artifact():
    body = {"metadata": {"revision": "latest@sha256:0", "originRevision": "main@sha1:1"}}

    assert delivered("flux", body).revision == "main@sha1:1"


def test_an_application_is_named_by_namespace_name_and_uid():
    body = {
        "kind": "Application",
        "namespace": "argocd",
        "name": "shop-prod",
        "uid": "u-2",
        "phase": "Succeeded",
        "revision": None,
        "revisions": ["d" * 40, "1.2.3"],
        "startedAt": "2026-07-01T10:00:00Z",
        "finishedAt": "2026-07-01T10:01:00Z",
    }

    found = delivered("argocd", body)

    assert found.about == "Application/argocd/shop-prod"
    assert (found.uid, found.revision, found.event) == ("u-2", "d" * 40, "Succeeded")
    assert found.happened_at == iso_micros("2026-07-01T10:01:00Z")


def test_flaggers_milliseconds_as_text_are_a_time():
    body = {
        "name": "podinfo",
        "namespace": "default",
        "phase": "Progressing",
        "metadata": {"timestamp": "1578607635167"},
    }

    found = delivered("flagger", body)

    assert (found.about, found.event) == ("default/podinfo", "Progressing")
    assert found.happened_at == 1_578_607_635_167_000


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"[1]", b"\xff\xfe", b"[" * 100_000, b"payload="]
)
def test_what_is_no_object_is_kept_and_names_nothing(body):
    found = delivered("github", body, event="ping")

    assert (found.event, found.about, found.repository) == ("ping", "", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "action",
                    "number",
                    "repository",
                    "full_name",
                    "pull_request",
                    "head",
                    "sha",
                    "id",
                    "ref",
                    "after",
                    "metadata",
                    "involvedObject",
                    "uid",
                    "kind",
                    "name",
                    "namespace",
                    "revisions",
                    "revision",
                    "timestamp",
                    "phase",
                    "operation",
                    "finishedAt",
                    "updated_at",
                    "review",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(JSON, st.sampled_from(sorted(READERS)))
def test_any_json_at_all_is_read_without_an_error(body, system):
    found = delivered(system, json.dumps(body).encode(), event="e")

    assert found.source == "src"
    assert max(map(len, (found.about, found.event, found.uid, found.revision))) <= 2_000
