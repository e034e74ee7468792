"""Commits behind images by what texts, versions and times say: claims, held to what exists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.chain.claims import links_in
from evidence.in_scope import ImageMap, Repository
from evidence.model.change import Strength

PATH = "apps/shop"
IMAGE = "ghcr.io/acme/shop"
HOME = "https://git.example.test/acme/shop"


def source(*names: str) -> tuple[str, ...]:
    return tuple(f"app:commit:{sha(name)}" for name in names)


def pinned(digit: str, tag: str = "") -> dict[str, str]:
    """A kustomization that pins the image by digest."""
    lines = f"  newTag: {tag}\n" if tag else ""
    text = f"images:\n- name: {IMAGE}\n{lines}  digest: sha256:{digit * 64}\n"
    return {f"{PATH}/kustomization.yaml": text}


@pytest.fixture
def shop(world: Any) -> Any:
    """Five source commits; a configuration that runs the first one's image, by its tag."""
    world.branch("main", world.app.chain("a", "b", "c", "d", "e"))
    world.app.tags = {"v3": sha("c"), "v4": sha("d")}
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        environment="production",
        images=(ImageMap(image=IMAGE, repository="app"),),
    )
    world.config.write("start", "", pinned("0", sha("a")))
    world.branch("main", "start", "config")
    world.deploy("start", repository="config", path=PATH)
    return world


def bump(world: Any, message: str = "Bump\n", files: dict[str, str] | None = None) -> None:
    world.config.write("bump", "start", files or pinned("1"))
    world.config.messages["bump"] = message
    world.branch("main", "bump", "config")
    world.deploy("bump", repository="config", path=PATH)


def image_of(world: Any) -> Any:
    (image,) = world.rows()[-1].images
    return image


def told(image: Any) -> tuple[str, str, Strength]:
    return (image.new_commit, image.basis, image.strength)


def update(tag: str, image: str = IMAGE) -> str:
    return f"build: automatic update of shop\n\nupdates image {image} tag 'v1' to '{tag}'\n"


def named(image: Any) -> dict[str, set[str]]:
    """Basis -> commits of everything that was kept."""
    found: dict[str, set[str]] = {}
    for one in image.matches:
        found.setdefault(one.basis, set()).add(one.commit)
    return found


# --- the message of the commit that set it


@pytest.mark.parametrize(
    "message",
    [
        update("v3"),
        update(sha("c")),
        update(f"release-{sha('c')[:9]}"),
        f"feat: update image {IMAGE} ( v1 ➔ v3 )\n",
        "Update shop image tag to v3 for production\n",
    ],
)
def test_the_message_names_the_tag_of_an_image_that_is_pinned_by_digest(
    shop: Any, message: str
) -> None:
    bump(shop, message)
    row = shop.rows()[1]
    assert (sha("c"), "bump_message", Strength.INFERRED) == told(row.images[0])
    assert ((), (f"config:commit:{sha('bump')}", *source("b", "c"))) == (row.problems, row.changes)


def test_what_a_message_named_once_holds_while_the_image_runs(shop: Any) -> None:
    bump(shop, update("v3"))
    shop.config.write("tune", "bump", {f"{PATH}/note.yaml": "a: 1\n"})
    shop.branch("main", "tune", "config")
    shop.deploy("tune", repository="config", path=PATH)
    (runs,) = shop.rows()[2].running
    assert (sha("c"), "bump_message", "") == (runs.commit, runs.basis, runs.problem)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (update("v3", "ghcr.io/acme/till"), "another image"),
        (update("v3", "evil/shop2"), "another image"),
        ("Update shop image tag to v3 for staging\n", "another environment"),
        (update("nothing-of-that-name"), "no such tag"),
        (update("a" * 40), "a commit that is not there"),
        (update("ab" * 32), "a digest"),
        (f"feat: update image {IMAGE} ( {'0' * 7} ➔ {'1' * 7} )\n", "digits of the digest"),
        ("v3 " + sha("c") + "\n", "no structure"),
        ('Revert "updates image"\n', "no structure"),
    ],
)
def test_a_message_says_nothing_of_an_image_where_it_is_about(
    shop: Any, message: str, reason: str
) -> None:
    shop.app.tags["1" * 7] = sha("b")
    bump(shop, message)
    image = image_of(shop)
    assert ("", "digest_only", ()) == (image.new_commit, image.problem, image.candidates), reason


def test_a_message_that_gives_it_another_tag_than_the_file_says_nothing(shop: Any) -> None:
    bump(shop, update("v3"), pinned("1", "nightly"))
    assert ("", "no_such_tag") == (image_of(shop).new_commit, image_of(shop).problem)


def test_a_message_never_goes_against_the_tag(shop: Any) -> None:
    bump(shop, update("v4"), pinned("1", sha("c")))
    image = image_of(shop)
    assert (sha("c"), "tag_contains_sha", Strength.STRONG) == told(image)
    assert {"tag_contains_sha": {sha("c")}} == named(image)


def test_a_message_never_goes_against_a_trailer(shop: Any) -> None:
    trailers = f"Argocd-reference-commit-sha: {sha('b')}\nArgocd-reference-commit-repourl: {HOME}\n"
    bump(shop, f"{update('v3')}\n{trailers}")
    image = image_of(shop)
    assert (sha("b"), "commit_trailer", Strength.INFERRED) == told(image)
    assert {"commit_trailer": {sha("b")}, "bump_message": {sha("c")}} == named(image)


def test_a_message_that_names_two_commits_names_none(shop: Any) -> None:
    bump(shop, update("v3") + f"updates image {IMAGE} tag 'v1' to 'v4'\n")
    image = image_of(shop)
    assert ("", "ambiguous", {sha("c"), sha("d")}) == (
        image.new_commit,
        image.problem,
        set(image.candidates),
    )
    assert {Strength.CANDIDATE} == {one.strength for one in image.matches}


def test_only_the_newest_commit_that_touched_the_file_speaks_of_it(shop: Any) -> None:
    shop.config.write("earlier", "start", pinned("2"))
    shop.config.messages["earlier"] = update("v3")
    shop.config.write("bump", "earlier", pinned("1"))
    shop.config.write("later", "bump", {"apps/other/x.yaml": "a: 1\n"})
    shop.config.messages["later"] = update("v4")
    shop.branch("main", "later", "config")
    shop.deploy("later", repository="config", path=PATH)
    assert ("", "digest_only") == (image_of(shop).new_commit, image_of(shop).problem)


def test_a_merge_hands_on_what_the_commit_below_it_says(shop: Any) -> None:
    shop.config.write("bump", "start", pinned("1"))
    shop.config.messages["bump"] = update("v3")
    shop.config.parents["merge"] = ("start", "bump")
    shop.config.files["merge"] = shop.config.files["bump"]
    shop.config.messages["merge"] = update("v4")
    shop.branch("main", "merge", "config")
    shop.deploy("merge", repository="config", path=PATH)
    assert (sha("c"), "bump_message", Strength.INFERRED) == told(image_of(shop))


# --- the pull request that set it


def pull_request(world: Any, branch: str = "topic", body: str = "") -> None:
    bump(world)
    world.merge(3, "bump", repository="config", head_ref=branch)
    world.inputs_extra = {"linked": {"config": {3: links_in(body)}}}


def test_the_branch_of_the_pull_request_names_the_tag(shop: Any) -> None:
    pull_request(shop, "update-image-tag/shop/production/v3")
    assert (sha("c"), "config_pull_request", Strength.INFERRED) == told(image_of(shop))


@pytest.mark.parametrize(
    "branch",
    [
        "update-image-tag/shop/staging/v3",
        "update-image-tag/till/production/v3",
        "update-image-tag/shop/production/none",
        "update-image-tag/shop/production/../v3",
    ],
)
def test_a_branch_about_something_else_says_nothing(shop: Any, branch: str) -> None:
    pull_request(shop, branch)
    assert ("", "digest_only") == (image_of(shop).new_commit, image_of(shop).problem)


@pytest.mark.parametrize(
    "body", [f"Ships {HOME}/pull/7", "Ships acme/shop#7", f"Ships {HOME}/commit/{sha('d')}"]
)
def test_the_body_links_to_the_change_that_it_ships(shop: Any, body: str) -> None:
    shop.merge(7, "d")
    pull_request(shop, body=body)
    assert (sha("d"), "config_pull_request", Strength.INFERRED) == told(image_of(shop))


@pytest.mark.parametrize(
    "body",
    [
        "Ships https://evil.example/acme/shop/pull/7",
        "Ships https://evil.example@git.example.test/acme/shop/pull/7",
        "Ships acme/config#7",
        "Ships acme/shop#8",
        f"Ships {HOME}/commit/{'a' * 40}",
    ],
)
def test_a_link_to_anything_else_says_nothing(shop: Any, body: str) -> None:
    shop.merge(7, "d", base="elsewhere")
    shop.merge(8, "e", state="CLOSED", merge_sha="")
    pull_request(shop, body=body)
    assert ("", "digest_only") == (image_of(shop).new_commit, image_of(shop).problem)


def test_links_to_two_changes_name_neither(shop: Any) -> None:
    shop.merge(7, "c")
    shop.merge(8, "d")
    pull_request(shop, body="Ships acme/shop#7 and acme/shop#8")
    image = image_of(shop)
    assert ("", "ambiguous") == (image.new_commit, image.problem)
    assert {sha("c"), sha("d")} <= set(image.candidates)


def test_a_branch_and_a_message_that_differ_name_neither(shop: Any) -> None:
    pull_request(shop, "update-image-tag/shop/production/v3")
    shop.config.messages["bump"] = update("v4")
    image = image_of(shop)
    assert ("", "ambiguous") == (image.new_commit, image.problem)


def test_a_pull_request_that_was_not_merged_says_nothing(shop: Any) -> None:
    pull_request(shop, "update-image-tag/shop/production/v3")
    shop.heads[-1] = shop.heads[-1]._replace(state="OPEN")
    assert "" == image_of(shop).new_commit


# --- versions and times: candidates


def manifest(digit: str, version: str) -> dict[str, str]:
    text = (
        f"kind: Deployment\nmetadata: {{name: shop, labels: {{app.kubernetes.io/version: '{version}'}}}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: s, image: '{IMAGE}@sha256:{digit * 64}'}}]}}}}}}\n"
    )
    return {f"{PATH}/kustomization.yaml": "resources: [d.yaml]\n", f"{PATH}/d.yaml": text}


@pytest.mark.parametrize("version", ["v3", "3"])
def test_a_version_beside_an_image_is_shown_and_names_no_commit(shop: Any, version: str) -> None:
    bump(shop, files=manifest("1", version))
    image = image_of(shop)
    assert ("", "digest_only", (sha("c"),)) == (image.new_commit, image.problem, image.candidates)
    assert {"version_label": {sha("c")}} == named(image)
    assert {Strength.CANDIDATE} == {one.strength for one in image.matches}


def test_the_version_of_a_chart_is_shown_and_names_no_commit(shop: Any) -> None:
    chart = {
        "chart/Chart.yaml": "name: shop\nappVersion: v3\n",
        "chart/values.yaml": f"image: {{repository: {IMAGE}, digest: 'sha256:{'1' * 64}'}}\n",
    }
    shop.config.write("one", "start", {**chart, "chart/Chart.yaml": "name: shop\n"})
    shop.config.write(
        "two", "one", {**chart, "chart/values.yaml": chart["chart/values.yaml"].replace("1", "2")}
    )
    shop.branch("main", "two", "config")
    shop.deployments.clear()
    for name in ("one", "two"):
        shop.deploy(name, repository="config", path="chart")
    image = image_of(shop)
    assert ("", (sha("c"),)) == (image.new_commit, image.candidates)


def test_what_landed_last_before_it_is_shown_and_names_no_commit(shop: Any) -> None:
    shop.merge(7, "c")
    bump(shop)
    shop.merge(8, "d")
    image = image_of(shop)
    assert ("", "digest_only") == (image.new_commit, image.problem)
    assert {"time_window": {sha("c")}} == named(image)
    assert {Strength.CANDIDATE} == {one.strength for one in image.matches}


def test_what_landed_elsewhere_or_not_at_all_is_no_candidate(shop: Any) -> None:
    shop.merge(6, "b", base="topic")
    shop.merge(7, "c", state="CLOSED")
    shop.merge(8, "d", repository="config")
    bump(shop)
    assert () == image_of(shop).matches


def test_no_candidate_goes_against_a_message(shop: Any) -> None:
    shop.merge(7, "e")
    bump(shop, update("v3"), manifest("1", "v4"))
    image = image_of(shop)
    assert (sha("c"), "bump_message", Strength.INFERRED) == told(image)
    expected = {
        "bump_message": {sha("c")},
        "version_label": {sha("d")},
        "time_window": {sha("e")},
    }
    assert expected == named(image)


def test_all_matches_are_kept_in_the_order_of_the_table(shop: Any) -> None:
    shop.merge(7, "c")
    pull_request(shop, "update-image-tag/shop/production/v3")
    shop.config.messages["bump"] = update("v3")
    assert ["bump_message", "config_pull_request", "time_window"] == [
        one.basis for one in image_of(shop).matches
    ]


def test_texts_of_a_third_party_image_are_not_read(shop: Any) -> None:
    shop.application = replace(shop.application, images=())
    shop.repositories.append(Repository(id="other"))
    shop.policy_extra = {"image_maps": (ImageMap(image="x/{name}", repository="other"),)}
    bump(shop, update("v3"))
    assert ("third_party", ()) == (image_of(shop).problem, image_of(shop).matches)
