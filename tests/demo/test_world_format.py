"""The world format: what is written is read back, mistakes are named, the schema agrees."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.demo.load import load_world
from evidence.demo.moments import DAY, HOUR, iso, moment
from evidence.demo.organisation import demo_world
from evidence.demo.reading import extended, read_world
from evidence.demo.schema import world_schema
from evidence.demo.world import Change, Person, World
from evidence.demo.writing import world_text
from evidence.errors import ConfigError


@pytest.mark.parametrize("world", [demo_world(), load_world(70)], ids=["demo", "load"])
def test_a_written_world_is_read_back_unchanged(world):
    assert read_world(world_text(world)) == world


@given(name=st.text(), path=st.text(min_size=1), content=st.text())
def test_any_text_survives_writing_and_reading(name, path, content):
    world = World(person=(Person(key="ada", name=name),))
    repository = read_world('[[repository]]\nkey = "shop"').repository[0]
    odd = {path.replace("\ud800", ""): content}
    world = extended(world, World(repository=(type(repository)(key="shop", files=odd),)))
    assert read_world(world_text(world)) == world


def test_the_schema_beside_the_code_is_the_one_the_records_give():
    text = files("evidence.demo").joinpath("world.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == world_schema()


@pytest.mark.parametrize("name", ["base", "demo"])
def test_the_shipped_worlds_fit_the_schema(name):
    text = files("evidence.demo").joinpath("worlds", f"{name}.toml").read_text(encoding="utf-8")
    validator = jsonschema.Draft202012Validator(world_schema())
    assert [error.message for error in validator.iter_errors(tomllib.loads(text))] == []


def test_the_schema_refuses_an_unknown_key():
    validator = jsonschema.Draft202012Validator(world_schema())
    wrong = {"change": [{"key": "a", "author": "b", "autor": "c"}]}
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[change]]\nkey='x'\nautor='a'", "did you mean `author`?"),
        ("[[change]]\nkey='x'", "lacks `author`"),
        ("[[change]]\nkey='x'\nauthor=1", "must be a text"),
        ("[[change]]\nkey='x'\nauthor='a'\ndraft='no'", "must be true or false"),
        ("[[deploy]]\napp='x'\nseconds=true", "must be a whole number"),
        ("[[change]]\nkey='x'\nauthor='a'\nsteps=[{do='dance'}]", "needs `do`, one of"),
        ("change = 3", "must be an array"),
        ("[[repository]]\nkey='x'\nfiles={a=1}", "must be a table of texts"),
        ("access = 3", "must be a table"),
        ("not toml", "is not valid TOML"),
    ],
)
def test_a_mistake_in_a_world_is_named(text, words):
    with pytest.raises(ConfigError, match=words.replace("?", r"\?")):
        read_world(text)


def test_an_item_with_a_known_key_replaces_the_old_one():
    base = World(change=(Change(key="a", author="x"), Change(key="b", author="x")))
    delta = World(change=(Change(key="a", author="y"), Change(key="c", author="y")))
    keys = [(one.key, one.author) for one in extended(base, delta).change]
    assert keys == [("a", "y"), ("b", "x"), ("c", "y")]


def test_times_are_iso_or_offsets():
    start = moment("2026-07-06T09:00:00Z", 0)
    assert moment("+1d2h", start) == start + DAY + 2 * HOUR
    assert moment("-1h", start) == start - HOUR
    assert moment("2026-07-06T11:00:00+02:00", 0) == start
    assert iso(start) == "2026-07-06T09:00:00Z"


@pytest.mark.parametrize("text", ["", "+", "tomorrow", "2026-07-06", "2026-07-06T09:00:00", "1d"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ConfigError, match="is no time"):
        moment(text, 0)
