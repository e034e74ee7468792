"""Other systems' word for a deployment: listed at its row, a contradiction, or unexplained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evidence.chain.witnesses import WINDOW
from evidence.in_scope import Witness
from evidence.model.change import Strength


@pytest.fixture
def told(world: Any) -> Any:
    """A world with two deployments, and how to add what a witness tells of them."""
    world.branch("main", world.app.chain("a", "b"))
    world.deploy("a")
    world.deploy("b")
    witness = Witness(source="github", selector="shop/production")
    world.application = replace(world.application, witnesses=(witness,))
    first = world.deployments[0].started_at

    def tell(revision: str, offset: int = 0, **fields: Any) -> Any:
        given = {
            "source": "github",
            "application": "shop/production",
            "application_uid": "shop/production",
            "started_at": first + offset,
            "origin": "github_deployment",
            "entry_seq": 77,
            **fields,
        }
        world.deploy(revision, **given)
        return world.build()

    return tell


def test_a_witness_of_the_revision_is_listed_at_its_row_and_is_none_itself(told: Any) -> None:
    built = told("b", 5)
    first, second = built.deployments
    assert "witnessed" not in first.flags
    assert "witnessed" in second.flags
    assert second.origins == ("history", "github")
    assert second.entries[-1] == 77
    (link,) = [one for one in second.links if one.basis == "witnessed_revision"]
    assert link.strength is Strength.STRONG
    assert (built.reconciliation.live_unexplained, built.reconciliation.other_applications) == (
        (),
        0,
    )


def test_the_same_object_read_another_way_is_the_same_operation(world: Any, told: Any) -> None:
    one = world.deployments[0]
    witness = Witness(source="github", selector=one.application)
    world.application = replace(world.application, witnesses=(witness,))
    built = told("a", application=one.application, application_uid=one.application_uid)
    assert [link.basis for link in built.deployments[0].links] == ["same_operation"]
    assert built.deployments[0].links[0].strength is Strength.PROVED


def test_another_outcome_contradicts_the_deployer(told: Any) -> None:
    row = told("b", phase="Failed").deployments[1]
    assert row.problems == ("contradictory_phase",)
    assert "contradiction" in row.flags


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
def test_what_agrees_or_has_not_ended_contradicts_nothing(told: Any, phase: str) -> None:
    assert told("b", phase=phase).deployments[1].problems == ()


def test_a_success_that_no_row_explains_is_unexplained(told: Any) -> None:
    built = told("c" * 40)
    assert len(built.deployments) == 2
    (said,) = built.reconciliation.live_unexplained
    assert said.endswith(f":{'c' * 40} (told by github)")


def test_a_failure_that_no_row_explains_altered_nothing_that_is_known(told: Any) -> None:
    assert told("c" * 40, phase="Failed").reconciliation.live_unexplained == ()


def test_beyond_the_window_it_is_no_word_for_that_deployment(told: Any) -> None:
    assert "witnessed" not in told("b", WINDOW * 2).deployments[1].flags


def test_without_a_witness_in_the_configuration_it_is_another_application(
    world: Any, told: Any
) -> None:
    world.application = replace(world.application, witnesses=())
    assert told("b").reconciliation.other_applications == 1
