"""Deployments that a pipeline tells: taken as they are, refused with their place in the file."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from evidence.collectors.ingested import deployment, parse
from evidence.collectors.ingested.given import Given
from evidence.errors import MalformedError
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Form, GapReason

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/reference/schemas/deployment.schema.json").read_text("utf-8"))
SHA = "9" * 40
RUN = {
    "id": "deploy-shop/17",
    "application": "shop",
    "started_at": "2026-07-08T10:00:00Z",
    "finished_at": "2026-07-08T10:02:00Z",
    "phase": "Succeeded",
    "sources": [{"repository": "https://git.example/shop.git", "revision": SHA, "path": "app"}],
    "images": ["registry.example/shop@sha256:" + "1" * 64],
    "initiator": {"id": "41", "name": "ada", "type": "user", "system": "ci.example"},
    "approvers": [{"name": "bert"}],
    "url": "https://ci.example/job/deploy-shop/17",
    "branch": "main",
}


def given(data, name="run.json"):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Given(name=name, data=raw, source="jenkins", observed_at=7)


def facts(data):
    captures = deployment.captures(given(data))
    return [fact for one in captures for fact in parse.parse(one).facts]


def test_a_run_is_a_deployment_with_its_initiator_and_its_approvers():
    (fact,) = facts(RUN)
    assert (fact.source, fact.application_uid, fact.phase) == ("jenkins", "shop", "Succeeded")
    assert fact.sources[0].revision == SHA
    assert fact.operation_id == "deploy-shop/17"
    assert fact.initiator == Actor(system="ci.example", id="41", type=ActorType.USER, login="ada")
    assert [one.type for one in fact.approvers] == [ActorType.NAME_ONLY]
    assert fact.finished_at - fact.started_at == 120_000_000


def test_the_bytes_of_one_object_are_kept_with_the_fields_nobody_knows():
    data = json.dumps(RUN, indent=3).encode()
    (capture,) = deployment.captures(given(data))
    assert (capture.form, capture.payload, capture.key) == (Form.EXACT, data, "deploy-shop/17")


def test_an_array_and_json_lines_hold_many():
    second = {**RUN, "id": "deploy-shop/18"}
    lines = b"\n".join(json.dumps(one).encode() for one in (RUN, second)) + b"\n"
    assert [one.operation_id for one in facts([RUN, second])] == [RUN["id"], second["id"]]
    assert facts(lines) == facts([RUN, second])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": ""}, "`id`"),
        ({"id": 7}, "`id`"),
        ({"started_at": "yesterday"}, "`started_at`"),
        ({"started_at": "2026-07-08T10:00:00"}, "`started_at`"),
        ({"phase": "success"}, "`phase`"),
        ({"sources": [{"revision": SHA}]}, "`sources.0.repository`"),
        ({"automated": "yes"}, "`automated`"),
    ],
)
def test_what_is_not_by_the_form_is_refused_with_its_place(change, told):
    with pytest.raises(MalformedError) as refused:
        deployment.captures(given([RUN, {**RUN, **change}]))
    assert told in refused.value.message
    assert "run.json, element 2" in refused.value.message


@pytest.mark.parametrize("data", [b"", b"not json", b"[1]", b"7", b"[]", b'{"id": 1}\n{', b"\xff"])
def test_what_is_no_json_object_is_refused(data):
    with pytest.raises(MalformedError):
        deployment.captures(given(data))


def test_two_deployments_of_one_id_in_one_file_are_refused():
    with pytest.raises(MalformedError, match="two deployments"):
        deployment.captures(given([RUN, RUN]))


def test_what_the_form_takes_the_published_schema_takes():
    jsonschema.validate(RUN, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**RUN, "phase": "success"}, SCHEMA)


def test_a_capture_that_lost_its_start_is_a_gap():
    (capture,) = deployment.captures(given(RUN))
    from dataclasses import replace

    parsed = parse.parse(replace(capture, payload=b'{"id": "x", "application": "shop"}'))
    assert [gap.reason for gap in parsed.gaps] == [GapReason.MALFORMED]


@settings(max_examples=200)
@drawn(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused_and_never_break(data):
    try:
        deployment.captures(given(data))
    except MalformedError:
        return


STATE = {
    "id": "state/8",
    "application": "network",
    "started_at": "2026-07-08T10:00:00Z",
    "phase": "Succeeded",
    "serial": 8,
}


@pytest.mark.parametrize(
    ("more", "local"),
    [
        ({}, True),
        ({"url": "https://ci.example/run/8"}, False),
        ({"sources": RUN["sources"]}, False),
        ({"sources": RUN["sources"], "local_content": True}, True),
    ],
)
def test_a_state_that_changed_without_sources_and_without_a_run_came_from_elsewhere(more, local):
    (fact,) = facts(STATE | more)
    assert (fact.history_id, fact.local_manifests) == (8, local)


def test_without_a_serial_nothing_is_numbered():
    (fact,) = facts({name: value for name, value in STATE.items() if name != "serial"})
    assert (fact.history_id, fact.local_manifests) == (-1, False)


@pytest.mark.parametrize("serial", [-1, 2**31, "8", 8.5, True])
def test_a_serial_that_is_no_number_is_refused(serial):
    with pytest.raises(MalformedError, match="serial"):
        deployment.captures(given(STATE | {"serial": serial}))
