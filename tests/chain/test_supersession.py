"""What was reverted before production carried it alone is superseded, by content."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def gift(world: Any) -> Any:
    """A change that adds a file and a pull request that says it reverts it."""
    world.app.write("root", "", {"a": "1"})
    world.app.write("gift", "root", {"gift": "cards"})
    world.app.write("between", "gift", {"a": "2"})
    world.app.write("revert", "between", {})
    del world.app.files["revert"]["gift"]
    world.branch("main", "revert")
    world.merge(1, "gift")
    world.merge(2, "between")
    world.merge(3, "revert", title='Revert "Change 1"')
    return world


def superseded(world: Any) -> list[str]:
    return [key for key, change in world.changes().items() if "superseded" in change.flags]


def test_a_change_that_waits_with_its_revert_is_superseded(gift: Any) -> None:
    gift.deploy("root")
    assert ["app:pr:1"] == superseded(gift)


def test_a_change_that_went_out_together_with_its_revert_is_superseded(gift: Any) -> None:
    gift.deploy("root")
    gift.deploy("revert")
    assert ["app:pr:1"] == superseded(gift)


def test_a_change_that_production_carried_before_its_revert_is_not(gift: Any) -> None:
    for revision in ("root", "gift", "revert"):
        gift.deploy(revision)
    assert [] == superseded(gift)


def test_a_revert_that_turns_back_something_else_supersedes_nothing(gift: Any) -> None:
    gift.app.files["revert"]["b"] = "more"
    gift.deploy("root")
    assert [] == superseded(gift)


def test_a_title_that_does_not_say_revert_is_not_looked_at(gift: Any) -> None:
    gift.heads[-1] = gift.heads[-1]._replace(title="Remove gift cards")
    gift.deploy("root")
    assert [] == superseded(gift)


def test_a_revert_that_was_reverted_supersedes_nothing(gift: Any) -> None:
    gift.app.write("again", "revert", {"gift": "cards"})
    gift.branch("main", "again")
    gift.merge(4, "again", title='Revert "Revert "Change 1""')
    gift.deploy("root")
    assert ["app:pr:3"] == superseded(gift)


def test_what_was_deployed_before_observation_is_left_alone(gift: Any) -> None:
    gift.deploy("revert")
    assert [] == superseded(gift)


def test_a_root_commit_has_nothing_to_turn_back_to(world: Any) -> None:
    world.branch("main", world.app.chain("root", "next"))
    world.merge(1, "root")
    world.merge(2, "next", title='Revert "Change 1"')
    assert [] == superseded(world)
