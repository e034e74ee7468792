"""The JSON files of a packet are as their published schemas say, and the schemas refuse others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
PUBLISHED = {
    "results.json": "results.schema.json",
    "population.ipe.json": "population-ipe.schema.json",
}


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / PUBLISHED[name]).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def written(packet: Path, name: str) -> Any:
    return json.loads((packet / name).read_text("utf-8"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_file_is_as_its_schema_says(packet: Path, name: str) -> None:
    assert [error.message for error in validator(name).iter_errors(written(packet, name))] == []


@pytest.mark.long
@pytest.mark.parametrize("name", PUBLISHED)
def test_no_member_may_be_missing(packet: Path, name: str) -> None:
    document = written(packet, name)
    found = {
        member: validator(name).is_valid({k: v for k, v in document.items() if k != member})
        for member in document
    }
    assert found == dict.fromkeys(document, False)


def test_an_outcome_outside_the_four_is_refused(packet: Path) -> None:
    document = written(packet, "results.json")
    document["changes"][0]["determinations"][0]["outcome"] = "accepted"
    assert not validator("results.json").is_valid(document)
