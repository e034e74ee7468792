"""Images where tools write them: write-back files, HelmReleases, markers, patches, charts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invented import sha

from evidence.in_scope import ImageMap
from evidence.model.change import Strength

PATH = "apps/shop"
DIGEST = "sha256:" + "ab" * 32
DEPLOYMENT = (
    "kind: Deployment\nmetadata: {name: shop}\n"
    "spec: {template: {spec: {containers: [{name: shop, image: 'ghcr.io/acme/shop:0'}]}}}\n"
)


@pytest.fixture
def shop(world: Any) -> Any:
    world.branch("main", world.app.chain("a", "b", "c"))
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        images=(ImageMap(image="ghcr.io/acme/shop", repository="app"),),
    )
    return world


def differ(world: Any, before: dict[str, str], after: dict[str, str]) -> Any:
    """The second of two deployments of a configuration."""
    world.config.write("start", "", {f"{PATH}/{name}": text for name, text in before.items()})
    world.branch("main", "start", "config")
    world.deploy("start", repository="config", path=PATH)
    world.config.write("bump", "start", {f"{PATH}/{name}": text for name, text in after.items()})
    world.branch("main", "bump", "config")
    world.deploy("bump", repository="config", path=PATH)
    return world.build().deployments[1]


def moved(row: Any) -> list[tuple[str, str, str, str]]:
    return [(one.image, one.old, one.new, one.new_commit) for one in row.images]


SHOP_MOVED = [("ghcr.io/acme/shop", sha("a"), sha("b"), sha("b"))]


def test_image_updater_writes_the_image_of_a_kustomization_beside_it(shop):
    file = ".argocd-source-shop.yaml"
    base = {
        "kustomization.yaml": "resources: [deployment.yaml]\n",
        "deployment.yaml": DEPLOYMENT,
    }
    text = "kustomize:\n  images:\n  - ghcr.io/acme/shop:{}\n"

    row = differ(shop, {**base, file: text.format(sha("a"))}, {file: text.format(sha("b"))})

    assert moved(row) == SHOP_MOVED
    assert row.images[0].file == f"{PATH}/{file}"


def test_image_updater_writes_parameters_of_a_chart_over_its_values(shop):
    file = ".argocd-source-shop.yaml"
    text = (
        "helm:\n  parameters:\n"
        "  - {{name: image.repository, value: ghcr.io/acme/shop}}\n"
        "  - {{name: image.tag, value: '{}', forcestring: true}}\n"
    )
    values = {"Chart.yaml": "name: shop\n", "values.yaml": "image: {repository: x, tag: y}\n"}

    row = differ(shop, {**values, file: text.format(sha("a"))}, {file: text.format(sha("b"))})

    assert moved(row) == SHOP_MOVED


def test_a_write_back_file_of_another_application_says_nothing_here(shop):
    file = ".argocd-source-other.yaml"
    text = "kustomize:\n  images:\n  - ghcr.io/acme/shop:{}\n"
    base = {"kustomization.yaml": "resources: [deployment.yaml]\n", "deployment.yaml": DEPLOYMENT}

    row = differ(shop, {**base, file: text.format(sha("a"))}, {file: text.format(sha("b"))})

    assert moved(row) == []


RELEASE = """
kind: HelmRelease
metadata: {{name: shop}}
spec:
  chart: {{spec: {{chart: app, version: 3.1.0, sourceRef: {{kind: HelmRepository, name: charts}}}}}}
  values:
    controllers:
      web: {{image: {{repository: ghcr.io/acme/shop, tag: "{}"}}}}
"""


def test_values_of_a_helm_release_name_an_image_at_any_depth(shop):
    row = differ(
        shop,
        {"release.yaml": RELEASE.format(sha("a"))},
        {"release.yaml": RELEASE.format(sha("b"))},
    )

    assert moved(row) == SHOP_MOVED
    assert row.images[0].field == "HelmRelease/shop values.controllers.web.image.tag"


def test_a_bump_of_a_chart_is_seen_as_acquired_software(shop):
    before = RELEASE.format(sha("a"))
    row = differ(shop, {"release.yaml": before}, {"release.yaml": before.replace("3.1.0", "3.2.0")})

    (image,) = row.images
    assert (image.image, image.old, image.new) == ("chart:charts/app", "3.1.0", "3.2.0")
    assert image.problem == "third_party"
    assert row.problems == ()


@pytest.mark.parametrize("version", ["3.x", "'>=3.1.0'", "'*'", "'3'"])
def test_a_floating_version_of_a_chart_is_told(shop, version):
    text = RELEASE.format(sha("a")).replace("3.1.0", version)
    row = differ(shop, {"release.yaml": text}, {"other.txt": "x"})

    assert "configuration_floating_version" in row.problems


def test_charts_that_a_kustomization_inflates_are_listed(shop):
    text = "helmCharts:\n- {{name: proxy, repo: https://charts.example, version: {}}}\n"
    row = differ(
        shop,
        {"kustomization.yaml": text.format("1.0.0")},
        {"kustomization.yaml": text.format("1.1.0")},
    )

    assert [(one.image, one.new) for one in row.images] == [
        ("chart:https://charts.example/proxy", "1.1.0")
    ]


def test_a_lock_file_pins_what_a_chart_depends_on(shop):
    chart = "dependencies: [{name: db, version: 1.x, repository: 'https://charts.example'}]\n"
    lock = "dependencies: [{{name: db, version: {}}}]\n"
    row = differ(
        shop,
        {"Chart.yaml": chart, "Chart.lock": lock.format("1.2.0")},
        {"Chart.lock": lock.format("1.3.0")},
    )

    assert [(one.image, one.old, one.new) for one in row.images] == [
        ("chart:https://charts.example/db", "1.2.0", "1.3.0")
    ]
    assert row.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        'image: ghcr.io/acme/shop:{} # {{"$imagepolicy": "flux-system:shop"}}\n',
        (
            'name: ghcr.io/acme/shop # {{"$imagepolicy": "flux-system:shop:name"}}\n'
            'tag: {} # {{"$imagepolicy": "flux-system:shop:tag"}}\n'
        ),
        'tag: "{}" # {{"$imagepolicy": "flux-system:shop:tag"}}\n',
    ],
)
def test_a_marker_hands_a_place_of_any_resource_to_an_image_policy(shop, text):
    resource = "kind: Widget\nmetadata: {{name: shop}}\nspec:\n  "
    whole = resource + text.replace("\n", "\n  ").rstrip() + "\n"

    row = differ(
        shop, {"widget.yaml": whole.format(sha("a"))}, {"widget.yaml": whole.format(sha("b"))}
    )

    assert moved(row) == SHOP_MOVED


MERGE = """
resources: [deployment.yaml]
patches:
- patch: |-
    kind: Deployment
    metadata: {{name: shop}}
    spec: {{template: {{spec: {{containers: [{{name: shop, image: "ghcr.io/acme/shop:{}"}}]}}}}}}
"""
JSON_PATCH = """
resources: [deployment.yaml]
patches:
- target: {{kind: Deployment}}
  patch: |-
    - op: replace
      path: /spec/template/spec/containers/0/image
      value: ghcr.io/acme/shop:{}
"""


@pytest.mark.parametrize("text", [MERGE, JSON_PATCH])
def test_an_inline_patch_sets_an_image(shop, text):
    row = differ(
        shop,
        {"deployment.yaml": DEPLOYMENT, "kustomization.yaml": text.format(sha("a"))},
        {"kustomization.yaml": text.format(sha("b"))},
    )

    assert moved(row) == SHOP_MOVED


TRAILERS = "Promote\n\nArgocd-reference-commit-sha: {}\nArgocd-reference-commit-repourl: {}\n"
OURS = "https://git.example.test/acme/shop.git"


def by_trailer(shop: Any, message: str) -> Any:
    text = "images:\n- {{name: ghcr.io/acme/shop, newTag: '{}'}}\n"
    shop.config.messages["bump"] = message
    row = differ(
        shop,
        {"kustomization.yaml": text.format(sha("a"))},
        {"kustomization.yaml": text.format("2.0")},
    )
    (image,) = row.images
    return image


def test_a_trailer_of_the_commit_that_set_a_nameless_tag_names_its_source(shop):
    image = by_trailer(shop, TRAILERS.format(sha("c"), OURS))

    assert (image.new_commit, image.basis) == (sha("c"), "commit_trailer")
    assert image.strength is Strength.INFERRED
    assert [(one.basis, one.commit) for one in image.matches] == [("commit_trailer", sha("c"))]


def test_of_two_trailers_the_last_one_counts(shop):
    first = "Argocd-reference-commit-sha: " + sha("b") + "\n"
    image = by_trailer(shop, TRAILERS.format(sha("a"), OURS) + first)

    assert image.new_commit == sha("b")


@pytest.mark.parametrize(
    "message",
    [
        TRAILERS.format(sha("c"), "https://git.example.test/acme/other.git"),
        f"Argocd-reference-commit-sha: {sha('c')}\n",
        TRAILERS.format("not a commit", OURS),
        TRAILERS.format("c" * 40, OURS),
        "Update image\n",
    ],
)
def test_a_message_that_names_nothing_of_ours_tells_nothing(shop, message):
    image = by_trailer(shop, message)

    assert (image.new_commit, image.problem) == ("", "no_such_tag")


def artifact(ref: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: chart}\n"
        f"spec:\n  url: oci://ghcr.io/acme/charts/shop\n  ref: {{{ref}}}\n"
    )


@pytest.mark.parametrize(
    ("ref", "reference", "problems"),
    [
        ("tag: 1.2.3", "1.2.3", ()),
        (f"tag: 1.2.3, digest: '{DIGEST}'", f"1.2.3@{DIGEST}", ()),
        (f"digest: '{DIGEST}'", DIGEST, ()),
        ("semver: '>=1.2'", ">=1.2", ("configuration_floating_version",)),
        ("tag: latest", "latest", ("configuration_floating_version",)),
    ],
)
def test_an_artifact_that_flux_takes_from_a_registry_is_seen_at_its_version(
    shop, ref, reference, problems
):
    row = differ(shop, {"oci.yaml": artifact("tag: 1.0.0")}, {"oci.yaml": artifact(ref)})

    expected = [("chart:ghcr.io/acme/charts/shop", "1.0.0", reference, "")]
    assert (expected, problems) == (moved(row), row.problems)
