"""What a configuration repository says at one revision: the images an application runs.

Follows what the deployer would read below a path: a kustomization and the local resources it
names, a Helm chart's values with the configured values files over them, or plain manifests. What
lies elsewhere (a remote base) or cannot be read is named as a problem.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.chain.argocd_source import SHARED, image_overrides, own_file, parameters
from evidence.chain.images import (
    ImageRef,
    apply_overrides,
    manifest_images,
    overrides,
    value_images,
)
from evidence.chain.inline import Layers, overridden, value_layers
from evidence.chain.inquiry import Entry, Inquiry
from evidence.chain.mapping import only_image
from evidence.chain.patches import patched
from evidence.chain.releases import (
    FLOATING,
    charts,
    dependencies,
    is_floating,
    kustomize_charts,
    release_images,
)
from evidence.chain.setters import marked_images
from evidence.chain.sources import clean_path
from evidence.chain.yaml_text import list_of, load_documents, mapping_of, text_of
from evidence.in_scope import Application

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_YAML = (".yaml", ".yml", ".json")
_DEPTH_LIMIT = 20
_PARSED_LIMIT = 2_000
"""Files whose documents are kept: revisions that follow each other share most of theirs."""
_VISIT_LIMIT = 500
"""Directories followed for one application: kustomizations may name each other many times over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The images at one revision, and what was read to find them."""

    images: tuple[ImageRef, ...] = ()
    scopes: tuple[str, ...] = ()
    """Directories and files read: a commit that touches none of them does not concern this."""
    problems: tuple[str, ...] = ()
    """`<code>:<file>`, sorted."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    revision: str
    application: Application
    only: str
    """The application's only mapped image, which a bare tag belongs to."""
    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)
    scopes: set[str] = field(default_factory=set)
    problems: set[str] = field(default_factory=set)
    visits: int = 0


class Configurations:
    """Reads configurations of one repository; keeps parsed files and results by object id.

    A source at the root of a repository that only lends values files to a chart elsewhere is not
    read whole: the configured values files are what it contributes.
    """

    def __init__(self, inquiry: Inquiry, repository: str) -> None:
        self._inquiry = inquiry
        self._repository = repository
        self._parsed: dict[str, tuple[list[Any], str] | None] = {}
        self._read: dict[tuple[str, str, str, str], Configuration] = {}

    def read(
        self, revision: str, path: str, application: Application, inline: str = ""
    ) -> Configuration:
        """The configuration of an application below `path` at a revision.

        `inline`: what its own definition gave it (`DeployedSource.inline`); files beside the
        manifests that override a source go before that.
        """
        key = (revision, path, application.id, inline)
        if key not in self._read:
            only = only_image(application)
            reading = _Reading(revision=revision, application=application, only=only)
            whole = path or not application.values_files
            images = list(self._directory(reading, path, 0)) if whole else []
            images += self._dependencies(reading, path)
            told = self._source_files(reading, path) if whole else []
            layers, unread = value_layers(inline)
            reading.problems.update(unread)
            images += self._values(reading, path, application, layers, told)
            images = overridden(images, inline)
            for name, document in told:
                images = apply_overrides(images, list(image_overrides(document)), name)
            reading.problems |= {
                f"{FLOATING}:{one.file}"
                for one in images
                if one.image.startswith("chart:") and is_floating(one.reference)
            }
            self._read[key] = Configuration(
                images=tuple(sorted(set(images), key=_by_place)),
                scopes=tuple(sorted(reading.scopes)),
                problems=tuple(sorted(reading.problems)),
            )
        return self._read[key]

    def _tree(self, reading: _Reading, directory: str) -> dict[str, Entry]:
        """Files below a directory by path; one question serves its sub-directories."""
        for known, files in reading.trees.items():
            if not known or directory == known or directory.startswith(f"{known}/"):
                return files
        entries = self._inquiry.entries(self._repository, reading.revision, directory)
        if entries is None:
            reading.problems.add(f"unreadable:{directory or '.'}")
        reading.trees[directory] = {entry.path: entry for entry in entries or ()}
        return reading.trees[directory]

    def _documents(self, reading: _Reading, file: str, entry: Entry) -> list[Any]:
        if entry.oid not in self._parsed:
            if len(self._parsed) >= _PARSED_LIMIT:
                self._parsed.clear()
            text = self._inquiry.text(self._repository, entry.oid)
            if text is None:
                reading.problems.add(f"unreadable:{file}")
                return []
            self._parsed[entry.oid] = load_documents(text)
        documents, problem = self._parsed[entry.oid] or ([], "")
        if problem:
            reading.problems.add(f"{problem}:{file}")
        return documents

    def _directory(self, reading: _Reading, path: str, depth: int) -> Iterable[ImageRef]:
        reading.visits += 1
        if reading.visits > _VISIT_LIMIT:
            reading.problems.add("too_large:.")
            return []
        files = self._tree(reading, path)
        reading.scopes.add(path)
        prefix = f"{path}/" if path else ""
        if depth and not any(file.startswith(prefix) for file in files):
            reading.problems.add(f"missing:{path}")
        for name in KUSTOMIZATIONS:
            if prefix + name in files:
                return self._kustomization(reading, path, prefix + name, depth)
        if f"{prefix}Chart.yaml" in files:
            return []
        plain = [file for file in files if file.startswith(prefix) and file.endswith(_YAML)]
        return [ref for file in sorted(plain) for ref in self._manifest(reading, file, files)]

    def _manifest(
        self, reading: _Reading, file: str, files: dict[str, Entry]
    ) -> Iterable[ImageRef]:
        """Containers, values of HelmReleases, charts, and what markers hand to a policy."""
        documents = self._documents(reading, file, files[file])
        found = [
            *manifest_images(documents, file),
            *release_images(documents, file, reading.application.values_keys, reading.only),
            *charts(documents, file),
        ]
        known = {(ref.image, ref.reference) for ref in found}
        text = self._inquiry.text(self._repository, files[file].oid) or ""
        marked = marked_images(text, file, reading.only)
        return [*found, *(ref for ref in marked if (ref.image, ref.reference) not in known)]

    def _source_files(self, reading: _Reading, path: str) -> list[tuple[str, Any]]:
        """What overrides the source beside the manifests: for all applications, then for this."""
        files = self._tree(reading, path)
        application = reading.application
        name = (application.selector or application.id).rpartition("/")[2]
        found: list[tuple[str, Any]] = []
        for each in dict.fromkeys((SHARED, own_file(name), own_file(application.id))):
            file = f"{path}/{each}" if path else each
            if file in files:
                reading.scopes.add(file)
                found += [(file, one) for one in self._documents(reading, file, files[file])[:1]]
        return found

    def _dependencies(self, reading: _Reading, path: str) -> Iterable[ImageRef]:
        """Charts that the chart at the path depends on."""
        if not path:
            return []
        files, place = self._tree(reading, path), f"{path}/Chart.yaml"
        if place not in files:
            return []
        lock = files.get(f"{path}/Chart.lock")
        locked = self._documents(reading, f"{path}/Chart.lock", lock) if lock else []
        chart = self._documents(reading, place, files[place])
        return dependencies(chart[0] if chart else None, locked[0] if locked else None, place)

    def _kustomization(self, reading: _Reading, path: str, file: str, depth: int) -> list[ImageRef]:
        files = self._tree(reading, path)
        documents = self._documents(reading, file, files[file])
        document = mapping_of(documents[0]) if documents else {}
        found: list[ImageRef] = []
        for name in ("resources", "bases", "components"):
            for resource in list_of(document.get(name)):
                found += self._resource(reading, path, text_of(resource), depth)
        for name, documents in self._patches(reading, path, file, document):
            found = patched(found, documents, name)
        found += kustomize_charts(document, file)
        return apply_overrides(found, list(overrides(document)), file)

    def _resource(
        self, reading: _Reading, path: str, resource: str, depth: int
    ) -> Iterable[ImageRef]:
        if not resource or depth >= _DEPTH_LIMIT:
            return []
        if "://" in resource or "?" in resource or resource.startswith(("git@", "github.com/")):
            reading.problems.add(f"remote_base:{resource[:200]}")
            return []
        target = clean_path(f"{path}/{resource}")
        if not resource.endswith(_YAML):
            return self._directory(reading, target, depth + 1)
        files = self._tree(reading, target.rpartition("/")[0])
        if target not in files:
            reading.problems.add(f"missing:{target}")
            return []
        reading.scopes.add(target)
        return self._manifest(reading, target, files)

    def _patches(
        self, reading: _Reading, path: str, file: str, document: dict[Any, Any]
    ) -> Iterable[tuple[str, list[Any]]]:
        """(file, documents) of every patch, in the order in which they are applied."""
        merges = list_of(document.get("patchesStrategicMerge"))
        others = [
            *list_of(document.get("patches")),
            *list_of(document.get("patchesJson6902")),
        ]
        written = [text_of(one) for one in merges]
        inline = [text_of(mapping_of(one).get("patch")) for one in others]
        inline += [one for one in written if "\n" in one]
        named = [text_of(mapping_of(one).get("path")) for one in others]
        named += [one for one in written if "\n" not in one]
        for name in filter(None, named):
            target = clean_path(f"{path}/{name}")
            files = self._tree(reading, target.rpartition("/")[0])
            if target not in files:
                reading.problems.add(f"missing:{target}")
                continue
            reading.scopes.add(target)
            yield target, self._documents(reading, target, files[target])
        for text in filter(None, inline):
            documents, problem = load_documents(text)
            if problem:
                reading.problems.add(f"{problem}:{file}")
            yield file, documents

    def _values(
        self,
        reading: _Reading,
        path: str,
        application: Application,
        inline: Layers,
        told: list[tuple[str, Any]],
    ) -> Iterable[ImageRef]:
        """Images of the chart's own values, the values files, and the parameters told last."""
        own = f"{path}/values.yaml" if path else ""
        layers: list[tuple[str, Any]] = []
        for name in filter(None, (own, *map(clean_path, application.values_files))):
            files = self._tree(reading, name.rpartition("/")[0] if name != own else path)
            if name in files:
                reading.scopes.add(name)
                documents = self._documents(reading, name, files[name])
                layers += [(name, document) for document in documents[:1]]
            elif name != own:
                reading.problems.add(f"missing:{name}")
        layers += [*inline, *((name, parameters(document)) for name, document in told)]
        version = self._app_version(reading, path)
        found = value_images(layers, application.values_keys, reading.only)
        return [replace(ref, version=version) for ref in found]

    def _app_version(self, reading: _Reading, path: str) -> str:
        """`appVersion` of the chart at the path; empty where there is none."""
        place = f"{path}/Chart.yaml"
        entry = self._tree(reading, path).get(place) if path else None
        documents = self._documents(reading, place, entry) if entry else []
        return text_of(mapping_of(documents[0]).get("appVersion")) if documents else ""


def _by_place(ref: ImageRef) -> tuple[str, str, str, str]:
    return (ref.image, ref.file, ref.field, ref.reference)
