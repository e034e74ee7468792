"""Image versions in configuration files: set them, and list what a set of manifests would run.

Understands what the demo uses: the `images` of a kustomization, `repository`/`tag`/`digest` tables
of Helm values, and `image:` lines of plain manifests.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from evidence.demo.steps import ImageEdit
from evidence.errors import ConfigError

_IMAGE_LINE = re.compile(
    r"""^([ \t]*(?:- )?image:[ \t]*)(["']?)([^\s"']+)\2[ \t]*$""", re.MULTILINE
)
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


def apply_edit(text: str, edit: ImageEdit) -> str:
    """The file's text with the image set. Raises `ConfigError` where the file has no such image."""
    if posixpath.basename(edit.file) in _KUSTOMIZATIONS:
        return _kustomize(text, edit)
    if re.search(r"^kind:", text, re.MULTILINE):
        return _manifest(text, edit)
    return _values(text, edit)


def _kustomize(text: str, edit: ImageEdit) -> str:
    loaded = yaml.safe_load(text)
    images = loaded.setdefault("images", [])
    entry = next((item for item in images if item["name"] == edit.image), None)
    if entry is None:
        entry = {"name": edit.image}
        images.append(entry)
    _set(entry, {"newName": edit.new_name, "newTag": edit.tag, "digest": edit.digest}, "newName")
    return _dump(loaded)


def _values(text: str, edit: ImageEdit) -> str:
    loaded = yaml.safe_load(text)
    entry = loaded
    for part in edit.image.split("."):
        entry = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(entry, dict):
        raise ConfigError(f"{edit.file} has no table `{edit.image}` to set an image in.")
    new = {"repository": edit.new_name, "tag": edit.tag, "digest": edit.digest}
    _set(entry, new, "repository")
    return _dump(loaded)


def _set(entry: dict[str, Any], new: Mapping[str, str], sticky: str) -> None:
    """A new version replaces tag and digest together; a new name only where one is given."""
    for key, value in new.items():
        if value:
            entry[key] = value
        elif key != sticky:
            entry.pop(key, None)


def _manifest(text: str, edit: ImageEdit) -> str:
    reference = (edit.new_name or edit.image) + _suffix(edit.tag, edit.digest)
    found = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal found
        if bare(match[3]) != edit.image:
            return match[0]
        found += 1
        return f"{match[1]}{match[2]}{reference}{match[2]}"

    edited = _IMAGE_LINE.sub(replaced, text)
    if not found:
        raise ConfigError(f"{edit.file} has no image `{edit.image}`.")
    return edited


def _suffix(tag: str, digest: str) -> str:
    return (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def bare(reference: str) -> str:
    """An image reference without tag and digest."""
    name = reference.split("@", maxsplit=1)[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.split(':')[0]}" if head else last.split(":")[0]


def images_in(files: Mapping[str, str], path: str, values: Iterable[str]) -> tuple[str, ...]:
    """Image references that the manifests below `path` run, sorted; `files` is path -> text."""
    inside = {name: text for name, text in files.items() if _below(name, path)}
    found = {m[3] for text in inside.values() for m in _IMAGE_LINE.finditer(text)}
    for name, text in inside.items():
        if posixpath.basename(name) in _KUSTOMIZATIONS:
            found = set(_transformed(found, yaml.safe_load(text) or {}))
    for name in values:
        text = files.get(posixpath.normpath(posixpath.join(path, name)), "")
        found.update(_value_images(yaml.safe_load(text)))
    return tuple(sorted(found))


def _below(name: str, path: str) -> bool:
    folder = posixpath.normpath(path)
    return folder == "." or name.startswith(folder + "/")


def _transformed(found: Iterable[str], kustomization: Mapping[str, Any]) -> Iterator[str]:
    rules = {rule["name"]: rule for rule in kustomization.get("images", ())}
    for reference in found:
        rule = rules.get(bare(reference))
        if rule is None:
            yield reference
            continue
        name = rule.get("newName") or bare(reference)
        yield name + _suffix(str(rule.get("newTag", "")), rule.get("digest", ""))


def _value_images(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    if isinstance(value.get("repository"), str) and (value.get("tag") or value.get("digest")):
        suffix = _suffix(str(value.get("tag") or ""), str(value.get("digest") or ""))
        yield value["repository"] + suffix
    for inner in value.values():
        yield from _value_images(inner)
