"""Image references in manifests, Helm values and kustomizations: what, at which tag, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evidence.chain.yaml_text import list_of, mapping_of, text_of

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_TAGGED = re.compile(r"[/:@]")
VERSION_LABEL = "app.kubernetes.io/version"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """One image reference and the place that decides it."""

    image: str
    """Repository part, registry included as written."""
    reference: str
    """`tag`, `tag@sha256:...` or `sha256:...`; `latest` where nothing is written."""
    file: str
    field: str
    version: str = ""
    """The version that stands beside it: a label of what runs it, or that of its chart."""


def parse_image(text: str) -> tuple[str, str]:
    """(image, reference) of `registry:port/name:tag@digest`."""
    name, _, digest = text.strip().partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return head, join_reference(tag, digest)


def join_reference(tag: str, digest: str) -> str:
    """`tag@digest`, either alone, or `latest` where neither is written."""
    return "@".join(part for part in (tag, digest) if part) or "latest"


def split_reference(reference: str) -> tuple[str, str]:
    """(tag, digest) of a reference."""
    if "@" in reference:
        tag, _, digest = reference.partition("@")
        return tag, digest
    return ("", reference) if reference.startswith("sha256:") else (reference, "")


def differences(
    old: Sequence[ImageRef], new: Sequence[ImageRef]
) -> list[tuple[str, ImageRef | None, ImageRef | None]]:
    """(image, old, new) of every image whose references differ; a mere move is no difference.

    References are paired by place where the place stayed, else one to one where there is one of
    each; what is left appeared or went away.
    """
    found: list[tuple[str, ImageRef | None, ImageRef | None]] = []
    for image in sorted({ref.image for ref in (*old, *new)}):
        was = [ref for ref in old if ref.image == image]
        now = [ref for ref in new if ref.image == image]
        if {ref.reference for ref in was} == {ref.reference for ref in now}:
            continue
        places = {(ref.file, ref.field): ref for ref in was}
        left: list[ImageRef] = []
        for ref in now:
            before = places.pop((ref.file, ref.field), None)
            if before is None:
                left.append(ref)
            elif before.reference != ref.reference:
                found.append((image, before, ref))
        gone = list(places.values())
        if len(gone) == len(left) == 1:
            found.append((image, gone[0], left[0]))
            continue
        found += [(image, None, ref) for ref in left]
        found += [(image, ref, None) for ref in gone]
    return found


# --- manifests


def manifest_images(documents: Sequence[Any], file: str) -> Iterator[ImageRef]:
    """Images of every pod template in the documents, whatever kind holds it; `List`s unfolded."""
    for document in documents:
        for item in _items(document):
            metadata = mapping_of(item.get("metadata"))
            owner = f"{text_of(item.get('kind'))}/{text_of(metadata.get('name'))}"
            version = text_of(mapping_of(metadata.get("labels")).get(VERSION_LABEL))
            for where, text in _containers(item):
                image, reference = parse_image(text)
                yield ImageRef(
                    image=image,
                    reference=reference,
                    file=file,
                    field=f"{owner} {where}",
                    version=version,
                )


def _items(document: Any, depth: int = 0) -> Iterator[dict[Any, Any]]:
    value = mapping_of(document)
    if text_of(value.get("kind")).endswith("List") and "items" in value and depth < 5:
        for item in list_of(value["items"]):
            yield from _items(item, depth + 1)
    elif value:
        yield value


def _containers(value: Any) -> Iterator[tuple[str, str]]:
    """(place, image text) of every container below a value; documents are bounded in depth."""
    if isinstance(value, list):
        for item in value:
            yield from _containers(item)
        return
    for key, inner in mapping_of(value).items():
        if key in _CONTAINERS:
            for position, container in enumerate(list_of(inner)):
                own = mapping_of(container)
                if text_of(own.get("image")):
                    name = text_of(own.get("name")) or str(position)
                    yield f"{key}[{name}].image", text_of(own["image"])
        elif isinstance(inner, dict | list):
            yield from _containers(inner)


# --- Helm values


def value_images(
    layers: Sequence[tuple[str, Any]], keys: Sequence[str], only_image: str
) -> Iterator[ImageRef]:
    """Images at dotted keys of values files; a later file overrides an earlier one.

    `layers` are (file, document). A key may name a mapping (`repository`, `tag`, `digest`,
    `registry`), a whole reference, or a bare tag; a tag without a repository belongs to
    `only_image`, the application's only mapped image. `*` in a key matches every name.
    """
    places: dict[str, None] = {}
    for _file, document in layers:
        places.update((place, None) for key in keys for place in _expand(document, key.split(".")))
    for place in places:
        merged: dict[str, tuple[str, str]] = {}
        for file, document in layers:
            found = _at(document, place.split("."))
            merged.update({name: (text, file) for name, text in _parts(found).items()})
        yield from _value_image(merged, place, only_image)


def _value_image(
    merged: Mapping[str, tuple[str, str]], place: str, only_image: str
) -> Iterator[ImageRef]:
    def part(name: str) -> str:
        return merged.get(name, ("", ""))[0]

    deciding = next((name for name in ("tag", "digest", "whole") if name in merged), "")
    if not deciding:
        return
    image, reference = parse_image(part("whole")) if part("whole") else ("", "")
    image = part("repository") or image or only_image
    if part("registry") and part("repository"):
        image = f"{part('registry')}/{image}"
    if part("tag") or part("digest"):
        reference = join_reference(part("tag"), part("digest"))
    field = place if deciding == "whole" or "bare" in merged else f"{place}.{deciding}"
    if image:
        yield ImageRef(image=image, reference=reference, file=merged[deciding][1], field=field)


def _parts(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        text = text_of(value)
        if not text:
            return {}
        return {"whole": text} if _TAGGED.search(text) else {"tag": text, "bare": text}
    names = ("registry", "repository", "tag", "digest")
    found = {name: text_of(mapping_of(value).get(name)) for name in names}
    return {name: text for name, text in found.items() if text}


def _expand(value: Any, parts: Sequence[str]) -> Iterator[str]:
    """Dotted keys that exist in a document and match the parts."""
    if not parts:
        yield ""
        return
    own = mapping_of(value)
    for name in own if parts[0] == "*" else [parts[0]]:
        if name in own and isinstance(name, str):
            for rest in _expand(own[name], parts[1:]):
                yield f"{name}.{rest}" if rest else name


def _at(value: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        value = mapping_of(value).get(part)
    return value


# --- kustomizations


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One entry of a kustomization's `images`."""

    name: str
    new_name: str
    tag: str
    digest: str
    field: str


def overrides(document: Any) -> Iterator[Override]:
    """The `images` of a kustomization."""
    for position, item in enumerate(list_of(mapping_of(document).get("images"))):
        own = mapping_of(item)
        digest, tag = text_of(own.get("digest")), text_of(own.get("newTag"))
        if text_of(own.get("name")):
            yield Override(
                name=text_of(own["name"]),
                new_name=text_of(own.get("newName")),
                tag=tag,
                digest=digest,
                field=f"images[{position}].{'digest' if digest else 'newTag'}",
            )


def apply_overrides(
    found: Sequence[ImageRef], changes: Sequence[Override], file: str
) -> list[ImageRef]:
    """What a kustomization makes of the images below it; its own entry wins over a manifest's.

    An entry that matches no image read (a resource we cannot see) still stands for itself.
    """
    result = list(found)
    for change in changes:
        image = change.new_name or change.name
        same = [ref for ref in result if ref.image == change.name]
        reference = join_reference(change.tag, change.digest) if change.tag or change.digest else ""
        for ref in same:
            result.remove(ref)
            kept = reference or ref.reference
            place = _place(change, ref)
            result.append(replace(ref, image=image, reference=kept, file=file, field=place))
        if not same and reference:
            result.append(ImageRef(image=image, reference=reference, file=file, field=change.field))
    return list(dict.fromkeys(result))


def _place(change: Override, ref: ImageRef) -> str:
    return change.field if change.tag or change.digest else f"{change.field} ({ref.field})"
