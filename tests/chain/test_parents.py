"""App of apps: what the parent's repository changed of a child counts for the child."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.chain.links import draw_links
from evidence.chain.parents import parents_of
from evidence.in_scope import Application
from evidence.model.chain import ChangeEvidence
from evidence.model.change import LinkKind
from evidence.model.deployment import ApplicationState
from evidence.model.production import DeploymentKind
from evidence.policy import Policy


def child(project: str, name: str = "shop") -> dict[str, str]:
    """The object of a child, as a file below the parent's path."""
    text = f"kind: Application\nmetadata: {{name: {name}}}\nspec: {{project: {project}}}\n"
    return {f"root/{name}.yaml": text}


def state(owner: str, **fields: Any) -> ApplicationState:
    values: dict[str, Any] = {
        "source": "argo",
        "application_uid": "uid-1",
        "application": "argocd/shop",
        "destination": "",
        "project": "",
        "sync_status": "Synced",
        "health": "Healthy",
        "health_since": 0,
        "revisions": (),
        "sources": (),
        "images": (),
        "history_ids": (),
        "auto_sync": None,
        "owner": owner,
    }
    return ApplicationState(**{**values, **fields})


@pytest.fixture
def family(world: Any) -> Any:
    """A parent at `root` and its child at `apps/shop`, each deployed once."""
    world.application = replace(world.application, repository="config", path="apps/shop")
    parent = Application(
        id="root", deployer="argo", selector="argocd/root", repository="config", path="root"
    )
    own = world.policy
    world.policy = lambda: replace(own(), applications=(world.application, parent))
    world.config.write(
        "start", "", {**child("a"), **child("a", "other"), "apps/shop/x.yaml": "a: 1\n"}
    )
    world.branch("main", "start", "config")
    world.inputs_extra = {"states": (state("Application/root"),)}
    sync_parent(world, "start")
    sync_child(world, "start")
    return world


def sync_parent(world: Any, revision: str, **fields: Any) -> None:
    named = {"application": "argocd/root", "application_uid": "uid-root"}
    world.deploy(revision, repository="config", path="root", **named, **fields)


def sync_child(world: Any, revision: str, **fields: Any) -> None:
    world.deploy(revision, repository="config", path="apps/shop", **fields)


def rows_of(world: Any, application: str = "shop") -> list[Any]:
    return [one for one in world.rows() if one.application == application]


def write(world: Any, name: str, after: str, files: dict[str, str]) -> None:
    world.config.write(name, after, files)
    world.branch("main", name, "config")


def test_what_a_parent_changed_of_its_child_is_brought_by_both(family: Any) -> None:
    write(family, "next", "start", child("b"))
    sync_parent(family, "next")
    sync_child(family, "next")
    expected = (f"config:commit:{sha('next')}",)
    parent, row = rows_of(family, "root")[1], rows_of(family)[1]
    assert (expected, expected) == (parent.changes, row.changes)
    (told,) = [one for one in row.ranges if one.through]
    assert ("config", "root/shop.yaml", sha("start"), sha("next"), "application:root") == (
        told.repository,
        told.path,
        told.previous,
        told.revision,
        told.through,
    )
    assert DeploymentKind.FORWARD == row.kind


def test_a_change_of_another_child_is_none_of_this_one(family: Any) -> None:
    write(family, "next", "start", child("b", "other"))
    sync_parent(family, "next")
    sync_child(family, "next")
    row = rows_of(family)[1]
    assert ((), []) == (row.changes, [one for one in row.ranges if one.through])


def test_a_change_that_the_parent_has_not_synced_yet_is_not_in_the_child(family: Any) -> None:
    write(family, "next", "start", child("b"))
    sync_child(family, "next")
    sync_parent(family, "next")
    sync_child(family, "next")
    assert ((), (f"config:commit:{sha('next')}",)) == tuple(
        one.changes for one in rows_of(family)[1:]
    )


def test_all_that_the_parent_brought_between_two_syncs_of_the_child_counts(family: Any) -> None:
    write(family, "one", "start", child("b"))
    sync_parent(family, "one")
    write(family, "aside", "one", {"root/readme.md": "x"})
    write(family, "two", "aside", child("c"))
    sync_parent(family, "two")
    sync_child(family, "two")
    assert (
        tuple(f"config:commit:{sha(name)}" for name in ("one", "two")) == rows_of(family)[1].changes
    )


def test_a_parent_that_goes_back_takes_its_change_from_the_child(family: Any) -> None:
    write(family, "next", "start", child("b"))
    for name in ("next", "start"):
        sync_parent(family, name)
        sync_child(family, "start")
    row = rows_of(family)[2]
    (told,) = [one for one in row.ranges if one.through]
    assert (DeploymentKind.ROLLBACK, (sha("next"),)) == (told.kind, told.removed)


def test_an_attempt_of_the_child_may_have_brought_it_and_the_next_one_settles_it(
    family: Any,
) -> None:
    write(family, "next", "start", child("b"))
    sync_parent(family, "next")
    sync_child(family, "next", phase="Failed")
    sync_child(family, "next")
    expected = (f"config:commit:{sha('next')}",)
    assert [expected, expected] == [one.changes for one in rows_of(family)[1:]]


@pytest.mark.parametrize("owner", ["", "ApplicationSet/root", "Application/elsewhere/root"])
def test_without_a_configured_parent_nothing_is_handed_on(family: Any, owner: str) -> None:
    family.inputs_extra = {"states": (state(owner),)}
    write(family, "next", "start", child("b"))
    sync_parent(family, "next")
    sync_child(family, "next")
    assert () == rows_of(family)[1].changes


@pytest.mark.parametrize(
    "text", ["kind: Application\nmetadata: {name: elsewhere}\n", "{{ if }}", "- a\n", ""]
)
def test_a_parent_that_moved_without_its_child_in_it_is_flagged(family: Any, text: str) -> None:
    write(family, "next", "start", {"root/shop.yaml": text})
    sync_parent(family, "next")
    sync_child(family, "next")
    assert "parent_unread" in rows_of(family)[1].flags


def test_the_change_is_linked_to_the_deployment_of_the_child(family: Any) -> None:
    write(family, "next", "start", child("b"))
    sync_parent(family, "next")
    sync_child(family, "next")
    population = family.build()
    change = next(one for one in population.changes if sha("next") in one.commits)
    evidence = ChangeEvidence(change=change, deployments=population.deployments)
    links = [
        one.detail
        for one in draw_links(evidence, family.policy())
        if one.kind == LinkKind.DEPLOYMENT
    ]
    assert ["", "through application:root"] == sorted(links)


def test_the_newest_state_says_which_application_made_it() -> None:
    policy = Policy(
        applications=(
            Application(id="shop", deployer="argo", selector="argocd/shop"),
            Application(id="one", deployer="argo", selector="argocd/one"),
            Application(id="two", deployer="argo", selector="team/two"),
        )
    )
    first = state("Application/one", observed_at=1)

    assert {"shop": "one"} == parents_of(policy, [first])
    assert {"shop": "two"} == parents_of(
        policy, [state("Application/team/two", observed_at=2), first]
    )
    assert {} == parents_of(policy, [state("", observed_at=2), first])
    assert {} == parents_of(policy, [state("Application/shop")])
