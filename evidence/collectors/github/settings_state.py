"""Where the reading of settings got to, per repository, as the opaque JSON text of a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from evidence.collectors import cursors
from evidence.collectors.github.reading import integer, mapping, text

VERSION = 1


@dataclass(slots=True, kw_only=True)
class RepositorySettingsState:
    """What is known of one repository's settings."""

    database_id: str = ""
    name: str = ""
    """`owner/name` as GitHub said last."""
    default_branch: str = ""
    """As it was called when the list of rulesets was read."""
    looked_at: int = 0
    """Microseconds UTC by our clock: when the last whole reading began."""
    etags: dict[str, str] = field(default_factory=dict)
    """Path -> entity tag of the last whole answer."""
    until: dict[str, int] = field(default_factory=dict)
    """List of events -> microseconds UTC by GitHub's clock to which it was read whole."""
    rulesets: dict[str, str] = field(default_factory=dict)
    """Ruleset id -> `updated_at` of the version that was read."""
    versions: dict[str, str] = field(default_factory=dict)
    """Ruleset id -> its newest version that was read."""
    tips: dict[str, str] = field(default_factory=dict)
    """Full name of a production branch -> where its newest recorded movement ended."""
    holes: dict[str, str] = field(default_factory=dict)
    """Where a production branch stood though nothing recorded put it there -> its full name."""


@dataclass(slots=True, kw_only=True)
class SettingsState:
    """All repositories of one source, by configured repository id."""

    repositories: dict[str, RepositorySettingsState] = field(default_factory=dict)

    def dumps(self) -> str:
        """The cursor text."""
        return cursors.dumped({"v": VERSION, **asdict(self)})

    @classmethod
    def loads(cls, cursor: str) -> SettingsState:
        """The state in a cursor; an empty one for text that is none."""
        found = cursors.loaded(cursor, version=VERSION)
        known = mapping(found.get("repositories"))
        return cls(repositories={name: _repository(mapping(each)) for name, each in known.items()})


def _repository(found: Mapping[str, Any]) -> RepositorySettingsState:
    return RepositorySettingsState(
        database_id=text(found.get("database_id")),
        name=text(found.get("name")),
        default_branch=text(found.get("default_branch")),
        looked_at=integer(found.get("looked_at"), 0),
        etags=_texts(found.get("etags")),
        until={name: integer(each, 0) for name, each in mapping(found.get("until")).items()},
        rulesets=_texts(found.get("rulesets")),
        versions=_texts(found.get("versions")),
        tips=_texts(found.get("tips")),
        holes=_texts(found.get("holes")),
    )


def _texts(found: object) -> dict[str, str]:
    return {name: each for name, each in mapping(found).items() if isinstance(each, str)}
