"""Where the reading of audit logs got to, as the opaque JSON text of a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from evidence.collectors import cursors
from evidence.collectors.github.reading import integer, items, mapping, text

VERSION = 1


@dataclass(slots=True, kw_only=True)
class Known:
    """One configured repository, as GitHub knows it."""

    number: str
    name: str
    """`owner/name` when it was asked for, in lower case."""
    organisation: str
    """Login in lower case; empty where its owner is none, and so has no such log."""


@dataclass(slots=True, kw_only=True)
class LogState:
    """How far the log of one organisation was read. Times are microseconds UTC, by GitHub."""

    looked_at: int = 0
    """By our clock: when the last reading that came to its end began, or the log was refused."""
    until: int = 0
    """Up to when it is believed whole."""
    since: int = 0
    """From when on the reading that is under way will have read it; 0: none is."""
    reached: int = 0
    """Of that reading: the time of the newest entry so far."""
    among: list[str] = field(default_factory=list)
    """Of that reading: ids of the repositories whose entries it knows."""
    listed: dict[str, list[str]] = field(default_factory=dict)
    """Of that reading: repository id -> entries that tell of it; under "" of any of them."""
    seen: dict[str, int] = field(default_factory=dict)
    """Entries that tell of no setting and may be listed again -> their time."""


@dataclass(slots=True, kw_only=True)
class AuditState:
    """All logs of one source."""

    repositories: dict[str, Known] = field(default_factory=dict)
    logs: dict[str, LogState] = field(default_factory=dict)
    """By the organisation's login."""

    def dumps(self) -> str:
        """The cursor text."""
        return cursors.dumped({"v": VERSION, **asdict(self)})

    @classmethod
    def loads(cls, cursor: str) -> AuditState:
        """The state in a cursor; an empty one for text that is none."""
        found = cursors.loaded(cursor, version=VERSION)
        known = {key: _known(row) for key, row in mapping(found.get("repositories")).items()}
        return cls(
            repositories={key: one for key, one in known.items() if one.number},
            logs={key: _log(mapping(row)) for key, row in mapping(found.get("logs")).items()},
        )


def _known(row: object) -> Known:
    found = mapping(row)
    return Known(
        number=text(found.get("number")),
        name=text(found.get("name")),
        organisation=text(found.get("organisation")),
    )


def _log(row: Mapping[str, Any]) -> LogState:
    times = ("looked_at", "until", "since", "reached")
    return LogState(
        **{name: max(0, integer(row.get(name), 0)) for name in times},
        among=_texts(row.get("among")),
        listed={key: _texts(some) for key, some in mapping(row.get("listed")).items()},
        seen={key: integer(at, 0) for key, at in mapping(row.get("seen")).items()},
    )


def _texts(found: object) -> list[str]:
    return [one for one in items(found) if isinstance(one, str)]
