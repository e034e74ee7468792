"""Image versions in configuration files: what an edit writes, what a set of manifests would run."""

from __future__ import annotations

import pytest
import yaml

from evidence.demo.edits import apply_edit, bare, images_in
from evidence.demo.steps import ImageEdit
from evidence.errors import ConfigError

KUSTOMIZATION = "resources: [d.yaml]\nimages:\n- name: shop\n  newTag: old\n"
MANIFEST = "kind: Deployment\nspec:\n  containers:\n  - name: a\n    image: shop:old\n  - name: b\n    image: 'proxy:1'\n"
VALUES = "web:\n  image:\n    repository: registry.example/shop\n    tag: old\n"


def edited(text, file, image, **new):
    return apply_edit(text, ImageEdit(file=file, image=image, **new))


def test_a_kustomize_tag_replaces_the_old_one():
    text = edited(KUSTOMIZATION, "a/kustomization.yaml", "shop", tag="new")
    assert yaml.safe_load(text)["images"] == [{"name": "shop", "newTag": "new"}]


def test_a_kustomize_digest_takes_the_tag_away_and_a_name_stays():
    named = edited(KUSTOMIZATION, "kustomization.yaml", "shop", tag="new", new_name="mirror/shop")
    text = edited(named, "kustomization.yaml", "shop", digest="sha256:00")
    entry = {"name": "shop", "newName": "mirror/shop", "digest": "sha256:00"}
    assert yaml.safe_load(text)["images"] == [entry]


def test_a_kustomize_image_that_is_not_listed_is_added():
    text = edited(KUSTOMIZATION, "kustomization.yaml", "proxy", tag="2")
    assert [one["name"] for one in yaml.safe_load(text)["images"]] == ["shop", "proxy"]


def test_a_helm_value_is_found_by_its_dotted_path():
    text = edited(VALUES, "values.yaml", "web.image", tag="new", digest="sha256:00")
    image = {"repository": "registry.example/shop", "tag": "new", "digest": "sha256:00"}
    assert yaml.safe_load(text)["web"]["image"] == image


def test_a_plain_manifest_changes_only_its_image():
    text = edited(MANIFEST, "d.yaml", "shop", tag="new")
    assert text == MANIFEST.replace("shop:old", "shop:new")


@pytest.mark.parametrize(
    ("text", "file", "image"),
    [
        (MANIFEST, "d.yaml", "other"),
        (VALUES, "values.yaml", "web.picture"),
        ("a: 1", "v.yaml", "a.b"),
    ],
)
def test_an_image_that_is_not_there_is_named(text, file, image):
    with pytest.raises(ConfigError, match="has no"):
        edited(text, file, image, tag="new")


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("shop", "shop"),
        ("shop:1", "shop"),
        ("registry.example:5000/team/shop:1@sha256:00", "registry.example:5000/team/shop"),
        ("registry.example:5000/shop", "registry.example:5000/shop"),
    ],
)
def test_the_name_of_an_image_has_no_version(reference, name):
    assert bare(reference) == name


def test_a_kustomization_rewrites_the_images_of_its_manifests():
    files = {
        "app/kustomization.yaml": KUSTOMIZATION,
        "app/d.yaml": MANIFEST,
        "other/d.yaml": MANIFEST,
    }
    assert images_in(files, "app", ()) == ("proxy:1", "shop:old")
    files["app/kustomization.yaml"] = edited(
        KUSTOMIZATION, "kustomization.yaml", "shop", digest="sha256:00"
    )
    assert images_in(files, "app", ()) == ("proxy:1", "shop@sha256:00")


def test_values_count_only_where_the_application_names_them():
    files = {"chart/values.yaml": VALUES, "chart/other.yaml": VALUES.replace("old", "unused")}
    assert images_in(files, "chart", ("values.yaml",)) == ("registry.example/shop:old",)
