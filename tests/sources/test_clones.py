"""Clones follow a repository that was renamed or transferred, and fetch no other one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.collectors.git import GitCollector
from evidence.config.load import AtForge, load
from evidence.model.capture import GapReason, Window
from evidence.sources.clones import at_present, git_collectors

CONFIGURED = """
[[source]]
id = "github"
kind = "github"
url = "https://github.example"

[[repository]]
id = "shop"
name = "acme/shop"
source = "github"
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "home"))
    path = tmp_path / "evidence.toml"

    def made(clone=""):
        path.write_text(CONFIGURED + (f'clone = "{clone}"\n' if clone else ""))
        return load(path)

    return made


def at(loaded, **known):
    own = AtForge(**{"number": "7", "name": "acme/shop", **known})
    return at_present(git_collectors(loaded)["shop"], replace(loaded, known={"shop": own}))


def test_a_clone_that_nothing_is_known_of_is_read_from_its_address(loaded):
    given = loaded()
    collector = git_collectors(given)["shop"]
    assert at_present(collector, given) is collector
    assert (collector.url, collector.withheld) == ("https://github.example/acme/shop.git", "")


@pytest.mark.parametrize(
    ("clone", "url"),
    [
        ("", "https://github.example/group/store.git"),
        ("git@github.example:acme/shop.git", "git@github.example:group/store.git"),
        ("ssh://git@github.example/Acme/Shop", "ssh://git@github.example/group/store"),
        ("https://mirror.example/shop.git", "https://mirror.example/shop.git"),
        ("https://mirror.example/bigacme/shop.git", "https://mirror.example/bigacme/shop.git"),
    ],
)
def test_a_clone_follows_the_name_that_the_forge_has_for_the_number(loaded, clone, url):
    collector = at(loaded(clone), name="group/store")
    assert (collector.url, collector.withheld) == (url, "")


def test_nothing_is_fetched_from_where_another_repository_stands(loaded, tmp_path):
    collector = at(loaded(), taken=True)
    (page,) = collector.fetch(Window(since=0, until=1), "cursor")
    assert [(gap.reason, gap.repository) for gap in page.gaps] == [
        (GapReason.CONTRADICTION, "shop")
    ]
    assert (page.captures, page.cursor, page.complete) == ((), "cursor", True)
    assert not (tmp_path / "home" / "mirrors").exists()


def test_a_mirror_of_our_own_is_fetched_whoever_has_the_name(loaded):
    assert at(loaded("https://mirror.example/shop.git"), taken=True).withheld == ""


def test_the_same_collector_fetches_again_once_the_name_is_its_own(loaded):
    given = loaded()
    collector = at(given, taken=True)
    free = replace(given, known={"shop": AtForge(number="7", name="acme/shop")})
    assert isinstance(collector, GitCollector)
    assert at_present(collector, free).withheld == ""
