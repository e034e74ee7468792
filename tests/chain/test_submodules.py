"""Submodules: what comes with a pointer that a deployed range moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from invented import sha

from evidence.chain.urls import normalise_url, relative_url
from evidence.model.git import QuestionKind
from evidence.model.production import SUBMODULE, DeploymentKind

LIB = "config"
"""The second repository of the invented world; here it is a library."""


def lib(*names: str) -> list[str]:
    return [sha(name) for name in names]


@pytest.fixture
def world(world):
    """`app` at a1..a5 on its branch, the library at l1..l4 on its own."""
    world.repositories[1] = replace(world.repositories[1], role="application")
    for history, letter in ((world.app, "a"), (world.config, "l")):
        names = [f"{letter}{number}" for number in range(1, 6)]
        history.chain(*names)
        world.branch("main", names[-1], history.repository)
    return world


def point(world, **pointers: str) -> None:
    """`a2="l3"`: from that commit of the application on, the submodule points there."""
    now = ""
    for name in ("a1", "a2", "a3", "a4", "a5"):
        now = pointers.get(name, now)
        if now:
            world.app.submodules[name] = {LIB: sha(now)}


def brought(world) -> list[list[str]]:
    """Commits of the library that each deployment brought."""
    return [
        [commit for one in row.ranges if one.basis == SUBMODULE for commit in one.commits]
        for row in world.rows()
    ]


def test_what_lies_between_two_pointers_comes_with_the_range_that_moves_them(world):
    point(world, a1="l1", a3="l3")
    for name in ("a1", "a2", "a3"):
        world.deploy(name)
    assert brought(world) == [[], [], lib("l2", "l3")]
    row = world.rows()[-1]
    assert row.changes == (
        f"app:commit:{sha('a3')}",
        f"config:commit:{sha('l2')}",
        f"config:commit:{sha('l3')}",
    )
    (one,) = (each for each in row.ranges if each.basis == SUBMODULE)
    assert (one.previous, one.revision, one.through) == (sha("l1"), sha("l3"), LIB)
    assert one.kind == DeploymentKind.FORWARD


def test_of_a_submodule_that_was_not_there_before_everything_comes(world):
    point(world, a2="l3", a4="l4")
    for name in ("a1", "a2", "a4"):
        world.deploy(name)
    assert brought(world) == [[], lib("l1", "l2", "l3"), lib("l4")]


def test_a_commit_comes_with_the_first_deployment_that_carries_it(world):
    point(world, a1="l1", a2="l3", a3="l2", a4="l4")
    for name in ("a1", "a2", "a3", "a4"):
        world.deploy(name)
    assert brought(world) == [[], lib("l2", "l3"), [], lib("l4")]
    kinds = [one.kind for row in world.rows() for one in row.ranges if one.basis == SUBMODULE]
    assert kinds == [DeploymentKind.FORWARD, DeploymentKind.ROLLBACK, DeploymentKind.FORWARD]


def test_what_a_failed_deployment_may_have_brought_comes_with_the_next_one_too(world):
    point(world, a1="l1", a2="l2", a3="l3")
    world.deploy("a1")
    world.deploy("a2", phase="Failed")
    world.deploy("a3")
    assert brought(world) == [[], lib("l2"), lib("l2", "l3")]


def test_nothing_comes_where_a_submodule_goes_away(world):
    world.app.submodules["a1"] = {LIB: sha("l1")}
    world.deploy("a1")
    world.deploy("a2")
    assert brought(world) == [[], []]
    assert world.rows()[-1].problems == ()


def test_a_submodule_of_a_repository_that_is_not_in_scope_leaves_it_open(world):
    world.app.submodules |= {"a1": {"vendor": sha("v1")}, "a2": {"vendor": sha("v2")}}
    world.deploy("a1")
    world.deploy("a2")
    assert world.rows()[-1].problems == ("submodule_out_of_scope",)


def test_a_pointer_to_a_commit_that_is_not_there_leaves_it_open(world):
    point(world, a1="l1", a2="gone")
    world.deploy("a1")
    world.deploy("a2")
    assert world.rows()[-1].problems == ("submodule_commit_not_found",)


def test_pointers_that_were_not_read_leave_it_open(world):
    world.deploy("a1")
    world.deploy("a2")
    first, second = world.build(ask=False).deployments
    assert first.problems == ()
    assert second.problems == ("submodules_not_read",)


def test_submodules_of_submodules_are_followed(world):
    """The library holds the application in turn, which is as deep as two repositories can go."""
    point(world, a1="l1", a3="l2")
    world.config.submodules |= {"l1": {"app": sha("a1")}, "l2": {"app": sha("a2")}}
    world.repositories[0] = replace(
        world.repositories[0],
        urls=("https://git.example.test/acme/shop.git", "https://git.example.test/acme/app.git"),
    )
    world.deploy("a1")
    world.deploy("a3")
    through = [one.through for one in world.rows()[-1].ranges if one.basis == SUBMODULE]
    assert through == ["config", "config/app"]


def test_who_deploys_one_path_is_concerned_by_the_submodules_below_it(world):
    world.application = replace(world.application, path="other", repository="app")
    world.repositories[0] = replace(world.repositories[0], role="configuration")
    for name in ("a1", "a2"):
        world.app.files[name] = {"other/app.yaml": f"kind: Thing\nname: {name}\n"}
    point(world, a1="l1", a2="l2")
    world.deploy("a1", path="other")
    world.deploy("a2", path="other")
    assert brought(world) == [[], []]


def test_a_deployment_that_repeats_a_revision_asks_nothing(world):
    world.deploy("a1")
    world.deploy("a1")
    asked = {one.kind for one in world.build(ask=False).questions}
    assert QuestionKind.SUBMODULES not in asked


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("../core.git", "git.example.test/acme/core"),
        ("./core", "git.example.test/acme/shop/core"),
        ("../../other/core.git", "git.example.test/other/core"),
        ("https://elsewhere.test/x/core.git", "elsewhere.test/x/core"),
        ("../../../../../core", "core/"),
    ],
)
def test_addresses_count_from_the_repository_that_holds_them(url, wanted):
    found = normalise_url(relative_url("git@git.example.test:acme/shop.git", url))
    assert found.rstrip("/") == wanted.rstrip("/")
