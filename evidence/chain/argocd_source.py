"""`.argocd-source.yaml` and `.argocd-source-<application>.yaml`: what Image Updater writes back.

Such a file beside the manifests overrides the source of the application: images of a kustomization
and parameters of a chart. Source: https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evidence.chain.images import Override, parse_image, split_reference
from evidence.chain.yaml_text import list_of, mapping_of, text_of

SHARED = ".argocd-source.yaml"
_KEY_PARTS = re.compile(r"(?<!\\)\.")


def own_file(application: str) -> str:
    """The file that overrides one application, by the deployer's name of it."""
    return f".argocd-source-{application}.yaml"


def image_overrides(document: Any) -> Iterator[Override]:
    """`kustomize.images`: `[old=]name[:tag][@digest]`."""
    images = list_of(mapping_of(mapping_of(document).get("kustomize")).get("images"))
    for position, one in enumerate(images):
        written = text_of(one)
        old, _, new = written.rpartition("=")
        image, reference = parse_image(new)
        if not image:
            continue
        tag, digest = split_reference(reference)
        said = ":" in new.rpartition("/")[2] or bool(digest)
        yield Override(
            name=old or image,
            new_name=image,
            tag=tag if said else "",
            digest=digest,
            field=f"kustomize.images[{position}]",
        )


def parameters(document: Any) -> dict[str, Any]:
    """`helm.parameters` as the values that they set, nested by their dotted names."""
    values: dict[str, Any] = {}
    for one in list_of(mapping_of(mapping_of(document).get("helm")).get("parameters")):
        own = mapping_of(one)
        parts = [part.replace("\\.", ".") for part in _KEY_PARTS.split(text_of(own.get("name")))]
        place = values
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            if parts[-1]:
                place[parts[-1]] = text_of(own.get("value"))
    return values
