"""Kills real runs: a process that has imported everything forks one child per run and shoots it.

Run as a program it reads one plan (JSON) on stdin, works it off and writes what it found as JSON
on stdout. A chain is one store: killed, resumed, killed again, until a run gets through; then it
must hold what an undisturbed run gives. The ledger is audited after every kill.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import sys
import time
import tomllib
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import crash_children
import crash_state
import sqlalchemy
from crash_children import PACKET, STEPS, Shot

import evidence.report.render
import evidence.seal.pades
import evidence.sources
import evidence.store.upgrade  # noqa: F401 - what a run imports is imported once, before the fork
from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.staging import PREFIX
from evidence.store.session import connect, version
from evidence.sync import sync
from evidence.verify import read_trust, verify_packet

ENOUGH = 5
"""Problems after which a lane stops."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one lane is to do."""

    job: str
    configuration: str
    folder: str
    """Where the data directories of the runs go; emptied between chains."""
    starts: dict[str, str]
    """Name of a start -> data directory to begin with, empty for none; on PostgreSQL the database
    `start_<name>` is its template."""
    kills: int
    seed: int
    server: str = ""
    """URL of the PostgreSQL server; empty for SQLite in the data directory."""
    trust: str = ""
    """The file by which packets are verified."""


@dataclass(kw_only=True)
class Report:
    """What one lane found."""

    kills: int = 0
    chains: int = 0
    longest: int = 0
    """Most kills of one chain."""
    phases: Counter = field(default_factory=Counter)
    means: Counter = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of processor time of the lane, its runs and their Git; not of the servers."""


class Lane:
    """One store after the other, killed until the plan is fulfilled."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = random.Random(plan.seed)
        self.report = Report()
        self.folder = Path(plan.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.errors = self.folder / "errors.txt"
        text = Path(plan.configuration).read_text(encoding="utf-8")
        self.settings = Settings.model_validate(tomllib.loads(text))
        self.number = 0
        self.history: list[str] = []
        self.expected: dict[str, dict[str, list[str]]] = {}
        self.steps: dict[str, dict[str, int]] = {}
        self.seconds: dict[str, float] = {}

    def work(self) -> Report:
        """Fulfils the plan."""
        began = time.monotonic()
        self._practise()
        for start in self.plan.starts:
            self._undisturbed(start)
        while self.report.kills < self.plan.kills and len(self.report.problems) < ENOUGH:
            self._chain(self._start())
        self.report.seconds = round(time.monotonic() - began, 1)
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self.report.processor = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
        return self.report

    def _start(self) -> str:
        """A start by chance; from nothing, which takes longest, one time in five."""
        starts = self.plan.starts
        (name,) = self.random.choices(
            list(starts), [4 if where else 1 for where in starts.values()]
        )
        return name

    def _practise(self) -> None:
        """Runs once in this process, so that no child prepares again what all of them need."""
        loaded = self._prepared(next(iter(self.plan.starts)))
        sync(loaded)
        crash_state.state(loaded)
        self._away(loaded)

    def _undisturbed(self, start: str) -> None:
        loaded = self._prepared(start)
        began = time.monotonic()
        self._through(self.plan.job, loaded)
        self.seconds[start] = time.monotonic() - began
        self.steps[start] = crash_children.steps()
        self.expected[start] = crash_state.state(loaded)
        self._away(loaded)

    def _through(self, job: str, loaded: Loaded) -> None:
        code = crash_children.run(job, loaded, self.errors)
        if code != 0:
            said = self.errors.read_text(encoding="utf-8") if self.errors.exists() else "nothing"
            raise RuntimeError(f"{job} ended with {code} and said: {said}")

    def _chain(self, start: str) -> None:
        loaded = self._prepared(start)
        self.history = [f"from {start}:"]
        code: int | None = None
        try:
            while self.report.kills < self.plan.kills:
                shot = self._shot(start)
                code = crash_children.run(self.plan.job, loaded, self.errors, shot)
                if code is not None:
                    break
                self._count(shot)
                self.after_kill(loaded)
            if code:
                self.problem(f"a run that nobody shot ended with {code}")
            self.heal(start, loaded, through=code == 0)
        except Exception:  # noqa: BLE001 - whatever goes wrong is what was looked for
            self.problem(traceback.format_exc())
        self.report.chains += 1
        self.report.longest = max(self.report.longest, len(self.history) - 1)
        self._away(loaded)

    def _count(self, shot: Shot) -> None:
        phase = crash_children.phase()
        self.report.kills += 1
        self.report.phases[phase] += 1
        self.report.means[shot.means] += 1
        self.history.append(f"{shot} in {phase}")

    def after_kill(self, loaded: Loaded) -> None:
        """What must hold at once after a kill: the ledger is intact."""
        store = connect(loaded.store_url)
        begun = bool(version(store))
        store.close()
        if begun:
            crash_state.check_ledger(loaded.store_url)

    def heal(self, start: str, loaded: Loaded, *, through: bool) -> None:
        """A run gets through, and what it leaves is what an undisturbed one leaves."""
        if not through:
            self._through("sync", loaded)
        self.compare(start, loaded)

    def compare(self, start: str, loaded: Loaded, but: tuple[str, ...] = ()) -> None:
        """The store against that of an undisturbed run, parts named in `but` left out."""
        crash_state.check_ledger(loaded.store_url)
        told = crash_state.differences(self.expected[start], crash_state.state(loaded))
        told = [one for one in told if not one.startswith(but or ("\0",))]
        if told:
            self.problem("\n".join(told[:12]))

    def problem(self, said: str) -> None:
        """Notes what should not be, with the kills that led to it."""
        self.report.problems.append("\n".join([*self.history, said]))

    def _shot(self, start: str) -> Shot:
        """A random death: half by the clock, half at a step."""
        group = self.random.random() < 0.5
        taken = [step for step in STEPS if self.steps[start][step]]
        if self.random.random() < 0.5 or not taken:
            # Half of them early: what others have brought forward takes less.
            reach = self.seconds[start] * self.random.choice((1.0, 0.4))
            return Shot(delay=self.random.uniform(0.001, reach), group=group)
        step = self.random.choice(taken)
        return Shot(
            step=step,
            number=self.random.randint(1, self.steps[start][step]),
            before=self.random.random() < 0.4,
            delay=self.random.uniform(0, 0.006),
            group=group,
        )

    def _prepared(self, start: str) -> Loaded:
        """A data directory and store as they stand at this start."""
        self.number += 1
        home = self.folder / f"home-{self.number}"
        before = self.plan.starts[start]
        if before:
            shutil.copytree(before, home)
        else:
            home.mkdir(mode=0o700)
        self.errors.unlink(missing_ok=True)
        settings = self.settings
        url = self._database(start, f"c{self.plan.seed}_{self.number}") if self.plan.server else ""
        store = settings.store.model_copy(update={"url": url})
        settings = settings.model_copy(update={"store": store})
        return Loaded(settings=settings, path=None, origins={}, home=home)

    def _database(self, start: str, name: str) -> str:
        template = f" TEMPLATE start_{start}" if self.plan.starts[start] else ""
        self._administer(f"CREATE DATABASE {name}{template}")
        url = sqlalchemy.make_url(self.plan.server).set(database=name)
        return url.render_as_string(hide_password=False)

    def _administer(self, statement: str) -> None:
        engine = sqlalchemy.create_engine(self.plan.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def _away(self, loaded: Loaded) -> None:
        shutil.rmtree(loaded.home, ignore_errors=True)
        if self.plan.server:
            name = sqlalchemy.make_url(loaded.store_url).database
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")


class Rebuilds(Lane):
    """Rebuilds that are cut are ended by another one, or by the next sync."""

    def heal(self, start: str, loaded: Loaded, *, through: bool) -> None:
        """A sync decides as of its own moment: what it says of that is then left out."""
        del through
        job = self.random.choice(("sync", "rebuild"))
        self._through(job, loaded)
        self.compare(start, loaded, ("determination", "decided") if job == "sync" else ())


class Exports(Lane):
    """A packet is there whole or not at all, and nothing half-made stays."""

    def after_kill(self, loaded: Loaded) -> None:
        """What has the packet's name verifies; the ledger is intact."""
        super().after_kill(loaded)
        folder, archive = loaded.home / PACKET, loaded.home / f"{PACKET}.zip"
        for packet in (folder, archive):
            if packet.exists():
                verify_packet(packet, read_trust(Path(self.plan.trust)))
        shutil.rmtree(folder, ignore_errors=True)
        archive.unlink(missing_ok=True)

    def heal(self, start: str, loaded: Loaded, *, through: bool) -> None:
        """The next report gets through and clears away what was left."""
        del through
        self.after_kill(loaded)
        self._through("report", loaded)
        trust = read_trust(Path(self.plan.trust))
        for name in (PACKET, f"{PACKET}.zip"):
            verify_packet(loaded.home / name, trust)
        left = [path.name for path in loaded.home.glob(f"{PREFIX}*")]
        if left:
            self.problem(f"left behind: {left}")
        self.compare(start, loaded)


LANES = {"sync": Lane, "rebuild": Rebuilds, "report": Exports}


def main() -> None:
    """Reads a plan, works it off, writes the report."""
    plan = Plan(**json.load(sys.stdin))
    json.dump(vars(LANES[plan.job](plan).work()), sys.stdout)


if __name__ == "__main__":
    main()
