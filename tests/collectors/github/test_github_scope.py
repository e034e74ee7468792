"""The scope register: everything that an owner's list shows, and why it is in or out."""

from __future__ import annotations

import re

import pytest

from evidence.collectors.github import GitHubRegister, Scope
from evidence.collectors.github.scope import discovered_id
from evidence.demo.load import load_world
from evidence.demo.simulation import Simulation
from evidence.errors import AuthError
from evidence.model.capture import GapReason, Window
from evidence.model.scope import ScopeEntry

ALL = Window(since=0, until=2**62)


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(load_world(5), tmp_path_factory.mktemp("scope")) as made:
        yield made


def reader(simulation, scope, *keys):
    moment = simulation.end()
    return GitHubRegister(
        source="forge:scope",
        of="forge",
        url=moment.github_api_url,
        token=moment.github_token,
        configured={moment.repositories[key].lower(): key for key in keys},
        scope=scope,
    )


def entries(collector, cursor=""):
    pages = list(collector.fetch(ALL, cursor))
    found = [
        fact
        for page in pages
        for capture in page.captures
        for fact in collector.parse(capture).facts
        if isinstance(fact, ScopeEntry)
    ]
    return pages, {one.name: one for one in found}


def told(found):
    return {name: (one.in_scope, one.reason, one.pattern) for name, one in found.items()}


def test_every_repository_is_listed_with_why_it_is_in_or_out(simulation):
    scope = Scope(owners=("Example-Shop",), include=("example-shop/*",), exclude=("*/deploy",))
    _, found = entries(reader(simulation, scope, "shop"))
    assert told(found) == {
        "example-shop/shop": (True, "configured", ""),
        "example-shop/deploy": (False, "excluded", "*/deploy"),
    }
    assert found["example-shop/shop"].repository == "shop"
    assert found["example-shop/shop"].default_branch == "main"


def test_what_no_pattern_names_is_out_and_what_one_includes_is_in(simulation):
    _, without = entries(reader(simulation, Scope(owners=("example-shop",)), "shop"))
    assert told(without)["example-shop/deploy"] == (False, "not-configured", "")
    scope = Scope(owners=("example-shop",), include=("EXAMPLE-SHOP/D*",))
    _, included = entries(reader(simulation, scope, "shop"))
    assert told(included)["example-shop/deploy"] == (True, "included", "EXAMPLE-SHOP/D*")
    assert re.fullmatch(r"deploy-[0-9]+", included["example-shop/deploy"].repository)


def test_an_id_is_what_it_was_called_at_first_and_its_number():
    assert discovered_id("Acme/Shop.Web", "17") == "shop.web-17"
    assert discovered_id("acme/" + "x" * 90, "17") == "x" * 40 + "-17"
    assert discovered_id("acme/___", "17") == "17"


def test_a_renamed_repository_keeps_the_id_that_it_was_given(simulation, monkeypatch):
    scope = Scope(owners=("example-shop",), include=("example-shop/*",))
    pages, before = entries(reader(simulation, scope, "shop"))
    collector = reader(simulation, Scope(owners=scope.owners, include=("*",)), "shop")
    monkeypatch.setattr(type(simulation.github.view()), "full_name", renamed)
    _, found = entries(collector, pages[-1].cursor)
    own = found["example-shop/rollout"]
    assert own.object_id == before["example-shop/deploy"].object_id
    assert own.repository == before["example-shop/deploy"].repository


def renamed(_view, where):
    return {"deploy": "example-shop/rollout"}.get(
        where.world.key, f"example-shop/{where.world.key}"
    )


def test_every_owner_needs_an_app(simulation):
    with pytest.raises(AuthError, match="needs a GitHub App"):
        entries(reader(simulation, Scope(owners=("*",)), "shop"))


def test_one_that_is_no_longer_listed_is_told_as_gone(simulation, monkeypatch):
    scope = Scope(owners=("example-shop",))
    pages, _ = entries(reader(simulation, scope, "shop"))
    collector = reader(simulation, scope, "shop")
    cursor = pages[-1].cursor
    later = collector.clock.now() + 7_200
    monkeypatch.setattr(
        collector, "clock", type(collector.clock)(now=lambda: later, sleep=lambda _: None)
    )
    record = simulation.history.repositories.pop("deploy")
    simulation.github._views.clear()
    try:
        _, found = entries(collector, cursor)
    finally:
        simulation.history.repositories["deploy"] = record
    assert told(found)["example-shop/deploy"] == (False, "gone", "")


def test_the_list_is_not_read_again_within_the_hour(simulation):
    scope = Scope(owners=("example-shop",))
    pages, _ = entries(reader(simulation, scope, "shop"))
    _, again = entries(reader(simulation, scope, "shop"), pages[-1].cursor)
    assert again == {}


def test_an_owner_that_is_not_shown_is_a_gap(simulation):
    pages, found = entries(reader(simulation, Scope(owners=("nobody",)), "shop"))
    reasons = [gap.reason for page in pages for gap in page.gaps]
    assert (found, reasons) == ({}, [GapReason.NOT_FOUND_OR_FORBIDDEN])


def test_a_list_shorter_than_github_counts_is_a_gap_and_nothing_is_gone(simulation, monkeypatch):
    from evidence.demo import github_owners

    scope = Scope(owners=("example-shop",))
    real = github_owners.repositories

    def short(view, login, given):
        page = real(view, login, given)
        return {**page, "nodes": page["nodes"][:1]}

    monkeypatch.setattr(github_owners, "repositories", short)
    pages, found = entries(reader(simulation, scope, "shop"))
    assert len(found) == 1
    assert [gap.reason for page in pages for gap in page.gaps] == [GapReason.TRUNCATED]
