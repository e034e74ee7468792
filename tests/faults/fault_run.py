"""Fault points: one request of one source fails in one way, and what becomes of the evidence.

A point is run as a sync reads a source: fetch, parse, store, receipt. Where that run says that it
is complete and met no gap, the store must be what an undisturbed run leaves. Where it says that it
is not, an undisturbed run follows; then the store must be that, too, or an open gap must say what
is missing. All else is evidence lost in silence.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import crash_state
import fault_world
from fault_wire import Wire, connected
from sqlalchemy import and_

from evidence import sources
from evidence.collecting import Run, now, read_source
from evidence.collectors.github.artifact_records import GitHubArtifactRecords
from evidence.collectors.github.attestations import GitHubAttestations
from evidence.collectors.interface import no_progress
from evidence.config.yardstick import build_policy
from evidence.deciding.decide import Summary
from evidence.demo.faults import FAULTS, SPOILERS
from evidence.errors import EvidenceError
from evidence.model.capture import Window
from evidence.store import queries
from evidence.store.facts import FACTS
from evidence.store.session import open_store
from evidence.store.tables import entry_index
from evidence.sync import Outcome

SOURCES = (
    *("github", "github:settings", "github:security", "github:identities", "github:attestations"),
    *("github:records", "github:scope", "github:logs"),
    *("github-deployments", "jira", "argocd"),
)
BEYOND = 10**6
"""Requests that a fault lasts for which the run ends."""
LASTING = (
    *("timeout", "reset", "429", "429_retry_after", "403_secondary", "403_permission", "401"),
    *("500", "502", "503", "truncated", "truncated_json", "html", "rate_limited"),
    *("resource_limits", "301"),
)
ONCE = tuple(sorted({*FAULTS, *SPOILERS, "first_page", "moved"} - {"slow"}))
CLOCKS = {"clock_ahead": 3600.0, "clock_behind": -3600.0}
"""Our own clock for a whole run: seconds by which it is wrong."""
NOTHING = Summary(changes=0, deployments=0, evaluated=0, generation=0, changed=0)
RUNS = ("from nothing", "a later one")


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where a run is disturbed, and how."""

    source: str
    run: str
    request: int
    kind: str
    lasting: bool = False

    def __str__(self) -> str:
        lasts = " and after" if self.lasting else ""
        return f"{self.source}, {self.run}, request {self.request}{lasts}: {self.kind}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a run said of itself."""

    exit_code: int
    said: str
    requests: int
    met: bool
    too_early: tuple[str, ...]


@dataclass(kw_only=True)
class Bench:
    """Stores and readings of one world; every point starts from a copy."""

    rehearsal: object
    folder: Path
    template: Path
    monkeypatch: object
    stores: dict[tuple[str, str], Path] = field(default_factory=dict)
    known: dict[tuple[str, str], object] = field(default_factory=dict)
    requests: dict[tuple[str, str], int] = field(default_factory=dict)
    remembered: dict[tuple, object] = field(default_factory=dict)
    _names: Iterator[int] = field(default_factory=count)

    def prepare(self, source: str) -> None:
        """What undisturbed runs of a source leave, at each moment."""
        empty = self.copy(self.template)
        if source == "github:logs":  # reads what the first stream named
            self.read(empty, "github", fault_world.SECOND)
        first = self.copy(empty)
        begin = _moment(source, RUNS[0])
        self.requests[source, RUNS[0]] = self.read(first, source, begin).requests
        second = self.copy(first)
        self.requests[source, RUNS[1]] = self.read(second, source, fault_world.SECOND).requests
        self.stores[source, RUNS[0]], self.stores[source, RUNS[1]] = empty, first
        self.known[source, RUNS[0]] = self.state(first)
        self.known[source, RUNS[1]] = self.state(second)
        self.stores[source, f"after {RUNS[0]}"] = first
        self.stores[source, f"after {RUNS[1]}"] = second

    def copy(self, store: Path) -> Path:
        """A store of the point's own."""
        made = self.folder / f"{next(self._names)}.sqlite3"
        shutil.copyfile(store, made)
        return made

    def read(self, store: Path, source: str, moment: str, **fault) -> Reading:
        """One run over one source at a moment of the world."""
        simulation = self.rehearsal.simulation
        wire = Wire(simulation=simulation, remembered=self.remembered, **fault)
        loaded = self.rehearsal.loaded(simulation.at(moment))
        with (
            connected(wire, self.monkeypatch),
            closing(open_store(f"sqlite:///{store}")) as opened,
        ):
            collector = _collector(source, loaded, opened)
            collector.clock = wire.clock
            window = Window(since=0, until=now())
            run = Run(store=opened, window=window, version="v", id=f"run-{next(self._names)}")
            tally = read_source(run, collector, no_progress)
            size = queries.size(opened)
        outcome = Outcome(
            receipts=(tally.receipt,),
            gaps=tuple(tally.gaps),
            decided=NOTHING,
            ledger_size=size,
            auth_failed=tally.auth_failed,
        )
        code, said = _ended(outcome)
        return Reading(
            exit_code=code,
            said=said,
            requests=wire.asked,
            met=wire.met,
            too_early=tuple(wire.too_early),
        )

    def state(self, store: Path) -> dict[str, list[str]]:
        """Every fact and every version of an object, gaps and looks left out."""
        with closing(open_store(f"sqlite:///{store}")) as opened:
            found = {
                one.table.name: crash_state.rows(opened, one.table)
                for one in FACTS.values()
                if one.table.name != "observation"
            }
            versions = crash_state.versions(opened, entry_index.c.type == "capture")
            return found | {"versions": versions}

    def current(self, store: Path) -> dict[str, list[str]]:
        """The newest version of every object."""
        with closing(open_store(f"sqlite:///{store}")) as opened:
            index = entry_index.c
            newest = and_(
                index.type == "capture",
                index.superseded.is_(None),
                ~index.series.startswith("CheckLooks/"),  # whether a look is due hangs on the last
            )
            return {"versions": crash_state.versions(opened, newest)}

    def gaps(self, store: Path) -> list[str]:
        """What the store says is missing."""
        with closing(open_store(f"sqlite:///{store}")) as opened:
            return [f"{one.gap.kind}: {one.gap.detail}" for one in queries.gaps(opened)]

    # --- points

    def points(self, source: str) -> list[Point]:
        """Every way in which every request of a source can fail."""
        return [
            Point(source=source, run=run, request=number, kind=kind, lasting=lasting)
            for run in RUNS
            for number in range(1, self.requests[source, run] + 1)
            for lasting, kinds in ((False, ONCE), (True, LASTING))
            for kind in kinds
        ] + [Point(source=source, run=run, request=0, kind=kind) for run in RUNS for kind in CLOCKS]

    def outcome(self, point: Point) -> str:
        """What became of a point; empty where the fault could not change anything."""
        store = self.copy(self.stores[point.source, point.run])
        try:
            return self._outcome(point, store)
        finally:
            for path in store.parent.glob(store.name + "*"):
                path.unlink()

    def _outcome(self, point: Point, store: Path) -> str:
        moment = _moment(point.source, point.run)
        first = self.read(store, point.source, moment, **_fault(point))
        if not first.met and not point.kind.startswith("clock"):
            return ""
        assert not first.too_early, f"{point}: asked while it should wait: {first.too_early}"
        if point.kind == "moved" or point.kind.startswith(("clock", "date")):
            return self._later(point, store, first)
        expected = self.known[point.source, point.run]
        if first.exit_code == 0:
            lost = crash_state.differences(expected, self.state(store))
            return f"LOST: {point}: {lost[:3]}" if lost else "equal at once"
        self.read(store, point.source, moment)
        lost = crash_state.differences(expected, self.state(store))
        if not lost:
            return f"exit {first.exit_code}, then equal"
        undisturbed = self.stores[point.source, f"after {point.run}"]
        if set(self.gaps(store)) - set(self.gaps(undisturbed)):
            return f"exit {first.exit_code}, gap named"
        return f"LOST: {point}: {first.said}: {lost[:3]}"

    def _afterwards(self, source: str, run: str) -> object:
        """What undisturbed runs leave when one more comes after them; made where it is needed."""
        if (source, run) not in self.known:
            third = self.copy(self.stores[source, run])
            self.read(third, source, fault_world.THIRD)
            self.known[source, run] = self.current(third)
        return self.known[source, run]

    def _later(self, point: Point, store: Path, first: Reading) -> str:
        """Whether a run after it shows what happened meanwhile."""
        self.read(store, point.source, fault_world.THIRD)
        expected = self._afterwards(point.source, f"after {point.run}")
        lost = crash_state.differences(expected, self.current(store))
        if not lost:
            return f"exit {first.exit_code}, current later"
        return f"LOST: {point}: {first.said}: {lost[:3]}"


def _collector(source: str, loaded, store):
    """What reads a source or a stream beside it."""
    name = (source.partition(":")[0],)
    found = [
        *sources.build(loaded, name),
        *sources.registers(loaded, store, name),
        *sources.job_logs(loaded, store, build_policy(loaded.settings), name),
    ]
    (one,) = (each for each in found if each.source == source)
    if isinstance(one, GitHubAttestations):
        one.wanted = fault_world.digests
    if isinstance(one, GitHubArtifactRecords):
        one.wanted = lambda: dict.fromkeys(fault_world.digests(), 0)
    return one


def _moment(source: str, run: str) -> str:
    """When a run reads; logs are read when there is something to be read of them."""
    begins = run == RUNS[0] and source != "github:logs"
    return fault_world.FIRST if begins else fault_world.SECOND


def _fault(point: Point) -> dict[str, object]:
    if point.kind in CLOCKS:
        return {"skew": CLOCKS[point.kind]}
    if point.kind == "moved":
        return {"at": point.request, "moves_to": fault_world.THIRD}
    times = BEYOND if point.lasting else 1
    return {"kind": point.kind, "at": point.request, "times": times}


def _ended(outcome: Outcome) -> tuple[int, str]:
    """The exit code of such a run and what it says."""
    try:
        outcome.raise_if_incomplete()
    except EvidenceError as error:
        return error.exit_code, error.message
    return 0, ""


def table(outcomes: Counter[str]) -> list[str]:
    """How many points ended how."""
    total = sum(outcomes.values())
    lost = sum(number for what, number in outcomes.items() if what.startswith("LOST"))
    told = [
        f"  {number:6} {what}"
        for what, number in outcomes.most_common()
        if not what.startswith("LOST")
    ]
    return [f"{total} fault points, lost in silence: {lost}", *told]
