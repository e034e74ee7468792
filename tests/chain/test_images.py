"""Image references are read as the text they are, wherever a deployer would read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.images import (
    ImageRef,
    apply_overrides,
    manifest_images,
    overrides,
    parse_image,
    split_reference,
    value_images,
)
from evidence.chain.mapping import ImageMaps
from evidence.chain.promotions import only_images_differ
from evidence.chain.yaml_text import load_documents, text_of
from evidence.in_scope import Application, ImageMap, Repository
from evidence.policy import Policy

DIGEST = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghcr.io/acme/shop:1.2", ("ghcr.io/acme/shop", "1.2")),
        (f"ghcr.io/acme/shop:1.2@{DIGEST}", ("ghcr.io/acme/shop", f"1.2@{DIGEST}")),
        (f"ghcr.io/acme/shop@{DIGEST}", ("ghcr.io/acme/shop", DIGEST)),
        ("registry.test:5000/shop", ("registry.test:5000/shop", "latest")),
        ("registry.test:5000/shop:v1", ("registry.test:5000/shop", "v1")),
        ("redis", ("redis", "latest")),
    ],
)
def test_an_image_text_has_a_name_and_a_reference(text: str, expected: tuple[str, str]) -> None:
    assert expected == parse_image(text)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("1.2", ("1.2", "")), (DIGEST, ("", DIGEST)), (f"1.2@{DIGEST}", ("1.2", DIGEST))],
)
def test_a_reference_has_a_tag_a_digest_or_both(reference: str, expected: tuple[str, str]) -> None:
    assert expected == split_reference(reference)


def manifests(text: str) -> list[tuple[str, str, str]]:
    documents, problem = load_documents(text)
    assert problem == ""
    return [(ref.image, ref.reference, ref.field) for ref in manifest_images(documents, "f.yaml")]


def test_every_container_of_every_pod_template_is_read() -> None:
    text = """
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      initContainers: [{name: migrate, image: "shop:1.10"}]
      containers: [{name: web, image: shop:12e4567}, {image: proxy}]
      ephemeralContainers: [{name: debug, image: "busybox:1"}]
---
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: "job:2"}]}}}}}
---
kind: Pod
metadata: {name: lone}
spec: {containers: [{name: p}, text, {name: q, image: [x]}]}
"""
    assert [
        ("shop", "1.10", "Deployment/shop initContainers[migrate].image"),
        ("shop", "12e4567", "Deployment/shop containers[web].image"),
        ("proxy", "latest", "Deployment/shop containers[1].image"),
        ("busybox", "1", "Deployment/shop ephemeralContainers[debug].image"),
        ("job", "2", "CronJob/nightly containers[job].image"),
    ] == manifests(text)


def test_containers_are_read_inside_lists_and_at_any_depth() -> None:
    text = "kind: Template\nobjects: [1, {containers: [{image: 'x:1'}]}]"
    assert [("x", "1", "Template/ containers[0].image")] == manifests(text)
    deep = "kind: X\n" + "a: {" * 90 + "containers: [{image: 'x:1'}]" + "}" * 90
    assert [("x", "1", "X/ containers[0].image")] == manifests(deep)


def test_lists_of_any_kind_are_unfolded() -> None:
    text = (
        "kind: PodList\nitems: [{kind: List, items: [{kind: Pod, metadata: {name: a}, "
        "spec: {containers: [{name: c, image: 'x:1'}]}}, null]}]"
    )
    assert [("x", "1", "Pod/a containers[c].image")] == manifests(text)


def kustomize(text: str, below: list[ImageRef]) -> list[tuple[str, str, str]]:
    documents, _ = load_documents(text)
    found = apply_overrides(below, list(overrides(documents[0])), "kustomization.yaml")
    return [(ref.image, ref.reference, ref.field) for ref in found]


def ref(image: str, reference: str) -> ImageRef:
    return ImageRef(image=image, reference=reference, file="d.yaml", field="containers[x].image")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images: [{name: shop, newTag: 1.10}]", ("shop", "1.10", "images[0].newTag")),
        (
            f"images: [{{name: shop, newName: r/shop, digest: '{DIGEST}'}}]",
            ("r/shop", DIGEST, "images[0].digest"),
        ),
        (
            "images: [{name: shop, newName: r/shop}]",
            ("r/shop", "1", "images[0].newTag (containers[x].image)"),
        ),
        ("images: [{name: other, newName: r/other}]", ("shop", "1", "containers[x].image")),
        ("images: [{newTag: 2}, text]", ("shop", "1", "containers[x].image")),
    ],
)
def test_a_kustomization_overrides_the_image_of_the_same_name(
    text: str, expected: tuple[str, str, str]
) -> None:
    assert [expected] == kustomize(text, [ref("shop", "1")])


def test_an_override_of_an_image_that_was_not_seen_stands_for_itself() -> None:
    found = kustomize("images: [{name: op, newTag: '3'}]", [ref("shop", "1")])
    assert ("op", "3", "images[0].newTag") in found


def values(*texts: str, keys: tuple[str, ...] = ("image",), only: str = "") -> list[Any]:
    layers = [(f"v{place}.yaml", load_documents(text)[0][0]) for place, text in enumerate(texts)]
    return [
        (one.image, one.reference, one.file, one.field) for one in value_images(layers, keys, only)
    ]


def test_a_later_values_file_overrides_an_earlier_one_field_by_field() -> None:
    found = values("image: {repository: r/shop, tag: 1}", "image: {tag: 1.10}")
    assert [("r/shop", "1.10", "v1.yaml", "image.tag")] == found


@pytest.mark.parametrize(
    ("text", "keys", "only", "expected"),
    [
        ("image: r/shop:2", ("image",), "", ("r/shop", "2", "image")),
        ("image: {registry: r, repository: s, tag: 2}", ("image",), "", ("r/s", "2", "image.tag")),
        (
            f"image: {{repository: s, digest: '{DIGEST}'}}",
            ("image",),
            "",
            ("s", DIGEST, "image.digest"),
        ),
        ("image_tag: v7", ("image_tag",), "r/shop", ("r/shop", "v7", "image_tag")),
        ("image: {tag: v7}", ("image",), "r/shop", ("r/shop", "v7", "image.tag")),
        (
            "a: {b: {image: {repository: s, tag: 1}}}",
            ("a.*.image",),
            "",
            ("s", "1", "a.b.image.tag"),
        ),
    ],
)
def test_values_may_hold_an_image_in_several_forms(
    text: str, keys: tuple[str, ...], only: str, expected: tuple[str, str, str]
) -> None:
    image, reference, field = expected
    assert [(image, reference, "v0.yaml", field)] == values(text, keys=keys, only=only)


@pytest.mark.parametrize(
    "text",
    ["image: {repository: s}", "image: null", "image: [1]", "other: 1", "image: {tag: ~}", "text"],
)
def test_values_without_a_reference_hold_no_image(text: str) -> None:
    assert [] == values(text)


def test_a_tag_whose_image_is_not_known_is_left_out() -> None:
    assert [] == values("image_tag: v7", keys=("image_tag",))


# --- hostile text

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "too_large"),
        ("a: &a [*a]", "unreadable"),
        ("[" * 5000, "unreadable"),
        ("[" * 200 + "]" * 200, "too_large"),
        ("x" * 4_000_001, "too_large"),
        ("a: [", "unreadable"),
        ("{{ if .Values.x }}\na: 1", "template"),
        ("? [a]\n: b", "unreadable"),
        ("\x00", "unreadable"),
        ("a: !!python/object/apply:os.system [x]", ""),
        ("", ""),
    ],
)
def test_hostile_text_is_a_problem_and_never_an_error(text: str, problem: str) -> None:
    assert problem == load_documents(text)[1]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    documents, problem = load_documents(text)
    assert problem == "" or documents == []
    assert all(isinstance(one.image, str) for one in manifest_images(documents, "f"))


@pytest.mark.parametrize(
    ("value", "expected"), [("~", ""), ("null", ""), (" x ", "x"), ([], ""), (None, "")]
)
def test_null_has_no_text(value: Any, expected: str) -> None:
    assert expected == text_of(value)


# --- promotions


KUSTOMIZATION = "kind: Kustomization\nimages:\n- {name: a, newTag: '1'}\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (KUSTOMIZATION, KUSTOMIZATION.replace("'1'", "'2'"), True),
        (KUSTOMIZATION, "# said\n" + KUSTOMIZATION, True),
        (KUSTOMIZATION, KUSTOMIZATION.replace("name: a", "name: b"), False),
        (KUSTOMIZATION, KUSTOMIZATION + "namePrefix: x\n", False),
        (KUSTOMIZATION, KUSTOMIZATION + "---\nkind: X\n", False),
        ("image: {tag: 1, pullPolicy: A}", "image: {tag: 2, pullPolicy: A}", True),
        ("image: {tag: 1, pullPolicy: A}", "image: {tag: 2, pullPolicy: B}", False),
        ("image: a:1", "image: a:2", True),
        ("replicas: 1", "replicas: 2", False),
        (
            "spec: {containers: [{name: a, image: 'x:1'}]}",
            "spec: {containers: [{name: a, image: 'x:2'}]}",
            True,
        ),
        (
            "spec: {containers: [{name: a, image: 'x:1'}]}",
            "spec: {containers: [{name: a, image: 'x:1', command: [sh]}]}",
            False,
        ),
        ("containers: 1", "containers: 1", True),
        ("images: [x]", "images: [y]", False),
        ("a: [", "a: [", False),
        (None, "a: 1", False),
        ("a: 1", None, False),
        ("text", "text", True),
    ],
)
def test_two_versions_differ_only_in_images_or_in_more(
    before: str | None, after: str | None, expected: bool
) -> None:
    assert expected is only_images_differ(before, after, ["image", "a.*.tag"])


# --- maps


def test_an_image_is_mapped_by_exact_name_then_by_pattern() -> None:
    application = Application(
        id="shop",
        images=(
            ImageMap(image="ghcr.io/acme/{name}", repository="acme/{name}"),
            ImageMap(image="ghcr.io/acme/api", repository="mono", path="/api/"),
        ),
    )
    policy = Policy(
        repositories=(Repository(id="mono"), Repository(id="r1", name="Acme/Shop")),
        image_maps=(
            ImageMap(image="docker.io/library/own", repository="mono", path="own"),
            ImageMap(image="quay.io/{name}/app", repository="{name}", path="{name}"),
        ),
    )
    maps = ImageMaps(policy)
    found = {
        image: (built.repository, built.path, built.problem)
        for image in (
            "ghcr.io/acme/api",
            "ghcr.io/acme/shop",
            "ghcr.io/acme/none",
            "own",
            "redis",
            "quay.io/mono/app",
        )
        for built in [maps.built_from(application, image)]
    }
    expected = {
        "ghcr.io/acme/api": ("mono", "api", ""),
        "ghcr.io/acme/shop": ("r1", "", ""),
        "ghcr.io/acme/none": ("", "", "unmapped"),
        "own": ("mono", "own", ""),
        "redis": ("", "", "third_party"),
        "quay.io/mono/app": ("mono", "mono", ""),
    }
    assert expected == found
