"""The configuration in force: what is configured, and what discovery brought into scope.

A repository that an `include` pattern of its source names is one of ours, with the settings of its
source and the defaults of the rest. Which they are is a function of the configuration and the
ledger, so every command knows the same ones, also as of an earlier size of the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from evidence.config.load import Loaded
from evidence.config.scope import RepositorySettings, Source
from evidence.config.settings import Settings
from evidence.config.yardstick import clone_url
from evidence.errors import StoreError
from evidence.model.scope import ScopeEntry
from evidence.retired import retired, with_retired
from evidence.store import queries
from evidence.store.session import Store, open_store

_IN = "included"
_GONE = "gone"


def with_discovered(loaded: Loaded, store: Store, *, at: int | None = None) -> Loaded:
    """The configuration with the repositories that the first `at` entries of the ledger bring in.

    One that is in no list any more, and one that was taken out of the configuration, stays in
    scope for what it was; `Loaded.gone` names it.
    """
    found, gone = _discovered(loaded, store, at)
    settings = loaded.settings.model_copy(
        update={"repository": [*loaded.settings.repository, *found]}
    )
    settings = with_retired(settings, store, at=at)
    return replace(loaded, settings=settings, gone=gone | retired(settings))


def _discovered(
    loaded: Loaded, store: Store, at: int | None
) -> tuple[list[RepositorySettings], frozenset[str]]:
    """What discovery brought in, by id, and which of it no list shows any more."""
    sources = [one for one in loaded.settings.source if one.kind == "github" and one.include]
    if not sources:
        return [], frozenset()
    lines: dict[tuple[str, str], list[ScopeEntry]] = defaultdict(list)
    for entry in queries.load_versions(store, ScopeEntry, at=at):
        lines[entry.source, entry.object_id].append(entry)
    found: list[RepositorySettings] = []
    gone: set[str] = set()
    for source in sources:
        for entries in _of(source, lines):
            own = _settings(source, entries, loaded.settings)
            if not _taken(own, loaded.settings, _elsewhere(source, entries[-1], lines)):
                found.append(own)
                gone |= {own.id} if entries[-1].reason == _GONE else set()
    return sorted(found, key=lambda one: one.id), frozenset(gone)


def in_force(loaded: Loaded) -> Loaded:
    """The same by the configured store as it is now; as configured where there is none yet."""
    if not any(one.include for one in loaded.settings.source):
        return loaded
    try:
        with closing(open_store(loaded.store_url)) as store:
            return with_discovered(loaded, store)
    except StoreError:
        return loaded


def _of(
    source: Source, lines: dict[tuple[str, str], list[ScopeEntry]]
) -> Iterator[list[ScopeEntry]]:
    """The lines of each repository that a pattern of the source brings in now."""
    from evidence.collectors.github.scope import Scope

    scope = Scope(include=tuple(source.include), exclude=tuple(source.exclude))
    for (own, _), entries in sorted(lines.items()):
        newest = entries[-1]
        ever = any(one.reason == _IN and one.repository for one in entries)
        other = own != source.id or newest.reason == "configured"
        if ever and not other and scope.includes(newest.name):
            yield entries


def _settings(source: Source, entries: list[ScopeEntry], settings: Settings) -> RepositorySettings:
    """As if a section had been written for it; its id is the first that it was given."""
    first = next(one for one in entries if one.reason == _IN and one.repository)
    branches = [one.default_branch for one in reversed(entries) if one.default_branch]
    names = dict.fromkeys(one.name for one in reversed(entries))

    def clone(name: str) -> str:
        return source.clone.replace("{name}", name)

    def address(name: str) -> str:
        one = RepositorySettings(id=source.id, name=name, source=source.id, clone=clone(name))
        return clone_url(one, settings)

    name, *earlier = names
    return RepositorySettings(
        id=first.repository,
        name=name,
        source=source.id,
        clone=clone(name),
        secret=source.secret,
        addresses=[address(one) for one in earlier],
        production_branches=source.production_branches or list(dict.fromkeys(branches)) or ["main"],
    )


def _elsewhere(
    source: Source, entry: ScopeEntry, lines: dict[tuple[str, str], list[ScopeEntry]]
) -> frozenset[str]:
    """Configured ids that another number of the source has: their names may be its own by now."""
    return frozenset(
        entries[-1].repository
        for (own, number), entries in lines.items()
        if own == source.id and number != entry.object_id and entries[-1].reason == "configured"
    )


def _taken(own: RepositorySettings, settings: Settings, elsewhere: frozenset[str]) -> bool:
    """Whether a section speaks for it: by its id, or by its name if that is of no other."""
    return any(
        one.id == own.id
        or (
            one.id not in elsewhere
            and one.source == own.source
            and one.name.lower() == own.name.lower()
        )
        for one in settings.repository
    )
