"""The pure half of the Flux collector: Kustomizations and HelmReleases as deployments and state.

Fields by the API references of kustomize-controller v1 and helm-controller v2. Flux records no
person: `initiator` is always None. Its history is bounded and rewritten: rows are observations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evidence.collectors.flux.helm_release import helm_release
from evidence.collectors.flux.kinds import (
    CAPTURED,
    HELM_RELEASE,
    IMAGE_UPDATE,
    KUSTOMIZATION,
    OBJECT_LIST,
)
from evidence.collectors.flux.kustomization import kustomization
from evidence.collectors.flux.reading import FluxObject
from evidence.collectors.flux.runtime import image_update, suspended
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.model.capture import Capture, GapReason
from evidence.model.fact import Fact


def _applied(found: FluxObject) -> Iterator[Fact]:
    yield from kustomization(found)
    yield from suspended(found)


def _released(found: FluxObject) -> Iterator[Fact]:
    yield from helm_release(found)
    yield from suspended(found)


READERS: Mapping[str, Callable[[FluxObject], Iterator[Fact]]] = {
    CAPTURED[KUSTOMIZATION]: _applied,
    CAPTURED[HELM_RELEASE]: _released,
    CAPTURED[IMAGE_UPDATE]: image_update,
}
"""Capture kind -> what reads it. Sources are captured as evidence and say nothing by themselves."""


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    if capture.kind == OBJECT_LIST and isinstance(body, list):
        return Parsed()
    if capture.kind not in CAPTURED.values() or not isinstance(body, dict):
        return malformed(capture, "This is no object of Flux.")
    found = FluxObject(capture=capture, body=body)
    if found.name == "/":
        return malformed(capture, "The object has no name.")
    if not found.has_uid:
        found.gap(GapReason.MALFORMED, f"{found.name} has no uid; it is known by its name only.")
    read = READERS.get(capture.kind)
    facts = tuple(read(found)) if read else ()
    return Parsed(facts=facts, gaps=tuple(found.gaps))
