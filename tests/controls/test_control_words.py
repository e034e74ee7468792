"""Words, people and path patterns: bounded, lenient, never a guess."""

from __future__ import annotations

import pytest
from chain_builder import AGENT, ALICE, BERT, GHOST, START, name_only, person
from hypothesis import given
from hypothesis import strategies as st

from evidence.controls.people import PartyKind, People, noreply_id
from evidence.controls.words import clip, listing, short, when, who
from evidence.model.actor import Actor, ActorType
from evidence.model.globs import all_match, matches
from evidence.policy import Automation


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (START, "2026-03-02T10:00:00Z"),
        (START + 5, "2026-03-02T10:00:00.000005Z"),
        (0, "an unknown time"),
        (-1, "an unknown time"),
        (2**63, "an unknown time"),
        (10**30, "an unknown time"),
    ],
)
def test_a_time_is_utc_or_unknown(micros, text):
    assert when(micros) == text


@given(st.text(max_size=500))
def test_a_name_from_outside_stays_on_one_short_line(text):
    shown = clip(text)

    assert len(shown) <= 60
    assert "\n" not in shown


def test_people_are_named_by_login_and_number():
    assert who(ALICE) == "alice (id 1)"
    assert who(GHOST) == who(None) == "an account that no longer exists"
    assert who(name_only("x@y.test")) == "x (name only)"
    assert short("") == "(no commit)"


def test_a_listing_is_an_enumeration_that_is_cut():
    assert listing([]) == ""
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "a", "c"]) == "a, b and c"
    assert listing("abcdefg") == "a, b, c, d, e and 2 more"


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("docs/a.md", "docs/**", True),
        ("docs/a/b.md", "docs/**", True),
        ("docs", "docs/**", False),
        ("src/docs/a.md", "docs/**", False),
        ("a.md", "*.md", True),
        ("x/a.md", "*.md", False),
        ("x/y/a.md", "**/*.md", True),
        ("a.md", "**/*.md", True),
        ("a+b.md", "a+b.md", True),
        ("aab.md", "a+b.md", False),
        ("ab", "a?", True),
        ("a/", "a?", False),
        ("docs/a\nb", "docs/**", True),
    ],
)
def test_a_pattern_matches_whole_paths(path, pattern, expected):
    assert matches(path, (pattern,)) is expected


def test_an_exemption_is_all_or_nothing_and_nothing_is_not_all():
    assert all_match(("a.md", "b.md"), ("*.md",))
    assert not all_match(("a.md", "b.py"), ("*.md",))
    assert not all_match((), ("*.md",))
    assert not all_match(("a.md",), ())


def test_the_person_map_binds_accounts_and_addresses():
    people = People([person("Bert", BERT, emails=("Bert@Home.test",))], [])

    assert people.party(BERT).key == people.party(name_only("bert@home.test")).key == "person:Bert"
    assert people.party(ALICE).key == ALICE.key
    assert people.person_of_email("nobody@home.test") is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ActorType.USER, PartyKind.HUMAN),
        (ActorType.BOT, PartyKind.UNREGISTERED),
        (ActorType.APP, PartyKind.UNREGISTERED),
        (ActorType.ORGANISATION, PartyKind.UNREGISTERED),
        (ActorType.MANNEQUIN, PartyKind.UNKNOWN),
        (ActorType.GHOST, PartyKind.UNKNOWN),
        (ActorType.NAME_ONLY, PartyKind.UNKNOWN),
    ],
)
def test_only_a_user_account_is_known_to_be_a_person(kind, expected):
    actor = Actor(system="forge.test", id="5", type=kind, login="five")

    assert People([], []).party(actor).kind == expected


def test_automation_is_known_by_account_or_bound_address():
    robot = Automation(id="agent", accounts=(AGENT.key,), emails=("agent@robots.test",))
    people = People([], [robot])

    assert people.party(AGENT).kind == PartyKind.AUTOMATION
    assert people.party(name_only("agent@robots.test")).kind == PartyKind.AUTOMATION
    by_number = people.automation_of_email("66+x@users.noreply.forge.test", "forge.test")
    assert by_number is robot
    assert people.automation_of_email("67+x@users.noreply.forge.test", "forge.test") is None
    assert people.automation(None) is None
    assert people.operator(robot) is None


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("77+bert@users.noreply.github.com", "77"),
        ("bert@users.noreply.github.com", ""),
        ("77+bert@elsewhere.test", ""),
        ("x77+bert@users.noreply.github.com", ""),
    ],
)
def test_the_number_in_an_address_is_read_strictly(address, number):
    assert noreply_id(address) == number
