"""The same images from a folder: an image layout that was copied out of a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.collectors.http import Clock
from evidence.collectors.oci import OciCollector, Wanted
from evidence.errors import ConfigError
from evidence.model.provenance import LABELS, TAG

IMAGE = "registry.example/acme/shop-web"


def collector(folder: str, *wanted: str, images: tuple[str, ...] = (IMAGE,)) -> OciCollector:
    made = OciCollector(source="copies", file=folder, images=images, clock=Clock(now=lambda: 1.0))
    made.wanted = lambda: Wanted(images=wanted)
    return made


def facts(made):
    return [
        fact
        for page in made.fetch(None, "")
        for capture in page.captures
        for fact in made.parse(capture).facts
    ]


def test_a_folder_gives_the_facts_of_the_registry(images, read, written, told):
    made = images.image(told.labels)
    images.referring(made, told.envelope(made["digest"]))
    images.cosigned(made["digest"], told.envelope(made["digest"]) + b" ")
    index = images.index([made])
    names = {digest: f"{IMAGE}:{tag}" for tag, ((_, digest),) in images.tags.items()}
    wanted = [f"{IMAGE}@{one['digest']}" for one in (made, index)]
    own = facts(collector(written(images, names), *wanted))
    served, _ = read(*wanted)

    def told_by(found):
        return {(one.predicate_type, one.subject_digest, one.commit) for one in found}

    assert told_by(own) == told_by(served)


@pytest.mark.parametrize("name", [f"{IMAGE}:1.4", "1.4"])
def test_a_tag_counts_under_its_whole_name_and_alone_where_one_image_is_ours(
    images, written, told, name
):
    made = images.image(told.labels)
    found = facts(collector(written(images, {made["digest"]: name}), f"{IMAGE}:1.4"))
    assert [one.subject_digest for one in found if one.predicate_type == TAG] == [made["digest"]]


def test_a_tag_alone_names_none_of_several_images(images, written, told):
    made = images.image(told.labels)
    folder = written(images, {made["digest"]: "1.4"})
    several = collector(folder, f"{IMAGE}:1.4", images=("registry.example/acme/shop-{name}",))
    (page,) = several.fetch(None, "")
    assert (page.captures, [gap.reason for gap in page.gaps]) == ((), ["not_found_or_forbidden"])


def test_a_blob_that_was_changed_is_a_gap(images, written, told):
    made = images.image(told.labels)
    folder = written(images, {})
    blob = Path(folder, "blobs", "sha256", made["digest"].removeprefix("sha256:"))
    blob.write_bytes(blob.read_bytes().replace(b"schemaVersion", b"SchemaVersion"))
    (page,) = collector(folder, f"{IMAGE}@{made['digest']}").fetch(None, "")
    assert [gap.reason for gap in page.gaps] == ["malformed"]


def test_a_digest_cannot_lead_out_of_the_folder(images, written, told):
    made = images.image(told.labels)
    folder = written(images, {})
    wanted = [f"{IMAGE}@sha256:../../oci-layout", f"{IMAGE}@{made['digest']}"]
    found = facts(collector(folder, *wanted))
    assert {one.subject_digest for one in found if one.predicate_type == LABELS} == {made["digest"]}


def test_a_folder_that_is_no_layout_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no OCI image layout"):
        list(collector(str(tmp_path), f"{IMAGE}:1").fetch(None, ""))
