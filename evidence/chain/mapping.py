"""Which source repository an image is built from: the application's maps, then the patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.in_scope import Application, ImageMap, Repository
from evidence.policy import Policy

_DEFAULT_REGISTRIES = ("docker.io/library/", "docker.io/", "index.docker.io/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Where an image comes from; no repository: third-party, or a map that names none of ours."""

    repository: str = ""
    path: str = ""
    build: str = ""
    build_app: str = ""
    """The check that says that the image was built from a commit, and the app it comes from."""
    problem: str = ""
    """`third_party` or `unmapped`; empty where mapped."""


def source_paths(policy: Policy, repository: Repository) -> tuple[str, ...] | None:
    """Patterns of the files of a repository that some image or application is read from.

    None where one of them takes the whole of it, or none is mapped to it.
    """
    found: list[str] = []
    own = {repository.id, repository.name.lower()} - {""}
    maps = [*policy.image_maps, *(one for app in policy.applications for one in app.images)]
    for one in maps:
        wanted = re.escape(one.repository.lower()).replace(re.escape("{name}"), "[^/:@]+")
        if any(re.fullmatch(wanted, name, re.IGNORECASE) for name in own):
            found.append(one.path.replace("{name}", "*").strip("/"))
    if not found or "" in found:
        return None
    found += [app.path for app in policy.applications if app.repository == repository.id]
    found += [file for app in policy.applications for file in app.values_files]
    paths = [path.strip("/") for path in found if path.strip("/")]
    return tuple(dict.fromkeys(each for path in paths for each in (path, f"{path}/**")))


def only_image(application: Application) -> str:
    """The one image that an application maps, which a bare tag belongs to; empty for any other."""
    mapped = {one.image for one in application.images if "{" not in one.image}
    return mapped.pop() if len(mapped) == 1 else ""


class ImageMaps:
    """Looks images up in a policy; remembers what it found."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: dict[tuple[str, str], Built] = {}
        self._ids = {one.id: one.id for one in policy.repositories}
        self._names = {one.name.lower(): one.id for one in policy.repositories if one.name}

    def built_from(self, application: Application, image: str) -> Built:
        """Exact names of the application first, then its patterns, then the policy's."""
        key = (application.id, image)
        if key not in self._known:
            self._known[key] = self._find(application, image)
        return self._known[key]

    def _find(self, application: Application, image: str) -> Built:
        maps = (*application.images, *self._policy.image_maps)
        for one in sorted(maps, key=lambda one: "{name}" in one.image):
            name = _match(one, plain_image(image))
            if name is None:
                continue
            wanted = one.repository.replace("{name}", name)
            found = self._ids.get(wanted) or self._names.get(wanted.lower(), "")
            if found:
                return Built(
                    repository=found,
                    path=one.path.replace("{name}", name).strip("/"),
                    build=one.build.replace("{name}", name),
                    build_app=one.build_app,
                )
            return Built(problem="unmapped")
        return Built(problem="third_party")


def _match(one: ImageMap, image: str) -> str | None:
    """What `{name}` stands for ("" in a map without it); None where the map does not match."""
    pattern = re.escape(plain_image(one.image)).replace(re.escape("{name}"), "(?P<name>[^/:@]+)", 1)
    match = re.fullmatch(pattern, image)
    return match.groupdict().get("name", "") if match else None


def plain_image(image: str) -> str:
    """An image name without the default registry, so that its spellings compare equal."""
    for registry in _DEFAULT_REGISTRIES:
        if image.startswith(registry):
            return image.removeprefix(registry)
    return image
