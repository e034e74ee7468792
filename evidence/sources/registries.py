"""What reads the images of ours from a registry or an image layout."""

from __future__ import annotations

from evidence.collectors.interface import Collector
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve


def images(source: Source, loaded: Loaded) -> Collector:
    """The images that a map names; which of them run is told when it is their turn."""
    from evidence.collectors.oci import OciCollector

    maps = [one.image for one in loaded.settings.map]
    maps += [one.image for each in loaded.settings.application for one in each.image]
    return OciCollector(
        source=source.id,
        url=source.url,
        file=source.file,
        secret=resolve(source.secret),
        credential=source.secret or source.file or "none",
        verify=source.ca or source.verify_tls,
        system=source.system,
        images=tuple(dict.fromkeys(maps)),
    )
