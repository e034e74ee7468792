"""The GitOps hop: images that a configuration commit changes, and the source commits behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.in_scope import ImageMap, Repository
from evidence.model.change import LinkKind, Strength
from evidence.model.production import DeploymentKind

PATH = "apps/shop"


def source(*names: str) -> tuple[str, ...]:
    return tuple(f"app:commit:{sha(name)}" for name in names)


def config(*names: str) -> tuple[str, ...]:
    return tuple(f"config:commit:{sha(name)}" for name in names)


def kustomization(tag: str, extra: str = "") -> dict[str, str]:
    text = f"resources: [deployment.yaml]\nimages:\n- name: shop\n  newName: ghcr.io/acme/shop\n  newTag: {tag}\n"
    return {f"{PATH}/kustomization.yaml": text + extra}


MANIFEST = {
    f"{PATH}/deployment.yaml": (
        "kind: Deployment\nmetadata: {name: shop}\n"
        "spec: {template: {spec: {containers: [{name: shop, image: shop:0}]}}}\n"
    )
}


@pytest.fixture
def shop(world: Any) -> Any:
    """A source repository of five commits and a configuration repository that runs the first."""
    world.branch("main", world.app.chain("a", "b", "c", "d", "e"))
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        images=(ImageMap(image="ghcr.io/acme/shop", repository="app"),),
    )
    world.config.write("start", "", {**MANIFEST, **kustomization(sha("a"))})
    world.branch("main", "start", "config")
    world.deploy("start", repository="config", path=PATH)
    return world


def bump(world: Any, name: str, after: str, files: dict[str, str]) -> None:
    world.config.write(name, after, files)
    world.branch("main", name, "config")
    world.deploy(name, repository="config", path=PATH)


def test_all_source_commits_between_two_tags_belong_to_the_deployment(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c")))
    population = shop.build()
    row = population.deployments[1]
    assert (*config("bump"), *source("b", "c")) == row.changes
    (image,) = row.images
    assert ("ghcr.io/acme/shop", f"{PATH}/kustomization.yaml", "images[0].newTag") == (
        image.image,
        image.file,
        image.field,
    )
    assert (sha("a"), sha("c"), "app", "tag_contains_sha", Strength.STRONG, "") == (
        image.old_commit,
        image.new_commit,
        image.repository,
        image.basis,
        image.strength,
        image.problem,
    )
    through = next(one for one in row.ranges if one.through)
    assert (sha("a"), (sha("b"), sha("c")), Strength.STRONG) == (
        through.previous,
        through.commits,
        through.strength,
    )
    assert frozenset() == population.questions


def test_a_commit_that_only_moves_an_image_is_a_promotion(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c")))
    assert "promotion" == shop.changes()[config("bump")[0]].change_type


def test_promotions_have_a_line_of_their_own_in_each_reconciliation(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c")))
    numbers = shop.build().reconciliation
    (config_branch,) = [one for one in numbers.branches if one.repository == "config"]
    others = [one.promotions for one in numbers.branches if one.repository != "config"]

    assert (1, 1, 1) == (numbers.promotions, numbers.promoting, config_branch.promotions)
    assert [0] * len(others) == others
    assert numbers.merged == numbers.deployed + numbers.baseline + numbers.pending


def test_a_pull_request_that_only_moves_an_image_is_a_promotion(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c")))
    shop.merge(3, "bump", repository="config")
    assert "promotion" == shop.changes()["config:pr:3"].change_type


def test_nothing_is_called_a_promotion_before_git_was_asked(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c")))
    changes = {change.change_id: change for change in shop.build(ask=False).changes}
    assert "direct" == changes[config("bump")[0]].change_type


def test_a_rebase_merge_that_only_moves_images_is_a_promotion(shop: Any) -> None:
    shop.config.write("bump 1", "start", kustomization(sha("b")))
    bump(shop, "bump 2", "bump 1", kustomization(sha("d")))
    shop.merge(3, "bump 2", repository="config", commits_total=2)
    listed = {sha("bump 1"): (3,), sha("bump 2"): (3,)}
    shop.inputs_extra = {"associations": {"config": listed}}
    change = shop.changes()["config:pr:3"]
    assert ("rebase", "promotion") == (change.merge_method, change.change_type)


def test_a_source_repository_without_a_mirror_is_not_collected(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("b")))
    shop.inputs_extra = {"graphs": {"config": shop.config.graph()}}
    row = shop.rows()[1]
    assert (("image_not_collected",), (sha("b"),)) == (row.problems, row.images[0].candidates)


def test_a_commit_that_moves_an_image_and_something_else_is_no_promotion(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("c"), "namePrefix: x-\n"))
    assert "direct" == shop.changes()[config("bump")[0]].change_type


def test_a_commit_that_also_adds_a_file_is_no_promotion(shop: Any) -> None:
    bump(shop, "bump", "start", {**kustomization(sha("c")), f"{PATH}/new.yaml": "a: 1\n"})
    assert "direct" == shop.changes()[config("bump")[0]].change_type


def test_several_bumps_between_two_syncs_are_one_deployment(shop: Any) -> None:
    shop.config.write("bump 1", "start", kustomization(sha("b")))
    bump(shop, "bump 2", "bump 1", kustomization(sha("d")))
    row = shop.rows()[1]
    assert (*config("bump 1", "bump 2"), *source("b", "c", "d")) == row.changes


def test_an_older_tag_is_a_rollback_of_the_source(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(sha("d")))
    bump(shop, "back", "bump", kustomization(sha("b")))
    row = shop.rows()[2]
    through = next(one for one in row.ranges if one.through)
    assert (DeploymentKind.ROLLBACK, DeploymentKind.ROLLBACK) == (row.kind, through.kind)
    assert (sha("d"), sha("c")) == through.removed
    assert config("back") == row.changes


def test_a_baseline_of_the_configuration_is_one_of_its_images_too(shop: Any) -> None:
    shop.application = replace(shop.application, baseline=sha("start"))
    shop.deployments.clear()
    bump(shop, "bump", "start", kustomization(sha("c")))
    (row,) = shop.rows()
    assert (*config("bump"), *source("b", "c")) == row.changes
    assert (DeploymentKind.FIRST, sha("a")) == (row.kind, row.images[0].old)


def test_a_tag_that_cannot_be_a_name_is_not_asked_for(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization("x" * 300))
    row = shop.rows()[1]
    assert ("image_no_such_tag",) == row.problems


def test_a_pure_configuration_change_brings_no_source_commits(shop: Any) -> None:
    bump(shop, "tune", "start", kustomization(sha("a"), "namePrefix: x-\n"))
    row = shop.rows()[1]
    assert (config("tune"), ()) == (row.changes, row.images)
    assert "direct" == shop.changes()[config("tune")[0]].change_type


def test_a_configuration_commit_outside_the_path_does_not_concern_the_application(
    shop: Any,
) -> None:
    shop.config.write("elsewhere", "start", {"apps/other/x.yaml": "a: 1\n"})
    bump(shop, "bump", "elsewhere", kustomization(sha("b")))
    assert (*config("bump"), *source("b")) == shop.rows()[1].changes


def test_a_base_that_a_kustomization_names_concerns_the_application(shop: Any) -> None:
    base = {"base/kustomization.yaml": "resources: [d.yaml]\n", "base/d.yaml": "kind: X\n"}
    overlay = {f"{PATH}/kustomization.yaml": "resources: [../../base]\n"}
    bump(shop, "split", "start", {**base, **overlay})
    shop.config.write("base change", "split", {"base/d.yaml": "kind: Y\n"})
    bump(shop, "other", "base change", {"apps/other/x.yaml": "a: 1\n"})
    assert config("base change") == shop.rows()[2].changes


def test_a_tag_that_is_a_git_tag_is_inferred(shop: Any) -> None:
    shop.app.tags = {"v1.10": sha("c")}
    bump(shop, "bump", "start", kustomization("v1.10"))
    row = shop.rows()[1]
    assert ("tag_is_git_tag", Strength.INFERRED) == (row.images[0].basis, row.images[0].strength)
    assert (*config("bump"), *source("b", "c")) == row.changes


def test_a_short_sha_in_a_tag_is_inferred(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization(f"release-{sha('c')[:10]}"))
    (image,) = shop.rows()[1].images
    assert (sha("c"), "tag_contains_sha", Strength.INFERRED) == (
        image.new_commit,
        image.basis,
        image.strength,
    )


def test_a_tag_of_64_hexadecimal_digits_is_no_commit(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization("ab" * 32))
    row = shop.rows()[1]
    assert (("image_not_a_commit",), "", config("bump")) == (
        row.problems,
        row.images[0].new_commit,
        row.changes,
    )


def test_an_ambiguous_short_sha_keeps_all_its_candidates(shop: Any) -> None:
    shop.app.commit("z", "e")
    shop.app.tags = {sha("c")[:8]: sha("d")}
    bump(shop, "bump", "start", kustomization(sha("c")[:8]))
    (image,) = shop.rows()[1].images
    assert ("ambiguous", "", tuple(sorted((sha("c"), sha("d"))))) == (
        image.problem,
        image.new_commit,
        image.candidates,
    )
    assert ("image_ambiguous",) == shop.rows()[1].problems


def test_a_tag_that_names_nothing_says_so(shop: Any) -> None:
    bump(shop, "bump", "start", kustomization("latest"))
    bump(shop, "again", "bump", kustomization(sha("b")))
    rows = shop.rows()
    assert ("image_no_such_tag",) == rows[1].problems
    assert ("previous_image_unresolved",) == rows[2].problems


def test_where_the_first_tag_ever_seen_names_nothing_the_next_range_has_no_beginning(
    shop: Any,
) -> None:
    first = shop.config.files["start"]
    first[f"{PATH}/kustomization.yaml"] = kustomization("latest")[f"{PATH}/kustomization.yaml"]
    bump(shop, "bump", "start", kustomization(sha("b")))
    rows = shop.rows()
    assert ("previous_image_unresolved",) == rows[1].problems
    assert rows[1].changes == config("bump")


def test_a_new_digest_behind_the_same_tag_is_named_and_has_no_source_range(shop: Any) -> None:
    tag = sha("a")
    bump(shop, "one", "start", kustomization(tag, f"  digest: sha256:{'1' * 64}\n"))
    bump(shop, "two", "one", kustomization(tag, f"  digest: sha256:{'2' * 64}\n"))
    row = shop.rows()[2]
    assert ("digest_only", config("two")) == (row.images[0].problem, row.changes)


def test_a_third_party_image_has_no_source_and_is_no_problem_of_ours(shop: Any) -> None:
    extra = "- name: redis\n  newTag: '7.2'\n"
    bump(shop, "add", "start", kustomization(sha("a"), extra))
    bump(shop, "upgrade", "add", kustomization(sha("a"), extra.replace("7.2", "7.4")))
    row = shop.rows()[2]
    (image,) = row.images
    assert ("redis", "7.2", "7.4", "third_party", "") == (
        image.image,
        image.old,
        image.new,
        image.problem,
        image.repository,
    )
    assert ((), config("upgrade")) == (row.problems, row.changes)
    assert "direct" == shop.changes()[config("upgrade")[0]].change_type


def test_one_configuration_commit_may_move_several_images(shop: Any) -> None:
    shop.repositories.append(Repository(id="web", name="acme/web"))
    shop.policy_extra = {
        "image_maps": (ImageMap(image="ghcr.io/acme/{name}", repository="acme/{name}"),)
    }
    shop.inputs_extra = {
        "graphs": {
            "app": shop.app.graph(),
            "web": shop.app.graph(),
            "config": None,
        }
    }
    both = "- name: web\n  newName: ghcr.io/acme/web\n  newTag: {}\n"
    bump(shop, "one", "start", kustomization(sha("a"), both.format(sha("a"))))
    bump(shop, "two", "one", kustomization(sha("b"), both.format(sha("c"))))
    shop.inputs_extra["graphs"]["config"] = shop.config.graph()
    row = build_with_web(shop).deployments[2]
    web = tuple(f"web:commit:{sha(name)}" for name in ("b", "c"))
    assert (*config("two"), *source("b"), *web) == row.changes


def build_with_web(world: Any) -> Any:
    """Lets the web repository answer as the application's does."""
    answers = world.answers

    def both(population: Any) -> Any:
        found = {}
        for question in population.questions:
            asked = (
                replace(question, repository="app") if question.repository == "web" else question
            )
            part = answers(replace(population, questions=frozenset({asked})))
            found[question] = part[asked]
        return found

    world.answers = both
    return world.build()


def test_a_plain_manifest_decides_where_there_is_no_kustomization(shop: Any) -> None:
    def manifest(tag: str) -> dict[str, str]:
        text = (
            "kind: List\nitems:\n- kind: CronJob\n  metadata: {name: nightly}\n  spec: {jobTemplate: "
            "{spec: {template: {spec: {initContainers: [{name: i, image: 'ghcr.io/acme/shop:TAG'}]}}}}}\n"
            "---\n{{ not yaml\n"
        )
        return {"plain/jobs.yaml": text.replace("TAG", tag).replace("---\n{{ not yaml\n", "")}

    shop.config.write("plain", "start", manifest(sha("a")))
    shop.config.write("next", "plain", manifest(sha("b")))
    shop.branch("main", "next", "config")
    shop.deployments.clear()
    for name in ("plain", "next"):
        shop.deploy(name, repository="config", path="plain")
    (image,) = shop.rows()[1].images
    assert ("plain/jobs.yaml", "CronJob/nightly initContainers[i].image") == (
        image.file,
        image.field,
    )
    assert (*config("next"), *source("b")) == shop.rows()[1].changes


def test_helm_values_decide_at_the_configured_keys(shop: Any) -> None:
    shop.application = replace(shop.application, values_files=("env/prod.yaml",))

    def values(tag: str) -> dict[str, str]:
        return {
            "chart/Chart.yaml": "name: shop\n",
            "chart/values.yaml": "image: {repository: ghcr.io/acme/shop, tag: none}\n",
            "chart/templates/d.yaml": "{{ if }}",
            "env/prod.yaml": f"image:\n  tag: {tag}\n",
        }

    shop.config.write("helm", "start", values(sha("a")))
    shop.config.write("next", "helm", values(sha("c")))
    shop.branch("main", "next", "config")
    shop.deployments.clear()
    for name in ("helm", "next"):
        shop.deploy(name, repository="config", path="chart")
    row = shop.rows()[1]
    assert ("env/prod.yaml", "image.tag") == (row.images[0].file, row.images[0].field)
    assert (*config("next"), *source("b", "c")) == row.changes
    assert "promotion" == shop.changes()[config("next")[0]].change_type


def test_a_file_that_is_only_a_tag_belongs_to_the_only_mapped_image(shop: Any) -> None:
    file = "tags/production/shop"
    shop.application = replace(
        shop.application, values_files=(file,), values_keys=("image_tag",), path="charts"
    )
    chart = {"charts/Chart.yaml": "name: x\n"}
    shop.config.write("one", "start", {**chart, file: f"image_tag: {sha('a')}\nauto: true\n"})
    shop.config.write("two", "one", {file: f"image_tag: {sha('b')}\nauto: true\n"})
    shop.branch("main", "two", "config")
    shop.deployments.clear()
    for name in ("one", "two"):
        shop.deploy(name, repository="config", path="charts")
    row = shop.rows()[1]
    assert ("ghcr.io/acme/shop", file, "image_tag") == (
        row.images[0].image,
        row.images[0].file,
        row.images[0].field,
    )
    assert (*config("two"), *source("b")) == row.changes


def test_a_monorepo_image_brings_only_commits_of_its_path(shop: Any) -> None:
    shop.app.write("m1", "e", {"svc-a/x": "1"})
    shop.app.write("m2", "m1", {"svc-b/x": "1"})
    shop.app.write("m3", "m2", {"svc-a/x": "2"})
    shop.branch("main", "m3")
    shop.application = replace(
        shop.application,
        images=(
            ImageMap(image="ghcr.io/acme/shop", repository="app", path="svc-a"),
            ImageMap(image="ghcr.io/acme/other", repository="app", path="svc-b"),
        ),
    )
    bump(shop, "bump", "start", kustomization(sha("m3")))
    row = shop.rows()[1]
    assert (*config("bump"), *source("m1", "m3")) == row.changes
    assert () == row.problems


@pytest.mark.parametrize(
    ("more", "open_"),
    [
        ({}, True),
        ({"non_deployable_paths": ("docs/**",)}, True),
        ({"non_deployable_paths": ("svc-c/**",)}, False),
        ({"image_maps": (ImageMap(image="x/{name}", repository="app", path="svc-{name}"),)}, False),
        ({"image_maps": (ImageMap(image="x/c", repository="acme/{name}", path="svc-c"),)}, False),
        ({"image_maps": (ImageMap(image="x/c", repository="other", path="svc-c"),)}, True),
    ],
)
def test_g05_a_path_that_nothing_maps_may_be_in_every_image(
    shop: Any, more: dict[str, object], open_: bool
) -> None:
    shop.app.write("m1", "e", {"svc-a/x": "1"})
    shop.app.write("m2", "m1", {"svc-c/x": "1"})
    shop.branch("main", "m2")
    shop.application = replace(
        shop.application,
        images=(ImageMap(image="ghcr.io/acme/shop", repository="app", path="svc-a"),),
    )
    shop.policy_extra |= more
    bump(shop, "bump", "start", kustomization(sha("m2")))
    row = shop.rows()[1]
    brought = source("m1", "m2") if open_ else source("m1")
    assert (*config("bump"), *brought) == row.changes
    assert (("path_unmapped",) if open_ else ()) == row.problems


def test_a_failed_sync_carries_its_source_commits_and_settles_nothing(shop: Any) -> None:
    shop.config.write("bump", "start", kustomization(sha("c")))
    shop.branch("main", "bump", "config")
    shop.deploy("bump", repository="config", path=PATH, phase="Failed")
    shop.deploy("bump", repository="config", path=PATH)
    rows = shop.rows()
    assert (*config("bump"), *source("b", "c")) == rows[1].changes == rows[2].changes
    assert (DeploymentKind.FAILED, DeploymentKind.FORWARD) == (rows[1].kind, rows[2].kind)
    assert LinkKind.DEPLOYMENT == rows[2].links[0].kind


def test_a_configuration_that_cannot_be_read_is_named(shop: Any) -> None:
    bump(shop, "broken", "start", {f"{PATH}/kustomization.yaml": "images: [\n"})
    assert ("configuration_unreadable",) == shop.rows()[1].problems


def test_an_image_map_to_an_unknown_repository_is_unmapped(shop: Any) -> None:
    shop.application = replace(
        shop.application, images=(ImageMap(image="ghcr.io/acme/shop", repository="nowhere"),)
    )
    bump(shop, "bump", "start", kustomization(sha("b")))
    (image,) = shop.rows()[1].images
    assert ("unmapped", "") == (image.problem, image.repository)
