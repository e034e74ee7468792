"""What a packet and the verifier write is what the published schemas promise, member by member."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from evidence.manifest import parse_envelope
from evidence.verify import examine_packet

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def problems(name: str, value: object) -> list[str]:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return [error.message for error in validator.iter_errors(value)]


def test_the_statement_is_as_published(packet):
    envelope = parse_envelope((packet.folder / "packet.dsse.json").read_bytes())
    assert problems("packet-statement", json.loads(envelope.payload)) == []


def test_the_predicate_is_published_alone_too_under_the_name_that_statements_give_it(packet):
    envelope = parse_envelope((packet.folder / "packet.dsse.json").read_bytes())
    statement = json.loads(envelope.payload)
    schema = json.loads((SCHEMAS / "packet-predicate.schema.json").read_text(encoding="utf-8"))
    assert schema["$id"] == statement["predicateType"]
    assert problems("packet-predicate", statement["predicate"]) == []
    assert problems("packet-predicate", statement["predicate"] | {"more": 1}) != []
    assert problems("packet-predicate", statement["predicate"] | {"sealed_at": "today"}) != []


def test_the_manifest_is_as_published(packet):
    value = json.loads((packet.folder / "manifest.json").read_bytes())
    assert problems("packet-manifest", value) == []
    assert problems("packet-manifest", value | {"more": 1}) != []


@pytest.mark.parametrize("damage", [None, "results.json", "packet.dsse.json"])
def test_the_verdict_is_as_published(packet, damage):
    if damage:
        (packet.folder / damage).write_text("damaged")
    value = examine_packet(packet.folder, packet.trust).as_json()
    assert value["status"] == ("rejected" if damage else "verified")
    assert problems("verify", json.loads(json.dumps(value))) == []
