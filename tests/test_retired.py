"""What is taken out of the configuration counts for what was recorded of it."""

from __future__ import annotations

from contextlib import closing

import pytest

from evidence.config.load import load
from evidence.config.yardstick import build_policy
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import with_discovered
from evidence.retired import retired, with_retired
from evidence.store import queries
from evidence.store.session import connect
from evidence.store.upgrade import upgrade

SOURCE = """
[[source]]
id = "github"
kind = "github"
url = "https://github.example"
"""
SHOP = """
[[repository]]
id = "shop"
name = "acme/shop"
source = "github"
addresses = ["ssh://git.example/shop"]
"""
CONFIG = """
[[repository]]
id = "config"
name = "acme/config"
source = "github"
role = "configuration"
"""
MAP = """
[[map]]
image = "registry.example/shop-{name}"
repository = "shop"
build = "ci/build"
"""


@pytest.fixture
def configured(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "home"))
    path = tmp_path / "evidence.toml"

    def made(*sections):
        path.write_text("".join(sections))
        return load(path)

    return made


@pytest.fixture
def store(tmp_path):
    with closing(connect(f"sqlite:///{tmp_path / 'one.sqlite3'}")) as opened:
        upgrade(opened)
        yield opened


def recorded(store, loaded):
    return record_yardstick(store, build_policy(with_discovered(loaded, store).settings))


def test_a_section_that_is_gone_stays_for_what_was_recorded(configured, store):
    recorded(store, configured(SOURCE, SHOP, CONFIG, MAP))
    found = with_discovered(configured(SOURCE, CONFIG), store)
    before = build_policy(configured(SOURCE, SHOP, CONFIG, MAP).settings)
    after = build_policy(found.settings)
    assert found.gone == retired(found.settings) == {"shop"}
    assert [one.id for one in after.repositories] == ["config", "shop"]
    (shop,) = [one for one in after.repositories if one.id == "shop"]
    (was,) = [one for one in before.repositories if one.id == "shop"]
    assert (shop.urls, shop.name, shop.forge, shop.retired) == (
        was.urls,
        was.name,
        was.forge,
        True,
    )
    assert after.image_maps == before.image_maps


def test_the_yardstick_says_when_it_was_taken_out_and_goes_on_to_say_so(configured, store):
    first = recorded(store, configured(SOURCE, SHOP, CONFIG))
    less = configured(SOURCE, CONFIG)
    second = recorded(store, less)
    assert first != second == recorded(store, less)
    assert len(queries.policies(store)) == 2


def test_a_section_that_comes_back_is_read_again(configured, store):
    first = recorded(store, configured(SOURCE, SHOP, CONFIG))
    recorded(store, configured(SOURCE, CONFIG))
    whole = configured(SOURCE, SHOP, CONFIG)
    assert with_discovered(whole, store).gone == frozenset()
    assert recorded(store, whole) == first


def test_as_of_an_earlier_ledger_only_what_had_been_recorded_counts(configured, store):
    recorded(store, configured(SOURCE, CONFIG))
    size = queries.size(store)
    recorded(store, configured(SOURCE, SHOP, CONFIG))
    settings = configured(SOURCE, CONFIG).settings
    assert [one.id for one in with_retired(settings, store, at=size).repository] == ["config"]
    assert [one.id for one in with_retired(settings, store).repository] == ["config", "shop"]


@pytest.mark.parametrize(
    "section",
    [
        SHOP.replace('id = "shop"', 'id = "store"').replace("acme/shop", "Acme/Shop"),
        SHOP.replace('id = "shop"', 'id = "store"').replace("acme/shop", "group/store"),
    ],
    ids=["name", "address"],
)
def test_one_that_is_configured_under_another_id_is_no_other_repository(configured, store, section):
    recorded(store, configured(SOURCE, SHOP))
    found = with_retired(configured(SOURCE, section).settings, store)
    assert [one.id for one in found.repository] == ["store"]


def test_retired_by_its_own_section_it_is_not_read(configured, store):
    loaded = with_discovered(configured(SOURCE, SHOP + "retired = true\n", CONFIG), store)
    assert loaded.gone == {"shop"}


def test_where_the_forge_is_gone_too_the_repository_stays(configured, store):
    recorded(store, configured(SOURCE, SHOP))
    (shop,) = with_retired(configured("").settings, store).repository
    assert (shop.source, shop.clone) == ("", "https://github.example/acme/shop.git")
