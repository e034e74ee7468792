"""Configuration changes that do nothing but move images of ours: their own stratum.

Decided by content: in every file the change touched, the text before and after is equal once
image references are taken out. Messages, branch names and authors decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evidence.chain.graph import CommitGraph
from evidence.chain.images import split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.releases import image_places
from evidence.chain.rows import Draft
from evidence.chain.scope import Scope
from evidence.chain.yaml_text import load_documents
from evidence.model.production import ImageChange

_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_KUSTOMIZE = frozenset({"newTag", "newName", "digest"})
_VALUES = frozenset({"repository", "tag", "digest", "registry"})
_TAKEN_OUT = "image reference"


class Promotions:
    """Tells promotions among the changes of configuration repositories."""

    def __init__(self, inquiry: Inquiry, scope: Scope) -> None:
        self._inquiry = inquiry
        self._scope = scope

    def promotes(
        self,
        repository: str,
        commits: Sequence[str],
        base: str,
        images: Iterable[ImageChange],
        keys: Iterable[str],
    ) -> bool:
        """Whether commits on top of `base` (the last one landed) only move images of ours.

        `images`: the image changes of the deployments that carried them. False while Git has not
        answered what is needed to tell.
        """
        if not base or not commits:
            return False
        files = self._files(repository, commits, images)
        wanted = sorted(set(keys))
        pairs = [
            (self._text(repository, base, file), self._text(repository, commits[-1], file))
            for file in files
        ]
        return bool(pairs) and all(
            only_images_differ(before, after, wanted) for before, after in pairs
        )

    def expect(self, drafts: Iterable[Draft], graphs: Mapping[str, CommitGraph]) -> None:
        """Asks in advance what `promotes` will ask of nearly all of them: one commit, one bump."""
        for draft in drafts:
            for one in draft.ranges:
                if one.through or len(one.commits) != 1 or not draft.images:
                    continue
                graph, landing = graphs[one.repository], one.commits[0]
                shas = [graph.shas[landing], *(graph.shas[at] for at in graph.parents[landing][:1])]
                files = self._files(one.repository, shas[:1], draft.images)
                for directory in {file.rpartition("/")[0] for file in files}:
                    for sha in shas:
                        self._inquiry.expect_entries(one.repository, sha, directory)

    def _files(
        self, repository: str, commits: Sequence[str], images: Iterable[ImageChange]
    ) -> list[str]:
        """What commits changed, if they may only have moved images of ours; else nothing."""
        listed = [self._scope.changed(repository, sha) for sha in commits]
        if any(changed is None for changed in listed):
            return []
        files = sorted({file for changed in listed for file in changed or ()})
        own = [image for image in images if image.file in files]
        moved = own and all(image.repository and _moves(image) for image in own)
        return files if moved else []

    def _text(self, repository: str, commit: str, file: str) -> str | None:
        entries = self._inquiry.entries(repository, commit, file.rpartition("/")[0])
        oid = next((entry.oid for entry in entries or () if entry.path == file), "")
        return self._inquiry.text(repository, oid) if oid else None


def _moves(image: ImageChange) -> bool:
    return bool(image.old and image.new) and split_reference(image.new) != ("", "")


def only_images_differ(before: str | None, after: str | None, keys: Sequence[str]) -> bool:
    """Whether two versions of a file are equal but for image references; False where unreadable."""
    if before is None or after is None:
        return False
    old, problem = load_documents(before)
    new, other = load_documents(after)
    if problem or other:
        return False
    return [_masked(one, keys) for one in old] == [_masked(one, keys) for one in new]


def _masked(document: Any, keys: Sequence[str]) -> Any:
    value = _mask_manifest(document)
    if isinstance(value, dict) and isinstance(value.get("images"), list):
        value["images"] = [_mask_names(item, _KUSTOMIZE) for item in value["images"]]
    for key in keys:
        value = _mask_value(value, key.split("."))
    return _mask_source(_mask_release(value), keys) if isinstance(value, dict) else value


def _mask_release(value: dict[Any, Any]) -> dict[Any, Any]:
    """A HelmRelease without the image references in its values."""
    spec = value.get("spec")
    if value.get("kind") != "HelmRelease" or not isinstance(spec, dict):
        return value
    values = spec.get("values")
    for place in image_places(values):
        values = _mask_value(values, place.split(".") if place else [])
    return {**value, "spec": {**spec, "values": values}}


def _mask_source(value: dict[Any, Any], keys: Sequence[str]) -> dict[Any, Any]:
    """What Image Updater wrote back, without the images and the parameters that name them."""
    own, helm = value.get("kustomize"), value.get("helm")
    found = dict(value)
    if isinstance(own, dict) and isinstance(own.get("images"), list):
        found["kustomize"] = {**own, "images": [_TAKEN_OUT for _ in own["images"]]}
    if isinstance(helm, dict) and isinstance(helm.get("parameters"), list):
        names = {f"{key}.{part}" for key in keys for part in _VALUES} | set(keys)
        masked = [_mask_parameter(one, names) for one in helm["parameters"]]
        found["helm"] = {**helm, "parameters": masked}
    return found


def _mask_parameter(one: Any, names: set[str]) -> Any:
    named = isinstance(one, dict) and one.get("name") in names
    return {**one, "value": _TAKEN_OUT} if named else one


def _mask_manifest(value: Any) -> Any:
    """A copy without the image of any container."""
    if isinstance(value, list):
        return [_mask_manifest(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _mask_manifest(inner) for name, inner in value.items()}
    for name in _CONTAINERS & set(found):
        if isinstance(found[name], list):
            found[name] = [_mask_names(item, frozenset({"image"})) for item in found[name]]
    return found


def _mask_names(value: Any, names: frozenset[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: inner for name, inner in value.items() if name not in names}


def _mask_value(value: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return _mask_names(value, _VALUES) if isinstance(value, dict) else _TAKEN_OUT
    if not isinstance(value, dict):
        return value
    chosen = set(value) if parts[0] == "*" else {parts[0]} & set(value)
    return {
        name: _mask_value(inner, parts[1:]) if name in chosen else inner
        for name, inner in value.items()
    }
