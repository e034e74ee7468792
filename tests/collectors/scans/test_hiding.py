"""Secrets that a scanner found leave its result before anything is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import EVERY, GITLEAKS, TRIVY

from evidence.collectors.scans.formats import names_to_hide
from evidence.collectors.scans.hiding import without_secrets

NAMES = frozenset({"Secret", "Line"})
SECRET = "not a real one"


def hidden(value: object) -> tuple[Any, int]:
    text, count = without_secrets(json.dumps(value), names_to_hide(value, ""))
    return json.loads(text), count


@pytest.mark.parametrize("name", ["gitleaks", "gitleaks-7", "trivy", "trivy-list"])
def test_no_secret_is_left_and_all_else_is(name: str) -> None:
    value = EVERY[name][1]
    kept, count = hidden(value)
    assert SECRET in json.dumps(value)
    assert SECRET not in json.dumps(kept)
    assert count


def test_where_it_stood_is_kept() -> None:
    kept, count = hidden(GITLEAKS)
    assert (3, "shop/keys.py") == (count, kept[0]["File"])
    kept, count = hidden(TRIVY)
    assert (2, "generic-key") == (count, kept["Results"][2]["Secrets"][0]["RuleID"])


def test_excerpts_of_sarif_go_and_messages_stay() -> None:
    region = {"startLine": 3, "snippet": {"text": SECRET, "rendered": {"text": SECRET}}}
    result = {"message": {"text": "A key"}, "locations": [{"physicalLocation": {"region": region}}]}
    files = [{"contents": {"text": SECRET}, "description": {"text": "A file"}}]
    value = {"version": "2.1.0", "runs": [{"results": [result], "artifacts": files}]}
    kept, count = hidden(value)
    assert SECRET not in json.dumps(kept)
    assert ("A key", "A file", 3) == (
        kept["runs"][0]["results"][0]["message"]["text"],
        kept["runs"][0]["artifacts"][0]["description"]["text"],
        count,
    )


def test_every_byte_beside_the_secret_stays_as_it_stood() -> None:
    text = '[ {"Secret"  :\n"a\\"b" , "n": 1.10, "note": "\\"Secret\\": \\"x\\"" } ]'
    assert without_secrets(text, NAMES) == (
        (
            '[ {"Secret"  :\n"[redacted:scanned-secret]" , "n": 1.10, '
            '"note": "\\"Secret\\": \\"x\\"" } ]'
        ),
        1,
    )


def test_a_name_written_in_escapes_is_found_all_the_same() -> None:
    assert without_secrets('{"\\u0053ecret": "x"}', NAMES)[1] == 1


@pytest.mark.parametrize("value", ["", "REDACTED", "[redacted:scanned-secret]"])
def test_what_was_taken_out_already_is_not_counted_again(value: str) -> None:
    text = json.dumps({"Secret": value})
    assert without_secrets(text, NAMES) == (text, 0)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Secret", "Line", "snippet", "text", "a"]), inner)
    ),
    max_leaves=12,
)


@given(value=JSON)
def test_what_is_left_is_json_of_the_same_shape_without_those_texts(value: object) -> None:
    kept = json.loads(without_secrets(json.dumps(value), NAMES)[0])

    def same(before: Any, after: Any, name: str = "") -> bool:
        if isinstance(before, dict):
            return before.keys() == after.keys() and all(
                same(before[key], after[key], key) for key in before
            )
        if isinstance(before, list):
            return len(before) == len(after) and all(map(same, before, after))
        if name in NAMES and isinstance(before, str) and before:
            return bool(after.startswith("[redacted:"))
        return bool(before == after) or name == "text"

    assert same(value, kept)
