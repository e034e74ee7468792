"""The audit log of an API server: completed writes, by the account that was authenticated."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from evidence.collectors.ingested import audit_log, parse
from evidence.collectors.ingested.given import Given
from evidence.errors import MalformedError
from evidence.model.actor import ActorType
from evidence.model.capture import Form, GapReason
from evidence.model.runtime import RuntimeKind


def event(audit_id="a-1", **fields):
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": audit_id,
        "stage": "ResponseComplete",
        "verb": "patch",
        "user": {"username": "ada@people.test", "groups": ["ops"]},
        "userAgent": "kubectl/v1.31.0",
        "objectRef": {"resource": "deployments", "namespace": "shop", "name": "web"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-07-08T10:00:00.123456Z",
        "stageTimestamp": "2026-07-08T10:00:00.223456Z",
        **fields,
    }


def given(*events):
    data = "\n".join(json.dumps(one) for one in events).encode()
    return Given(name="audit.jsonl", data=data, source="audit", observed_at=9, system="c.test")


def facts(*events):
    return [f for one in audit_log.captures(given(*events)) for f in parse.parse(one).facts]


def test_a_write_by_hand_is_told_with_its_account_and_its_program():
    (one,) = facts(event(), event("a-2", verb="get"))
    assert (one.kind, one.verb, one.outcome) == (RuntimeKind.WRITE, "patch", "200")
    assert (one.actor.id, one.actor.type) == ("ada@people.test", ActorType.NAME_ONLY)
    assert (one.automated, one.message) == (False, "kubectl/v1.31.0")
    assert (one.object_kind, one.object_name) == ("deployments", "shop/web")
    assert one.last_at - one.at == 100_000


def test_each_line_is_kept_as_it_stands():
    lines = given(event(), event("a-2"))
    taken = audit_log.captures(lines)
    assert [(one.form, one.payload) for one in taken] == [
        (Form.EXACT, line) for line in lines.data.split(b"\n")
    ]


@pytest.mark.parametrize(
    ("user", "kind", "automated"),
    [
        ({"username": "system:serviceaccount:argocd:app"}, ActorType.BOT, True),
        ({"username": "system:kube-scheduler"}, ActorType.APP, True),
        ({"username": "ada", "uid": "u-1"}, ActorType.USER, False),
    ],
)
def test_programs_are_told_from_people(user, kind, automated):
    (one,) = facts(event(user=user), event("a-2", verb="list"))
    assert (one.actor.type, one.automated) == (kind, automated)


def test_reads_and_other_stages_are_left_out():
    assert [
        one.event_id
        for one in facts(
            event("a-1", stage="RequestReceived"), event("a-2", verb="watch"), event("a-3")
        )
    ] == ["a-3"]


def test_the_deployers_mark_on_the_object_names_the_application():
    mark = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}
    marked = event(responseObject={"metadata": mark})
    (one,) = facts(marked, event("a-2", verb="get"))
    assert one.application == "shop"


def test_an_impersonated_user_is_named_beside_who_did_it():
    (one,) = facts(event(impersonatedUser={"username": "root"}), event("a-2", verb="get"))
    assert one.message == "kubectl/v1.31.0 on behalf of root"


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((event(apiVersion="v1"), event()), "line 1: this is no event"),
        ((event(auditID=""), event()), "line 1: this is no event"),
        ((event(verb="get"), event("a-2", verb="list")), "no completed write"),
    ],
)
def test_other_files_are_refused(events, told):
    with pytest.raises(MalformedError, match=told):
        audit_log.captures(given(*events))


def test_a_write_without_a_time_is_a_gap():
    (capture,) = audit_log.captures(given(event(), event("a-2", verb="get")))
    payload = json.dumps(event(requestReceivedTimestamp=None)).encode()
    parsed = parse.parse(replace(capture, payload=payload))
    assert [gap.reason for gap in parsed.gaps] == [GapReason.MALFORMED]


@settings(max_examples=100)
@drawn(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, contract):
    (capture,) = audit_log.captures(given(event(), event("a-2", verb="get")))
    assert parse.parse(contract.mutated(data, capture)) is not None
