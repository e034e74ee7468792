"""What was taken out of the configuration and counts all the same, for what was recorded of it.

There is no scoping after the fact: a change that was found to deviate stays in the population of
its period when its repository is in the configuration no more. The last recorded yardstick says
which repositories there were, and where their images came from; each yardstick that follows says
so again, with the mark that the repository is retired.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evidence.config.scope import MapSettings, RepositorySettings
from evidence.config.settings import Settings
from evidence.errors import MalformedError
from evidence.in_scope import ImageMap, Repository
from evidence.model import codec
from evidence.store import queries
from evidence.store.session import Store


def with_retired(settings: Settings, store: Store, *, at: int | None = None) -> Settings:
    """The settings with the repositories and maps of the last recorded yardstick that they lack.

    One that is configured under another id, by its name or an address, is no other repository.
    """
    recorded = _last(store, at)
    known = [_decoded(Repository, one) for one in recorded.get("repositories", ())]
    lacking = [one for one in known if one is not None and not _present(one, settings)]
    if not lacking:
        return settings
    ids = {one.id for one in lacking}
    maps = [_decoded(ImageMap, one) for one in recorded.get("image_maps", ())]
    images = {one.image for one in settings.map}
    sources = {one.id for one in settings.source}
    update = {
        "repository": [*settings.repository, *(_repository(one, sources) for one in lacking)],
        "map": [
            *settings.map,
            *(
                _map(one)
                for one in maps
                if one and one.image not in images and one.repository in ids
            ),
        ],
    }
    return settings.model_copy(update=update)


def retired(settings: Settings) -> frozenset[str]:
    """Ids of the repositories of which nothing more is read."""
    return frozenset(one.id for one in settings.repository if one.retired)


def _last(store: Store, at: int | None) -> Mapping[str, Any]:
    """The policy of the newest recorded yardstick whose text is there."""
    for row in reversed(queries.policies(store, at=at)):
        if row.payload:
            found = json.loads(row.payload).get("policy")
            return found if isinstance(found, dict) else {}
    return {}


def _decoded(cls: Any, value: object) -> Any:
    """A record of an older program, or None where it cannot be read any more."""
    try:
        return codec.decode(cls, value)
    except MalformedError:
        return None


def _present(one: Repository, settings: Settings) -> bool:
    urls = {url.lower() for url in one.urls}
    return any(
        own.id == one.id
        or bool(own.name and own.name.lower() == one.name.lower() and own.source == one.forge)
        or bool(urls & {url.lower() for url in (own.clone, *own.addresses) if url})
        for own in settings.repository
    )


def _repository(one: Repository, sources: set[str]) -> RepositorySettings:
    clone, *addresses = one.urls or ("",)
    return RepositorySettings(
        id=one.id,
        name=one.name,
        clone=clone,
        addresses=addresses,
        source=one.forge if one.forge in sources else "",
        production_branches=list(one.production_branches),
        role="configuration" if one.role == "configuration" else "application",
        retired=True,
    )


def _map(one: ImageMap) -> MapSettings:
    return MapSettings(
        image=one.image,
        repository=one.repository,
        path=one.path,
        build=one.build,
        build_app=one.build_app,
    )
