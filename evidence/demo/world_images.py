"""Makes the images of a world when a story first names them: their digests may be written then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import moment
from evidence.demo.oci_images import PLATFORMS, Images
from evidence.errors import ConfigError

if TYPE_CHECKING:
    from evidence.demo.scene import Scene


def image_digest(scene: Scene, key: str, where: RepositoryRecord) -> str:
    """`sha256:...` of an image of the world. Raises `ConfigError` if there is none."""
    found = next((one for one in scene.world.image if one.key == key), None)
    if found is None:
        raise ConfigError(f"The world has no image `{key}`.")
    held = scene.history.images.setdefault(found.name, Images())
    labels = _filled(scene, found.labels, where)
    notes = _filled(scene, found.annotations, where)
    made = [
        held.image(labels, annotations=notes, architecture=each, content=key)
        for each in PLATFORMS[: found.platforms]
    ]
    digest = str((made[0] if found.platforms == 1 else held.index(made))["digest"])
    if found.tag:
        held.tag(found.tag, digest, moment(found.at, scene.epoch) if found.at else 0)
    return digest


def _filled(scene: Scene, notes: Mapping[str, str], where: RepositoryRecord) -> dict[str, str]:
    return {
        name if "." in name else f"org.opencontainers.image.{name}": scene.filled(text, where)
        for name, text in notes.items()
    }
