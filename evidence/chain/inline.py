"""Images that stand in the definition of an application itself, beside what its repository says.

An Application of Argo CD may override what it is read from: images of a kustomization, values and
parameters of a chart. What each operation was given is kept with it, so that two operations on one
revision may differ in their images.
"""

from __future__ import annotations

import json
from typing import Any

from evidence.chain.argocd_source import image_overrides, parameters
from evidence.chain.images import ImageRef, apply_overrides
from evidence.chain.yaml_text import load_documents, mapping_of, text_of
from evidence.model.deployment import UNREAD_INLINE

SPEC = "Application.spec"
"""What stands for the file in which such an image is set."""
FLAG = "inline_image"
"""Flag of a deployment: it set an image in the definition of its application."""

Layers = list[tuple[str, Any]]


def document_of(inline: str) -> dict[Any, Any]:
    """What a source says inline; nothing where it says nothing, or is malformed."""
    try:
        return mapping_of(json.loads(inline)) if inline else {}
    except (ValueError, RecursionError):
        return {}


def value_layers(inline: str) -> tuple[Layers, list[str]]:
    """Values in the order in which a later one overrides, and codes of what was not read."""
    helm = mapping_of(document_of(inline).get("helm"))
    documents, problem = load_documents(text_of(helm.get("values")))
    layers: Layers = [(SPEC, one) for one in documents[:1]]
    if mapping_of(helm.get("valuesObject")):
        layers.append((SPEC, helm["valuesObject"]))
    layers.append((SPEC, parameters(document_of(inline))))
    unread = inline == UNREAD_INLINE
    return layers, [f"{code}:{SPEC}" for code in (problem, "too_large" if unread else "") if code]


def overridden(images: list[ImageRef], inline: str) -> list[ImageRef]:
    """Images with the overrides of a kustomization that stand in the definition."""
    return apply_overrides(images, list(image_overrides(document_of(inline))), SPEC)
