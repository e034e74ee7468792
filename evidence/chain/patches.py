"""Patches of a kustomization that set images: strategic merges and JSON patches, inline or not.

A JSON patch names a container by its place in a list, which only the rendered manifest tells: its
image takes the place of the same image below it, and stands for itself where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evidence.chain.images import ImageRef, manifest_images, parse_image
from evidence.chain.yaml_text import mapping_of, text_of


def patched(found: Sequence[ImageRef], documents: Sequence[Any], file: str) -> list[ImageRef]:
    """What a patch makes of the images below it."""
    result = list(found)
    for patch in manifest_images([one for one in documents if isinstance(one, dict)], file):
        result = [*(ref for ref in result if ref.field != patch.field), patch]
    for patch in _json_patches(documents, file):
        result = [*(ref for ref in result if ref.image != patch.image), patch]
    return result


def _json_patches(documents: Sequence[Any], file: str) -> Iterator[ImageRef]:
    for document in documents:
        for one in document if isinstance(document, list) else ():
            own = mapping_of(one)
            path, value = text_of(own.get("path")), text_of(own.get("value"))
            sets = text_of(own.get("op")) in {"replace", "add"} and path.endswith("/image")
            if sets and value:
                image, reference = parse_image(value)
                yield ImageRef(image=image, reference=reference, file=file, field=path)
