"""Git tags that move: what was deployed by one stays what it was, and that it moved is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.chain.tags import TagSight
from evidence.in_scope import ImageMap
from evidence.model.deployment import DeployedSource
from evidence.model.production import DeploymentKind

PATH = "apps/shop"
HOUR = 3_600_000_000


class Looks:
    """What each tag was seen to name, and when."""

    def __init__(self, **tags: Sequence[TagSight]) -> None:
        self.tags = tags

    def seen(self, repository: str, name: str, /) -> Sequence[TagSight]:
        return self.tags.get(name, ()) if repository == "app" else ()


@pytest.fixture
def shop(world: Any) -> Any:
    """A deployment of the image tag `v1`, which is a Git tag of commit c."""
    world.branch("main", world.app.chain("a", "b", "c", "d", "e"))
    world.app.tags = {"v1": sha("c")}
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        images=(ImageMap(image="ghcr.io/acme/shop", repository="app"),),
    )
    for after, name, tag in (("", "start", sha("a")), ("start", "bump", "v1")):
        world.config.write(name, after, kustomization(tag))
        world.branch("main", name, "config")
        world.deploy(name, repository="config", path=PATH)
    return world


def kustomization(tag: str) -> dict[str, str]:
    text = f"images:\n- name: ghcr.io/acme/shop\n  newTag: {tag}\n"
    return {f"{PATH}/kustomization.yaml": text}


def looks(world: Any, *seen: tuple[float, str]) -> None:
    """Looks at `v1`, in hours from the last deployment on."""
    at = world.deployments[-1].finished_at
    world.inputs_extra["tags"] = Looks(
        v1=tuple(TagSight(at + int(hours * HOUR), sha(commit)) for hours, commit in seen)
    )


@pytest.mark.parametrize("seen", [[], [(1, "c")], [(-1, "c"), (1, "c")], [(-2, "d"), (-1, "c")]])
def test_a_tag_that_stays_where_it_was_says_nothing(shop: Any, seen: list[Any]) -> None:
    looks(shop, *seen)
    row = shop.rows()[1]
    assert ("", sha("c")) == (row.images[0].problem, row.images[0].new_commit)
    assert "tag_moved" not in row.flags


def test_a_tag_that_is_seen_elsewhere_afterwards_is_flagged(shop: Any) -> None:
    looks(shop, (1, "c"), (2, "d"))
    row = shop.rows()[1]
    assert "tag_moved" in row.flags
    assert [sha("c")] == [one.revision for one in row.ranges if one.through]


def test_a_tag_that_had_moved_when_it_was_deployed_names_nothing(shop: Any) -> None:
    looks(shop, (-2, "c"), (-1, "d"))
    row = shop.rows()[1]
    assert "tag_moved_since" == row.images[0].problem
    assert tuple(sorted([sha("c"), sha("d")])) == row.images[0].candidates
    assert "image_tag_moved_since" in row.problems
    assert not [one for one in row.ranges if one.through]


def test_what_was_open_stays_open_while_that_tag_runs(shop: Any) -> None:
    looks(shop, (-2, "c"), (-1, "d"))
    shop.config.write("notes", "bump", {f"{PATH}/notes.yaml": "a: 1\n"})
    shop.branch("main", "notes", "config")
    shop.deploy("notes", repository="config", path=PATH)
    (running,) = shop.rows()[2].running
    assert ("", "tag_moved_since") == (running.commit, running.problem)


# --- a deployer that was asked for a tag


def deploy_by_tag(world: Any, revision: str, target: str = "v1") -> None:
    world.branch("main", world.app.chain("a", "b", "c", "d"))
    world.deploy("a")
    source = DeployedSource(
        repo_url="git@git.example.test:acme/shop",
        path="",
        target_revision=target,
        revision=revision,
    )
    world.deploy("a", sources=(source,))


@pytest.mark.parametrize("target", ["v1", "refs/tags/v1"])
def test_the_commit_that_the_deployer_recorded_counts_and_that_its_tag_moved_is_flagged(
    world: Any, target: str
) -> None:
    deploy_by_tag(world, sha("c"), target)
    looks(world, (-1, "c"), (1, "d"))
    row = world.rows()[1]
    (span,) = row.ranges
    assert (sha("c"), "v1", DeploymentKind.FORWARD) == (span.revision, span.tag, row.kind)
    assert "tag_moved" in row.flags


def test_a_tag_that_was_moved_before_the_deployment_is_not_flagged(world: Any) -> None:
    deploy_by_tag(world, sha("c"))
    looks(world, (-2, "b"), (-1, "c"))
    row = world.rows()[1]
    assert ("v1", ()) == (row.ranges[0].tag, row.flags)


def test_a_name_that_was_no_tag_of_that_commit_is_none_that_was_deployed(world: Any) -> None:
    deploy_by_tag(world, sha("c"))
    looks(world, (1, "d"))
    row = world.rows()[1]
    assert ("", ()) == (row.ranges[0].tag, row.flags)


def test_the_name_of_a_tag_alone_that_was_seen_at_two_commits_is_not_resolved(world: Any) -> None:
    world.app.tags = {"v1": sha("c")}
    deploy_by_tag(world, "v1")
    assert DeploymentKind.FORWARD == world.rows()[1].kind
    looks(world, (-1, "c"), (1, "d"))
    row = world.rows()[1]
    assert (DeploymentKind.UNRESOLVED, "v1") == (row.kind, row.ranges[0].tag)
    assert "tag_moved_since" in row.problems
