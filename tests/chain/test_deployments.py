"""Sightings of operations become operations, and operations find their application."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.chain.deployments import (
    MISSING_LISTED,
    after_a_gap,
    history_numbers,
    select_application,
    unite,
)
from evidence.in_scope import Application
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Gap, GapReason
from evidence.model.production import DeploymentKind
from evidence.policy import Automation


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (("argocd/shop", "uid-1", "shop"), 1),
        (("shop", "argocd/shop"), 1),
        (("shop", "shop"), 0),
        (("other",), None),
    ],
)
def test_the_most_exact_selector_wins(
    world: Any, selectors: tuple[str, ...], expected: int | None
) -> None:
    world.deploy("a" * 40)
    applications = [
        Application(id=f"app {place}", selector=text) for place, text in enumerate(selectors)
    ]
    found = select_application(world.deployments[0], applications)
    assert (applications[expected] if expected is not None else None) == found


def test_an_application_of_another_deployer_is_not_selected(world: Any) -> None:
    world.deploy("a" * 40)
    other = Application(id="shop", deployer="other", selector="argocd/shop")
    assert select_application(world.deployments[0], [other]) is None


def test_an_application_without_a_selector_goes_by_its_id(world: Any) -> None:
    world.deploy("a" * 40)
    own = Application(id="shop")
    assert own == select_application(world.deployments[0], [own])


def test_a_running_sighting_gives_way_to_a_finished_one_whatever_the_order(world: Any) -> None:
    world.deploy("a" * 40, observed_at=5)
    finished = world.deployments[0]
    running = replace(finished, phase="Running", observed_at=9, finished_at=0)
    for sightings in ([finished, running], [running, finished]):
        (operation,) = unite(sightings)
        assert (True, False) == (operation.succeeded, operation.running)


def test_phases_that_contradict_each_other_are_named(world: Any) -> None:
    world.deploy("a" * 40)
    failed = replace(world.deployments[0], phase="Failed", observed_at=3)
    (operation,) = unite([world.deployments[0], failed])
    assert ("phase",) == operation.contradictions


def test_a_long_gap_of_history_ids_is_listed_up_to_a_limit(world: Any) -> None:
    for number in (0, 10**12):
        world.deploy("a" * 40, history_id=number)
    (numbers,) = history_numbers(unite(world.deployments))
    assert (MISSING_LISTED, 1, MISSING_LISTED) == (
        len(numbers.missing),
        numbers.missing[0],
        numbers.missing[-1],
    )


def gap(**fields: Any) -> Gap:
    values: dict[str, Any] = {
        "source": "argo",
        "kind": "argocd.application",
        "key": "uid-1",
        "reason": GapReason.HISTORY_LOST,
        "detail": "",
    }
    return Gap(**{**values, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"offset": 0}, 1),
        ({"offset": 0, "key": "*"}, 1),
        ({"offset": 0, "key": "uid-9"}, None),
        ({"offset": 0, "source": "other"}, None),
        ({"offset": 0, "reason": GapReason.RETENTION}, None),
        ({"offset": 10**9}, None),
        ({}, None),
    ],
)
def test_a_recorded_loss_of_history_marks_the_first_operation_after_it(
    world: Any, fields: dict[str, Any], expected: int | None
) -> None:
    for _ in range(3):
        world.deploy("a" * 40)
    operations = unite(world.deployments)
    fields = dict(fields)
    if "offset" in fields:
        fields["window_from"] = operations[1].deployment.started_at + fields.pop("offset")
    marked = after_a_gap(operations, [gap(**fields)])
    assert ({operations[expected].key} if expected is not None else set()) == marked


def test_an_application_whose_path_moved_goes_on_in_its_lane(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b", "c"))
    world.deploy("a", path="old")
    world.deploy("c", path="new")
    row = world.rows()[1]
    assert (DeploymentKind.FORWARD, ("path_changed",)) == (row.kind, row.flags)
    assert tuple(f"app:commit:{sha(name)}" for name in ("b", "c")) == row.changes


def test_a_tag_revision_is_inferred_and_an_unknown_one_unresolved(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.app.tags = {"v1": sha("b")}
    world.deploy("a")
    world.deploy("v1")
    world.deploy("v2")
    world.deploy("", phase="Failed")
    rows = world.rows()
    assert ("tag_is_git_tag", "inferred") == (rows[1].ranges[0].basis, rows[1].ranges[0].strength)
    assert ("commit_not_found",) == rows[2].problems
    assert DeploymentKind.NO_COMMIT == rows[3].kind


def test_a_flux_revision_names_its_commit(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.deploy(f"main@sha1:{sha('b')}")
    assert sha("b") == world.rows()[0].ranges[0].revision


def test_a_url_that_contradicts_the_configured_repository_is_flagged(world: Any) -> None:
    world.branch("main", world.app.chain("a"))
    world.application = replace(world.application, repository="config")
    world.deploy("a")
    (row,) = world.rows()
    assert ("app", True) == (row.ranges[0].repository, "repository_differs" in row.flags)


def test_a_mirror_url_falls_back_on_the_configured_repository(world: Any) -> None:
    world.branch("main", world.app.chain("a"))
    world.deploy("a")
    source = replace(world.deployments[0].sources[0], repo_url="https://mirror.test/x")
    world.deployments[0] = replace(world.deployments[0], sources=(source,))
    (row,) = world.rows()
    assert ("app", True) == (row.ranges[0].repository, "repository_by_configuration" in row.flags)


def test_a_repository_without_a_mirror_is_not_collected(world: Any) -> None:
    world.deploy("a" * 40)
    world.inputs_extra = {"graphs": {}}
    assert ("not_collected",) == world.rows()[0].problems


def test_automation_and_bots_have_their_own_stratum(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b", "c"))
    robot = Actor(system="forge.test", id="9", type=ActorType.BOT)
    service = Actor(system="forge.test", id="10", type=ActorType.USER)
    world.merge(1, "a", author=robot)
    world.merge(2, "b", author=service)
    world.merge(3, "c", author=None)
    world.policy_extra = {"automations": (Automation(id="s", accounts=(service.key,)),)}
    changes = world.changes()
    strata = [changes[f"app:pr:{number}"].change_type for number in (1, 2, 3)]
    assert ["bot", "bot", "normal"] == strata
