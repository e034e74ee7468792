"""How single values are shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import RenderError
from evidence.model.actor import Actor, ActorType
from evidence.report import text
from evidence.report.plain import plain

HUGE = 10**30


@pytest.mark.parametrize(
    ("hidden", "visible"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b", "a\\u2066b"),
        ("a\x00b", "a\\u0000b"),
        ("a\x1b[31m", "a\\u001b[31m"),
        ("a\r\nb", "a\\u000d\nb"),
        ("a\ud800b", "a\\ud800b"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("tab\tand line\n", "tab\tand line\n"),
        ("Grüße, 世界", "Grüße, 世界"),
        ("e" + "\u0301" * 40, "e" + "\u0301" * 4),
    ],
)
def test_what_hides_is_made_visible(hidden: str, visible: str) -> None:
    assert text.visible(hidden) == visible


@given(st.text(alphabet=st.characters()))
def test_nothing_shown_controls_or_reorders(value: str) -> None:
    left = {unicodedata.category(char) for char in text.shown(value) if char not in "\t\n"}
    assert left & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert not {unicodedata.bidirectional(char) for char in text.shown(value)} & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert text.shown("x" * 2_500) == "x" * 2_000 + "… [500 more characters in the JSON files]"


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (0, ""),
        (1_772_319_600_000_000, "2026-02-28T23:00:00Z"),
        (1_772_319_600_000_001, "2026-02-28T23:00:00.000001Z"),
        (-1_000_000, "1969-12-31T23:59:59Z"),
        (HUGE, f"out of range ({HUGE})"),
    ],
)
def test_times_are_rfc_3339_in_utc(us: int, shown: str) -> None:
    assert text.utc(us) == shown


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (0, ""),
        (1_772_319_600_000_000, "2026-03-01 00:00:00+01:00"),
        (1_774_994_400_000_000, "2026-04-01 00:00:00+02:00"),
        (HUGE, ""),
    ],
)
def test_local_times_follow_the_zones_rules(us: int, shown: str) -> None:
    assert text.local(us, "Europe/Berlin") == shown


@given(st.integers())
def test_no_integer_breaks_a_time(us: int) -> None:
    assert isinstance(text.utc(us) + text.local(us, "Asia/Kathmandu"), str)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "a\x00b"])
def test_an_unknown_zone_is_an_error_with_a_next_step(name: str) -> None:
    with pytest.raises(RenderError, match="time zone"):
        text.zone_info(name)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "n/a"),
        (0, 7, "0.0 %"),
        (1, 3, "33.3 %"),
        (1, 8, "12.5 %"),
        (2, 3, "66.7 %"),
        (7, 7, "100.0 %"),
    ],
)
def test_rates_have_one_decimal(part: int, whole: int, shown: str) -> None:
    assert text.percent(part, whole) == shown


@pytest.mark.parametrize(
    ("us", "shown"),
    [(-1, ""), (0, "0 s"), (90_000_000, "1 min 30 s"), (90_061_000_000, "1 d 1 h")],
)
def test_durations_have_two_units(us: int, shown: str) -> None:
    assert text.duration(us) == shown


def test_people_are_told_apart_by_id_and_mail_is_a_digest() -> None:
    user = Actor(system="github.test", id="7", type=ActorType.USER, login="ada-example")
    app = Actor(system="github.test", id="8", type=ActorType.APP, login="")
    bare = Actor(system="git", id="ada@acme.example", type=ActorType.NAME_ONLY)
    assert [text.who(row) for row in (user, app, bare, None)] == [
        "ada-example (github.test id 7)",
        "account (github.test id 8, app)",
        "e-mail sha256:2a1322415fff (name only)",
        "not stated",
    ]
    assert [text.login(row) for row in (user, app, bare, None)] == [
        "ada-example",
        "github.test:8",
        "e-mail sha256:2a1322415fff",
        "",
    ]


def test_object_ids_within_ids_are_cut() -> None:
    full = "0123456789abcdef0123456789abcdef01234567"
    assert text.brief_id(f"shop:commit:{full}") == "shop:commit:0123456789ab…"
    assert text.short(full) == "0123456789ab"
    assert text.brief_id("shop:pr:7") == "shop:pr:7"


def test_many_entries_are_counted() -> None:
    assert text.entries(tuple(range(1, 15))).endswith("#12 and 2 more")


def test_plain_values_have_a_canonical_form_whatever_came_in() -> None:
    value = {
        "a\ud800": (HUGE, None, True, ActorType.BOT),
        "b": Actor(system="s", id="1", type=ActorType.USER),
    }
    expected = {
        "a\\ud800": [str(HUGE), None, True, "bot"],
        "b": {"system": "s", "id": "1", "type": "user", "login": ""},
    }
    assert plain(value) == expected
