"""Canonical JSON, safe reading, exact slices and comparison digests."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical
from evidence.errors import MalformedError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
# Literals that a reader which parses and prints again would alter.
FRAGILE = [
    "1" + "0" * 30,
    "1.10",
    "1E5",
    "-0",
    "0.1e-7",
    r'"\ud800"',
    r'"\u0000"',
    r'"\/\u00e9é"',
    '{"a":1,"a":2}',
    '{ "b" : [ 1 , 2 ] , "a":{}}',
    "[]",
    "null",
    "9" * 5000,
]


def test_keys_are_sorted_by_utf16_as_rfc_8785_says():
    value = {"\ufb33": 1, "\U0001f600": 2, "a": 1.0}
    assert canonical.canonical_json(value) == '{"a":1,"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [2**53, float("nan"), "\ud800", b"x", {1: 2}, object()])
def test_a_value_without_a_canonical_form_is_refused(value):
    with pytest.raises(MalformedError):
        canonical.canonical_json({"v": value})


RECORD = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcXYZ_09", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(RECORD)
def test_the_quick_form_of_what_the_codec_wrote_is_the_canonical_one(value):
    assert canonical.canonical_record(json.dumps(value)) == canonical.canonical_json(value)


def test_the_quick_form_refuses_a_lone_surrogate_as_the_canonical_one_does():
    with pytest.raises(MalformedError):
        canonical.canonical_record(json.dumps({"v": "\ud800"}))


def test_sha256_hex_is_the_digest_in_lower_case():
    assert canonical.sha256_hex(b"abc") == hashlib.sha256(b"abc").hexdigest()


@given(JSON)
def test_what_json_writes_loads_reads(value):
    assert canonical.loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{",
        b"[1,]",
        b"NaN",
        b"[-Infinity]",
        b"\xff\xfe",
        b"[" * 200_000,
        b"[" * 201 + b"]" * 201,
        b"[" + b'{"a":' * 200 + b"1" + b"}" * 200 + b"]",
        b"1" * 5000,
        b'"\x01"',
        b"1 2",
    ],
)
def test_unusable_json_is_malformed_and_nothing_else(bad):
    with pytest.raises(MalformedError):
        canonical.loads(bad)


def test_json_over_the_size_limit_is_refused_before_it_is_read():
    with pytest.raises(MalformedError, match="larger than the limit of 10"):
        canonical.loads(b"[1,2,3,4,5]", limit=10)


def test_brackets_inside_strings_do_not_count_as_depth():
    text = json.dumps(["[" * 500, '\\"' + "{" * 500])
    assert canonical.loads(text) == json.loads(text)


def test_wide_json_is_not_deep_json():
    assert len(canonical.loads("[" + ",".join(["[]"] * 1000) + "]", depth=2)) == 1000


def test_lone_surrogates_are_kept_and_a_byte_order_mark_is_not():
    assert canonical.loads('\ufeff{"a":"\\ud800"}'.encode()) == {"a": "\ud800"}


def test_of_a_duplicate_key_the_last_value_is_kept_and_the_fact_can_be_asked_for():
    text = '{"x":[{"a":1,"a":2}]}'
    assert canonical.loads(text) == {"x": [{"a": 2}]}
    assert canonical.has_duplicate_keys(text)
    assert not canonical.has_duplicate_keys('{"a":{"a":1}}')


@pytest.mark.parametrize("literal", FRAGILE)
def test_a_slice_has_the_exact_characters_of_its_value(literal):
    page = f' {{ "data" : {{"other":[{{}}],"nodes" : [ 0 ,\n{literal} , "x"] }}, "z": 1}} '
    assert canonical.slice_json(page, ("data", "nodes", 1)) == literal


@pytest.mark.parametrize("literal", FRAGILE[:-1])
def test_each_element_comes_with_its_exact_text_and_its_value(literal):
    page = f'{{"n":[{literal},  {literal}\t]}}'
    value = json.loads(literal)
    assert canonical.slice_each(page, ("n",)) == [(literal, value), (literal, value)]


def test_the_last_of_duplicate_keys_on_a_path_is_followed_as_loads_does():
    assert canonical.slice_json('{"a":1,"b":0,"a":[2]}', ("a",)) == "[2]"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{}", ("a",)),
        ("[]", (0,)),
        ("[1]", (1,)),
        ("[1]", (-1,)),
        ("1", ("a",)),
        ('{"a":1}', (0,)),
        ("", ()),
        ("[1 2]", (1,)),
        ("[1,", (0,)),
        ('{"a" 1}', ("a",)),
        ("{1:2}", ("a",)),
        ('{"a":1;}', ("a",)),
        ('{"a":', ("a",)),
        ('["' + "[" * 9, (0,)),
    ],
)
def test_a_slice_of_what_is_not_there_is_malformed(text, path):
    with pytest.raises(MalformedError):
        canonical.slice_json(text, path)


@given(st.lists(JSON, max_size=5), st.sampled_from([None, 2]))
def test_slices_of_an_array_parse_to_its_elements(values, indent):
    page = json.dumps({"a": values}, indent=indent)
    assert [value for _, value in canonical.slice_each(page, ("a",))] == values
    assert [json.loads(canonical.slice_json(page, ("a", i))) for i in range(len(values))] == values


@given(st.lists(st.tuples(st.text(max_size=5), JSON), max_size=4, unique_by=lambda pair: pair[0]))
def test_a_spliced_object_gives_its_members_back_unchanged(members):
    texts = [(name, json.dumps(value, indent=1)) for name, value in members]
    spliced = canonical.splice_object(texts)
    assert [(name, canonical.slice_json(spliced, (name,))) for name, _ in texts] == texts


def test_a_spliced_array_gives_its_elements_back_unchanged():
    assert [
        text for text, _ in canonical.slice_each(canonical.splice_array(["1.10", "{ }"]), ())
    ] == ["1.10", "{ }"]


def test_versions_that_differ_only_in_volatile_places_compare_equal():
    old = b'{"a":{"v":1,"k":1},"l":[{"t":1,"x":2},{"t":2}],"m/n":3}'
    new = b'{"m/n":4,"l":[{"t":9,"x":2},{"t":8}],"a":{"k":1,"v":2}}'
    volatile = ("/a/v", "/l/*/t", "/m~1n", "/not/there", "/l/7/t", "/a/k/deeper")
    assert canonical.comparison_digest(old, volatile) == canonical.comparison_digest(new, volatile)
    assert canonical.comparison_digest(old) != canonical.comparison_digest(new)


def test_a_volatile_name_matches_nothing_in_an_array():
    old, new = b'{"pages": [[{"v": 1}]]}', b'{"pages": [[{"v": 2}]]}'
    volatile = ("/pages/*/rows/*/v", "/pages/first")
    assert canonical.comparison_digest(old, volatile) != canonical.comparison_digest(new, volatile)
    assert canonical.comparison_digest(old, volatile) == canonical.comparison_digest(old)


def test_a_volatile_element_keeps_the_places_of_the_others():
    digest = canonical.comparison_digest
    assert digest(b"[1,2]", ("/0",)) == digest(b"[3,2]", ("/0",))
    assert digest(b"[1,2]", ("/0",)) != digest(b"[1,3]", ("/0",))
    assert digest(b'{"a":1}', ("/*",)) == digest(b'{"a":2,"b":1}', ("/*",))
    assert digest(b'{"a":1}', ("",)) == digest(b'{"a":1}')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"1.10", b"1.1"),
        (b"1.10", b'"1.10"'),
        (b"1" + b"0" * 30, b"1" + b"0" * 29 + b"1"),
        (b"not json", b"not  json"),
        (b"1e400", b"1e500"),
    ],
)
def test_different_literals_are_different_versions(one, other):
    assert canonical.comparison_digest(one) != canonical.comparison_digest(other)


def test_a_payload_that_is_not_json_is_compared_by_its_bytes():
    assert canonical.comparison_digest(b"refs/heads/main", ("/x",)) == canonical.sha256_hex(
        b"refs/heads/main"
    )


def test_a_query_digest_depends_on_text_and_variables_but_not_on_their_order():
    digest = canonical.query_digest
    assert digest("q", {"a": 1, "b": 2}) == digest("q", {"b": 2, "a": 1})
    assert digest("q", {"a": 1}) != digest("q", {"a": 2})
    assert digest("q") == digest("q", {})
