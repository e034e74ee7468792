"""Where a run got to, per repository, as the opaque JSON text of a cursor.

A cursor that cannot be read is as good as none: the repository is read from the beginning, which
costs calls and loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from evidence.collectors import cursors
from evidence.collectors.github.reading import integer, items, mapping, text

VERSION = 1
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(slots=True, kw_only=True)
class SweepRun:
    """A pass over the pull requests that has begun and not ended."""

    low: int
    """Microseconds UTC: where the window of this pass begins; 0 for all."""
    stop: int
    """Microseconds UTC: pull requests updated before it are not read."""
    mark: int = 0
    """Server time of the first page: the mark of the next pass."""
    after: str = ""
    done: bool = False
    """The last page is in; the reconciliation is not."""
    second: bool = False
    """This is the second look at the top, for what was short."""
    refused: bool = False
    """A place in the list was refused: what stands there is unknown."""
    merged: str = "0"
    """Hex bitmap of the numbers read whose merge lies between `low` and `mark`."""
    counted: int = -1
    """What the search that came with the only page counted; -1 where none did."""
    top: str = ""
    """Of the first page: node id and `updatedAt` of the newest, and how many there are."""


@dataclass(slots=True, kw_only=True)
class Shortfall:
    """A window of which not all could be read. It is told in every run until it was read whole."""

    low: int
    high: int
    """Microseconds UTC, the bounds of the window; the upper one is also when it was last tried."""
    reported: int
    stored: int
    refused: bool


@dataclass(slots=True, kw_only=True)
class BranchRun:
    """A listing of a branch that has begun and not ended."""

    tip: str
    total: int
    after: str = ""
    fresh: int = 0
    met: int = 0
    """Commits of the last listing met again."""
    met_tip: bool = False
    young: bool = False
    """A new commit without a pull request was made just before it was listed."""
    mainline: str = ""
    """The next commit by first parents; empty before the tip."""
    waiting: list[str] = field(default_factory=list)
    """Node ids of commits whose checks are still to be asked for."""
    newest: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class BranchState:
    """What is known of one branch from the last whole listing."""

    tip: str = ""
    total: int = -1
    newest: list[str] = field(default_factory=list)
    """Abbreviated ids of its newest commits, in the order listed."""
    listed: int = 0
    """Microseconds UTC by the server: when the last listing ended."""
    settled: bool = False
    """GitHub's own links to pull requests had time to be made before the last listing."""
    run: BranchRun | None = None


@dataclass(slots=True, kw_only=True)
class Look:
    """When the checks of a merged pull request were last looked at. Microseconds UTC."""

    number: int
    merged: int
    seen: int
    open: bool = False
    """Some check had not ended then."""


@dataclass(slots=True, kw_only=True)
class RepositoryState:
    """What is known of one repository."""

    database_id: str = ""
    name: str = ""
    taken: str = ""
    """Number of another repository that stands under its name now; or empty."""
    successor: str = ""
    """Number of another repository of which it was told that it has the configured name."""
    floor: int = 0
    """Microseconds UTC: from where on it was read."""
    mark: int = 0
    """Microseconds UTC: all that was updated before it was read; 0 before the first whole pass."""
    sweep: SweepRun | None = None
    short: Shortfall | None = None
    again: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Node id -> number and merge time of pull requests that the next run reads again whole."""
    looks: dict[str, Look] = field(default_factory=dict)
    """Node id -> pull requests whose checks are looked at again for a while after the merge."""
    attempts: list[str] = field(default_factory=list)
    """Node ids of commits whose earlier attempts are still to be asked for."""
    heavy_checks: list[str] = field(default_factory=list)
    """Node ids of commits whose checks were too much for an answer: asked for by the next run."""
    heavy_attempts: list[str] = field(default_factory=list)
    """The same of their earlier attempts."""
    node_id: str = ""
    top: str = ""
    """As `SweepRun.top`, of the last whole pass; empty where it is not known."""
    top_at: int = 0
    """Microseconds UTC: when the newest pull request was updated."""
    branches: dict[str, BranchState] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class OwnerState:
    """What is known of the list of one owner's repositories."""

    listed: int = 0
    """Microseconds UTC by our clock: when it was last read whole; 0 for never."""
    asked: str = ""
    """Digest of what it was judged by then."""
    known: dict[str, str] = field(default_factory=dict)
    """Numeric id -> `owner/name` in that list."""
    ids: dict[str, str] = field(default_factory=dict)
    """Numeric id -> id under which a discovered repository is read."""


@dataclass(slots=True, kw_only=True)
class State:
    """All repositories of one source, by configured repository id, and the lists of owners."""

    repositories: dict[str, RepositoryState] = field(default_factory=dict)
    owners: dict[str, OwnerState] = field(default_factory=dict)

    def dumps(self) -> str:
        """The cursor text."""
        told = {"v": VERSION, "repositories": self.repositories, "owners": self.owners}
        return cursors.dumped(told, default=_fields)

    @classmethod
    def loads(cls, cursor: str) -> State:
        """The state in a cursor; an empty one for text that is none."""
        found = cursors.loaded(cursor, version=VERSION)
        known = mapping(found.get("repositories"))
        return cls(
            repositories={name: _repository(mapping(each)) for name, each in known.items()},
            owners={
                name: _owner(mapping(each)) for name, each in mapping(found.get("owners")).items()
            },
        )


def _fields(record: Any) -> dict[str, Any]:
    """The fields of a record of this module; its lists are not copied, a cursor is made often."""
    return {one.name: getattr(record, one.name) for one in fields(record)}


def _repository(found: Mapping[str, Any]) -> RepositoryState:
    sweep = found.get("sweep")
    short = found.get("short")
    branches = mapping(found.get("branches"))
    again = mapping(found.get("again"))
    return RepositoryState(
        database_id=text(found.get("database_id")),
        name=text(found.get("name")),
        taken=text(found.get("taken")),
        successor=text(found.get("successor")),
        floor=integer(found.get("floor"), 0),
        mark=integer(found.get("mark"), 0),
        sweep=_sweep(sweep) if isinstance(sweep, dict) else None,
        short=_shortfall(short) if isinstance(short, dict) else None,
        again={node_id: _pair(items(each)) for node_id, each in again.items()},
        looks={
            node_id: _look(mapping(each)) for node_id, each in mapping(found.get("looks")).items()
        },
        attempts=_texts(found.get("attempts")),
        heavy_checks=_texts(found.get("heavy_checks")),
        heavy_attempts=_texts(found.get("heavy_attempts")),
        node_id=text(found.get("node_id")),
        top=text(found.get("top")),
        top_at=integer(found.get("top_at"), 0),
        branches={name: _branch(mapping(each)) for name, each in branches.items()},
    )


def _texts(found: object) -> list[str]:
    return [text(each) for each in items(found) if text(each)]


def _owner(found: Mapping[str, Any]) -> OwnerState:
    known, ids = mapping(found.get("known")), mapping(found.get("ids"))
    return OwnerState(
        listed=integer(found.get("listed"), 0),
        asked=text(found.get("asked")),
        known={number: text(name) for number, name in known.items()},
        ids={number: text(own) for number, own in ids.items() if text(own)},
    )


def _look(found: Mapping[str, Any]) -> Look:
    return Look(
        number=integer(found.get("number"), 0),
        merged=integer(found.get("merged"), 0),
        seen=integer(found.get("seen"), 0),
        open=found.get("open") is True,
    )


def _pair(found: list[Any]) -> tuple[int, int]:
    number, merged = [integer(each, 0) for each in (*found, 0, 0)][:2]
    return number, merged


def _sweep(found: Mapping[str, Any]) -> SweepRun:
    merged = text(found.get("merged"))
    return SweepRun(
        low=integer(found.get("low"), 0),
        stop=integer(found.get("stop"), 0),
        mark=integer(found.get("mark"), 0),
        after=text(found.get("after")),
        done=found.get("done") is True,
        second=found.get("second") is True,
        refused=found.get("refused") is True,
        merged=merged if _HEX.fullmatch(merged) else "0",
        counted=integer(found.get("counted")),
        top=text(found.get("top")),
    )


def _shortfall(found: Mapping[str, Any]) -> Shortfall:
    return Shortfall(
        low=integer(found.get("low"), 0),
        high=integer(found.get("high"), 0),
        reported=integer(found.get("reported"), 0),
        stored=integer(found.get("stored"), 0),
        refused=found.get("refused") is True,
    )


def _branch(found: Mapping[str, Any]) -> BranchState:
    run = found.get("run")
    return BranchState(
        tip=text(found.get("tip")),
        total=integer(found.get("total")),
        newest=[text(each) for each in items(found.get("newest"))],
        listed=integer(found.get("listed"), 0),
        settled=found.get("settled") is True,
        run=_branch_run(run) if isinstance(run, dict) else None,
    )


def _branch_run(found: Mapping[str, Any]) -> BranchRun:
    return BranchRun(
        tip=text(found.get("tip")),
        total=integer(found.get("total")),
        after=text(found.get("after")),
        fresh=integer(found.get("fresh"), 0),
        met=integer(found.get("met"), 0),
        met_tip=found.get("met_tip") is True,
        young=found.get("young") is True,
        mainline=text(found.get("mainline")),
        waiting=[text(each) for each in items(found.get("waiting"))],
        newest=[text(each) for each in items(found.get("newest"))],
    )
