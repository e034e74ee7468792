"""Commits as rows: exact fields from real objects, however odd they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.git.commits import _beside, commit_row, listed
from evidence.collectors.git.objects import path_text
from evidence.errors import SourceError
from evidence.model.capture import Window
from evidence.model.git import Commit

WINDOW = Window(since=0, until=1)
ROBIN = ("Robin Example", "robin@people.test")
FIELDS = [
    "repository",
    "sha",
    "tree",
    "parents",
    "author_name",
    "author_email",
    "author_time",
    "committer_name",
    "committer_email",
    "committer_time",
    "message",
    "signature",
]


def rows(collector, known=()) -> dict[str, dict[str, object]]:
    list(collector.fetch(WINDOW, ""))
    return {
        row[1]: dict(zip([*FIELDS, "paths"], row, strict=True))
        for row in collector.new_commits(known)
    }


def only(origin, collector, **fields) -> dict[str, object]:
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}, **fields))
    (row,) = rows(collector).values()
    return row


def test_a_row_has_the_fields_of_a_commit_in_their_order():
    assert list(Commit.__dataclass_fields__)[2:] == FIELDS


def test_every_field_of_a_commit_arrives(origin, collector):
    first = origin.commit({"a": b"1"})
    second = origin.commit(
        {"a": b"2"},
        first,
        message=b"Fix the till\n\nRequested-by: X-1\n",
        author="Zoë Example <zoe@people.test>".encode(),
    )
    origin.ref("refs/heads/main", second)
    tree = origin.git("rev-parse", f"{second}^{{tree}}")
    time = origin.time * 1_000_000
    assert rows(collector)[second] == {
        "repository": "shop/app",
        "sha": second,
        "tree": tree,
        "parents": first,
        "author_name": "Zoë Example",
        "author_email": "zoe@people.test",
        "author_time": time,
        "committer_name": ROBIN[0],
        "committer_email": ROBIN[1],
        "committer_time": time,
        "message": "Fix the till\n\nRequested-by: X-1\n",
        "signature": "",
        "paths": '["a"]',
    }


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"no newline at the end",
        b"\n\n  blank lines and blanks kept \n\n",
        b"carriage\r\nreturns\r\n",
        b"a mark that is none\n" + b"0" * 40 + b" commit 12\ntree x\n",
        b"\x01\x1e\x1f marks of records \x01",
        b"gpgsig none of mine\nencoding ISO-8859-1\n",
    ],
)
def test_a_message_arrives_byte_by_byte(origin, collector, message):
    assert only(origin, collector, message=message)["message"] == message.decode()


def test_a_nul_in_a_message_does_not_end_it(origin, collector):
    after = origin.commit({"a": b"1"}, message=b"before\0after\n")
    last = origin.commit({"a": b"2"}, after, message=b"next\n")
    origin.ref("refs/heads/main", last)
    found = rows(collector)
    assert found[after]["message"] == "before\0after\n"
    assert found[last]["message"] == "next\n"


def test_a_message_of_five_megabytes_arrives_whole(origin, collector):
    message = b"0123456789abcde\n" * 327_680
    assert only(origin, collector, message=message)["message"] == message.decode()


def test_a_message_beyond_the_limit_ends_there_and_the_next_commit_is_read(
    origin, collector, monkeypatch
):
    monkeypatch.setattr("evidence.collectors.git.commits.COMMIT_LIMIT", 1_000)
    large = origin.commit({"a": b"1"}, message=b"x" * 3_000_000)
    small = origin.commit({"a": b"2"}, large, message=b"y")
    origin.ref("refs/heads/main", small)
    found = rows(collector)
    assert set(found[large]["message"]) == {"x"}
    assert len(found[large]["message"]) < 1_000
    assert found[small]["message"] == "y"


def test_bytes_that_are_not_utf8_become_lone_surrogates(origin, collector):
    row = only(origin, collector, message=b"caf\xe9\n", author=b"Zo\xeb <zoe@people.test>")
    assert (row["message"], row["author_name"]) == ("caf\udce9\n", "Zo\udceb")
    assert row["message"].encode("utf-8", "surrogateescape") == b"caf\xe9\n"


def test_a_lone_surrogate_in_a_message_survives_as_bytes(origin, collector):
    row = only(origin, collector, message=b"\xed\xa0\x80\n")
    assert row["message"].encode("utf-8", "surrogateescape") == b"\xed\xa0\x80\n"


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [("ISO-8859-1", "latin-1"), ("windows-1251", "cp1251"), ("ISO-2022-JP", "iso2022_jp")],
)
def test_a_commit_in_its_own_encoding_is_read_in_it(origin, collector, encoding, codec):
    text = {"latin-1": "café", "cp1251": "касса", "iso2022_jp": "レジ"}[codec]
    row = only(
        origin,
        collector,
        message=text.encode(codec),
        author=text.encode(codec) + b" <zoe@people.test>",
        headers=f"encoding {encoding}\n".encode(),
    )
    assert (row["message"], row["author_name"]) == (text, text)


@pytest.mark.parametrize("encoding", [b"nonsense", b"idna", b"hex", b"unicode_escape", b"utf-16"])
def test_an_encoding_that_is_none_changes_nothing(origin, collector, encoding):
    row = only(origin, collector, message=b"\\x41 caf\xe9", headers=b"encoding " + encoding + b"\n")
    assert row["message"] == "\\x41 caf\udce9"


def test_the_raw_signature_is_kept_and_not_judged(origin, collector):
    armour = b"-----BEGIN SOMETHING-----\n \n abc\n  indented\n -----END SOMETHING-----"
    row = only(origin, collector, headers=b"gpgsig " + armour + b"\n", message=b"signed\n")
    assert row["signature"] == (
        "-----BEGIN SOMETHING-----\n\nabc\n indented\n-----END SOMETHING-----"
    )
    assert row["message"] == "signed\n"


def test_a_signature_inside_a_merged_tag_is_not_the_commits_own(origin, collector):
    row = only(origin, collector, headers=b"mergetag object 12\n type commit\n gpgsig no\n")
    assert row["signature"] == ""


def test_an_octopus_merge_has_all_its_parents_in_order(origin, collector):
    root = origin.commit({"a": b"0"})
    sides = [origin.commit({"a": b"%d" % n}, root) for n in range(1, 9)]
    merge = origin.commit({"a": b"9"}, *sides)
    origin.ref("refs/heads/main", merge)
    assert rows(collector)[merge]["parents"] == " ".join(sides)


def test_several_roots_are_all_read(origin, collector):
    one, other = origin.commit({"a": b"1"}), origin.commit({"b": b"1"})
    merge = origin.commit({"a": b"1", "b": b"1"}, one, other)
    origin.ref("refs/heads/main", merge)
    found = rows(collector)
    assert {sha: row["parents"] for sha, row in found.items()} == {
        one: "",
        other: "",
        merge: f"{one} {other}",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Robin <robin@people.test> 12 +0000", ("Robin", "robin@people.test", 12_000_000)),
        (b"<> 12 +0000", ("", "", 12_000_000)),
        (b" <robin@people.test> 12 +0000", ("", "robin@people.test", 12_000_000)),
        (b"Robin <robin@people.test>", ("Robin", "robin@people.test", 0)),
        (b"Robin <a@b <c@d>> 12 +0000", ("Robin", "a@b <c@d>", 12_000_000)),
        (b"Robin <r@people.test> -12 +0000", ("Robin", "r@people.test", -12_000_000)),
        (b"Robin <r@people.test> 99999999999999999999 +0000", ("Robin", "r@people.test", 0)),
        (b"Robin", ("Robin", "", 0)),
        (b"", ("", "", 0)),
    ],
)
def test_people_and_times_are_read_as_far_as_they_can_be(line, expected):
    body = b"tree " + b"a" * 40 + b"\nauthor " + line + b"\ncommitter " + line + b"\n\nm"
    row = commit_row("r", "f" * 40, body)
    assert row == ("r", "f" * 40, "a" * 40, "", *expected, *expected, "m", "")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_row(body):
    row = commit_row("r", "f" * 40, body)
    assert [type(value) for value in row] == [str] * 6 + [int, str, str, int, str, str]


@given(
    message=st.binary(max_size=200),
    name=st.text(st.characters(exclude_characters="<>\n\0", exclude_categories=["Cs"])),
)
def test_what_a_current_git_writes_is_read_exactly(message, name):
    person = name.encode() + b" <p@people.test> 1750000000 +0100\n"
    body = b"tree " + b"a" * 40 + b"\nauthor " + person + b"committer " + person + b"\n" + message
    row = commit_row("r", "f" * 40, body)
    assert row[4] == name.strip()
    assert row[10].encode("utf-8", "surrogateescape") == message


def paths(collector, known=()) -> dict[str, tuple[str, ...]]:
    return {row[1]: tuple(json.loads(row[-1])) for row in collector.new_commits(known)}


def test_changed_paths_are_those_against_the_first_parent(origin, collector):
    root = origin.commit({"a": b"1", "d/b": b"1"})
    left = origin.commit({"a": b"2", "d/b": b"1"}, root)
    right = origin.commit({"a": b"1", "d/b": b"2"}, root)
    merge = origin.commit({"a": b"2", "d/b": b"2"}, left, right)
    empty = origin.commit({"a": b"2", "d/b": b"2"}, merge)
    moved = origin.commit({"a": b"2", "e/b": b"2"}, empty)
    origin.ref("refs/heads/main", moved)
    list(collector.fetch(WINDOW, ""))
    assert paths(collector) == {
        root: ("a", "d/b"),
        left: ("a",),
        right: ("d/b",),
        merge: ("d/b",),
        empty: (),
        moved: ("d/b", "e/b"),
    }


@given(st.lists(st.binary(min_size=1) | st.sampled_from([b'a"', b"\\", b"\x7f", b"caf\xe9"])))
def test_paths_are_listed_as_json_writes_them(names):
    names = [name.replace(b"\0", b"?") for name in names]
    assert listed(b"\0".join(names)) == json.dumps([path_text(name) for name in names])


def test_paths_that_come_in_another_order_wait_for_their_commit():
    rows = [commit_row("r", sha * 40, b"") for sha in "abc"]
    told = [("c" * 40, '["3"]'), ("a" * 40, '["1"]'), ("b" * 40, "[]")]
    found = {row[1][0]: row[-1] for row in _beside(rows, iter(told))}
    assert found == {"a": '["1"]', "b": "[]", "c": '["3"]'}


def test_a_commit_whose_paths_are_not_told_has_none():
    rows = [commit_row("r", sha * 40, b"") for sha in "ab"]
    told = [("b" * 40, "[]"), ("c" * 40, "[]")]
    assert [row[-1] for row in _beside(rows, iter(told))] == [None, "[]"]


def test_a_log_that_ends_badly_is_an_error_even_where_all_commits_are_told():
    def told():
        yield "a" * 40, "[]"
        raise SourceError("git log ended early")

    with pytest.raises(SourceError):
        list(_beside([commit_row("r", "a" * 40, b"")], told()))


def test_paths_of_any_name_arrive(origin, collector):
    names = ["f" * 40, "new\nline", "caf\udce9", "ünï", '"quoted"', "tab\tand blank ", "-rf"]
    root = origin.commit(dict.fromkeys(names, b"1"))
    origin.ref("refs/heads/main", origin.commit({}, root))
    list(collector.fetch(WINDOW, ""))
    written = {'"caf\\351"' if n.startswith("caf") else n for n in names} - {'"quoted"'}
    written.add('"\\"quoted\\""')
    assert [set(found) for found in paths(collector).values()] == [written, written]
