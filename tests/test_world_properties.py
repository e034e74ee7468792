"""Evidence speaks for a pass only by being there: losing any of it never brings one.

The chains are those that the real collectors make of the simulated organisation's whole story.
`tests/cases` holds each golden case to the same promise.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent / "cases"))

from losing import (
    MAPPINGS,
    PARTS,
    RECORDS,
    SINGLES,
    WHOLES,
    gained,
    settled_inputs,
    traced_by_loss,
    without_one_capture,
    without_one_object,
)

from evidence.chain.population import PopulationInputs
from evidence.config.yardstick import PROFILES, build_policy
from evidence.controls.evaluate import evaluate_change
from evidence.deciding.case import Case
from evidence.demo.organisation import demo_world
from evidence.demo.run import rehearse
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.determination import Outcome
from evidence.store.session import open_store

pytestmark = pytest.mark.long

CONFIGURATION = {
    "map": [{"image": "registry.example/shop-{name}", "repository": "shop"}],
    "policy": {
        "required_checks": [
            {"name": "ci/test", "app": "github-actions", "unless_only_paths": ["docs/**"]},
            {"name": "scan/trivy"},
        ]
    },
}

YARDSTICKS = {
    **PROFILES,
    "two approvals": {"approvals_required": 2},
    "no approval": {"approvals_required": 0},
    "comments approve": {"comment_approval": True},
    "checks before deployment": {"required_check_moment": "before_deploy"},
    "labels authorise": {"authorised_labels": ("accepted",)},
    "no ticket": {"ticket_required": False},
    "three days to deploy": {"pending_limit": 3 * 86_400_000_000},
    "unmapped stay unmapped": {"pusher_resolves_unmapped": False},
}
"""Yardsticks to judge the same chains by: what each sets beside the configuration."""


class World(NamedTuple):
    """The demo world as it was collected and decided."""

    case: Case
    chains: list[Chain]
    inputs: PopulationInputs

    def gained(self, yardstick, removals):
        """What became a pass by another yardstick and by losing something."""
        policy = replace(self.case.policy, **YARDSTICKS[yardstick])
        return gained(self.chains, policy, self.case.as_of, removals)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The demo world, collected once when its story is over."""
    directory = tmp_path_factory.mktemp("world")
    with rehearse(demo_world(), directory, CONFIGURATION) as rehearsal:
        ends = rehearsal.simulation.history.ends_at
        rehearsal.sync_at(ends)
        loaded = rehearsal.loaded(rehearsal.simulation.at(ends))
        policy = build_policy(loaded.settings)
        with closing(open_store(loaded.store_url)) as store:
            case = Case(store=store, policy=policy, as_of=ends)
            chains = list(case.chains(case.population.changes))
            yield World(case=case, chains=chains, inputs=settled_inputs(case))


def test_every_part_of_a_changes_evidence_is_taken_away():
    besides = {"pull_request", "forge_read_to"}
    """The newest version, and a time that `without_one_object` takes besides."""
    no_evidence = {"change", "returns", "gaps", "github_observed"}
    """What is judged, once more where production came back to it, and statements that something is
    missing."""

    assert {*PARTS, *RECORDS, *SINGLES, *WHOLES, *MAPPINGS, *besides, *no_evidence} == {
        one.name for one in fields(ChangeEvidence)
    }


def test_the_world_has_passes_deviations_and_open_questions(world):
    found = Counter(
        one.outcome
        for chain in world.chains
        for one in evaluate_change(chain, world.case.policy, world.case.as_of)
    )

    assert set(found) == set(Outcome)


@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_removing_any_one_object_never_turns_a_non_pass_into_a_pass(world, yardstick):
    assert world.gained(yardstick, without_one_object) == []


@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_removing_any_one_capture_never_turns_a_non_pass_into_a_pass(world, yardstick):
    assert world.gained(yardstick, without_one_capture) == []


def test_losing_a_sighting_or_an_answer_never_makes_a_deployment_traced(world):
    assert traced_by_loss(world.case, world.inputs) == []
