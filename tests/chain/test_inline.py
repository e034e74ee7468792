"""Images that the definition of an application sets itself, beside what its repository says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.in_scope import ImageMap
from evidence.model.deployment import UNREAD_INLINE, DeployedSource
from evidence.model.production import DeploymentKind

PATH = "apps/shop"
IMAGE = "ghcr.io/acme/shop"
CONFIG = "git@git.example.test:acme/config"


@pytest.fixture
def shop(world: Any) -> Any:
    """Three commits, and a configuration that runs the first of them."""
    world.branch("main", world.app.chain("a", "b", "c"))
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        images=(ImageMap(image=IMAGE, repository="app"),),
    )
    text = f"images:\n- name: {IMAGE}\n  newTag: {sha('a')}\n"
    world.config.write("start", "", {f"{PATH}/kustomization.yaml": text})
    world.branch("main", "start", "config")
    return world


def given(**told: Any) -> str:
    return json.dumps(told)


def git(inline: str = "", path: str = PATH) -> DeployedSource:
    return DeployedSource(
        repo_url=CONFIG, path=path, target_revision="main", revision=sha("start"), inline=inline
    )


def chart(inline: str) -> DeployedSource:
    return DeployedSource(
        repo_url="https://charts.example",
        path="",
        target_revision="1.2.3",
        revision="1.2.3",
        chart="web",
        kind="helm",
        inline=inline,
    )


def rows(world: Any, *operations: tuple[DeployedSource, ...], **more: Any) -> Any:
    for sources in operations:
        world.deploy("start", repository="config", sources=sources, **more)
    return world.build().deployments


def images(tag: str) -> str:
    return given(kustomize={"images": [f"{IMAGE}:{tag}"]})


def test_an_image_that_the_definition_sets_brings_its_commits_at_the_same_revision(shop):
    row = rows(shop, (git(),), (git(images(sha("b"))),))[1]
    (image,) = row.images
    assert (image.old, image.new, image.new_commit) == (sha("a"), sha("b"), sha("b"))
    assert (image.file, image.field) == ("Application.spec", "kustomize.images[0]")
    assert row.changes == (f"app:commit:{sha('b')}",)
    assert (row.kind, "inline_image" in row.flags) == (DeploymentKind.FORWARD, True)


def test_the_same_definition_again_sets_nothing(shop):
    row = rows(shop, (git(),), (git(images(sha("b"))),), (git(images(sha("b"))),))[2]
    assert (row.images, row.changes, row.flags) == ((), (), ())


def test_what_the_definition_no_longer_sets_is_what_the_repository_says(shop):
    row = rows(shop, (git(images(sha("b"))),), (git(),))[1]
    (image,) = row.images
    assert (image.old, image.new) == (sha("b"), sha("a"))


def test_a_self_heal_on_another_definition_is_a_deployment(shop):
    rows(shop, (git(),))
    found = rows(shop, (git(images(sha("b"))),), self_heal=True)
    assert [row.changes for row in found] == [(), (f"app:commit:{sha('b')}",)]


def tagged(**helm: Any) -> str:
    return given(helm=helm)


VALUES = f"image:\n  repository: {IMAGE}\n  tag: {sha('b')}\n"
OBJECT = {"image": {"repository": IMAGE, "tag": sha("c")}}
PARAMETERS = [
    {"name": "image.repository", "value": IMAGE},
    {"name": "image.tag", "value": sha("b")},
]


@pytest.mark.parametrize(
    ("inline", "commit"),
    [
        (tagged(values=VALUES), "b"),
        (tagged(valuesObject=OBJECT), "c"),
        (tagged(values=VALUES, valuesObject=OBJECT), "c"),
        (tagged(valuesObject=OBJECT, parameters=PARAMETERS), "b"),
    ],
)
def test_a_chart_from_a_registry_brings_what_its_inline_values_name(shop, inline, commit):
    before = tagged(valuesObject={"image": {"repository": IMAGE, "tag": sha("a")}})
    row = rows(shop, (chart(before),), (chart(inline),))[1]
    assert [(one.image, one.new_commit) for one in row.images] == [(IMAGE, sha(commit))]
    assert f"app:commit:{sha('b')}" in row.changes


def test_each_of_several_sources_is_given_its_own(shop):
    before = tagged(valuesObject={"image": {"repository": IMAGE, "tag": sha("a")}})
    row = rows(
        shop,
        (git(path="other"), chart(before)),
        (git(path="other"), chart(tagged(valuesObject=OBJECT))),
    )[1]
    assert [one.new_commit for one in row.images] == [sha("c")]


@pytest.mark.parametrize(
    "inline", ["[]", "no json", "{", given(kustomize=3, helm=[]), given(helm={"parameters": [7]})]
)
def test_a_malformed_definition_sets_nothing(shop, inline):
    row = rows(shop, (git(),), (git(inline),))[1]
    assert (row.images, row.problems) == ((), ())


@pytest.mark.parametrize(
    ("inline", "problem"),
    [
        (UNREAD_INLINE, "configuration_too_large"),
        (tagged(values="{ not: [yaml"), "configuration_unreadable"),
    ],
)
def test_values_that_cannot_be_read_are_a_problem(shop, inline, problem):
    row = rows(shop, (git(),), (git(inline),))[1]
    assert problem in row.problems
