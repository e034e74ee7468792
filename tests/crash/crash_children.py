"""Forked runs of the real program and the shots that end them."""

from __future__ import annotations

import mmap
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from sqlalchemy.engine.default import DefaultDialect

import evidence.sync as syncing
from evidence import rebuilding
from evidence.config.load import Loaded
from evidence.export import ReportRequest, report

PATIENCE = 120.0
"""Seconds that a run which nobody kills may take on a busy machine."""
PHASES = (
    "opening",
    "github",
    "argocd",
    "flux",
    "jira",
    "git",
    "deciding",
    "closing",
    "rebuilding",
    "reporting",
)
STEPS = ("commit", "committed", "statement", "git", "rename")
"""What is counted: a transaction about to commit and committed, a statement, a command of Git, a
file that gets its name."""

_shared = mmap.mmap(-1, 64)
"""First byte: the phase that the child is in. From the fifth on: the steps that it has taken, four
bytes per kind. The child's last words, which a kill cannot take back."""


def phase() -> str:
    """Where the child is, or was when it died."""
    return PHASES[_shared[0]]


def steps() -> dict[str, int]:
    """How many steps of each kind the child has taken."""
    return {step: int.from_bytes(_shared[_place(step)], "little") for step in STEPS}


def _place(step: str) -> slice:
    at = 4 + 4 * STEPS.index(step)
    return slice(at, at + 4)


def _enter(name: str) -> None:
    _shared[0] = PHASES.index(name)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """When a run dies: at a time, or at a step of it."""

    step: str = ""
    number: int = 0
    before: bool = False
    """At once, before the step is taken; else `delay` after it began."""
    delay: float = 0.0
    """Seconds after the step, or after the start."""
    group: bool = True
    """Its Git processes die with it; else they live on for a while."""

    @property
    def means(self) -> str:
        """The kind of death, to count by."""
        return f"{'before' if self.before else 'at'} {self.step}" if self.step else "by time"


class _Trigger:
    """Counts the child's steps and calls for the shot when its step comes."""

    def __init__(self, shot: Shot, bell: int) -> None:
        self.shot, self.bell = shot, bell

    def __call__(self, step: str) -> None:
        number = int.from_bytes(_shared[_place(step)], "little") + 1
        _shared[_place(step)] = number.to_bytes(4, "little")
        if (step, number) != (self.shot.step, self.shot.number):
            return
        if self.shot.before:
            (os.killpg if self.shot.group else os.kill)(os.getpid(), signal.SIGKILL)
        os.write(self.bell, b"!")


_AUDITED = {"subprocess.Popen": "git", "os.rename": "rename"}


def _watch(trigger: _Trigger) -> None:
    """Has every step counted as it begins."""
    commit = DefaultDialect.do_commit

    def committing(dialect, connection):
        trigger("commit")
        commit(dialect, connection)
        trigger("committed")

    DefaultDialect.do_commit = committing
    sqlalchemy.event.listen(
        sqlalchemy.Engine, "before_cursor_execute", lambda *_: trigger("statement")
    )
    sys.addaudithook(lambda name, _: trigger(_AUDITED[name]) if name in _AUDITED else None)


def _mark_phases() -> None:
    read, decide, sign = syncing.read_source, syncing.decide_and_store, syncing.write_checkpoint

    def reading(run, collector, progress):
        _enter(collector.source.partition(":")[0])
        return read(run, collector, progress)

    def deciding(*arguments, **named):
        _enter("deciding")
        return decide(*arguments, **named)

    def closing(*arguments):
        _enter("closing")
        return sign(*arguments)

    syncing.read_source, syncing.decide_and_store, syncing.write_checkpoint = (
        reading,
        deciding,
        closing,
    )


def sync(loaded: Loaded) -> str:
    """A sync; what was not read to its end."""
    _mark_phases()
    outcome = syncing.sync(loaded)
    return "; ".join(f"{one.source}: {one.error}" for one in outcome.receipts if not one.complete)


def rebuild(loaded: Loaded) -> str:
    """A rebuild; the outcomes that differ."""
    _enter("rebuilding")
    said = rebuilding.rebuild(loaded)
    return "" if said.endswith("outcomes that differ: none") else said


PACKET = "packet"


def export(loaded: Loaded) -> str:
    """A packet and its ZIP beside the data directory's content."""
    _enter("reporting")
    request = ReportRequest(
        start="2026-07-06",
        end="2026-07-31",
        destination=loaded.home / PACKET,
        zipped=True,
    )
    report(loaded, request)
    return ""


JOBS = {"sync": sync, "rebuild": rebuild, "report": export}


def _child(job: str, loaded: Loaded, shot: Shot, bell: int, errors: Path) -> None:
    os.setsid()
    code = 1
    try:
        _watch(_Trigger(shot, bell))
        said = JOBS[job](loaded)
        if said:
            errors.write_text(said, encoding="utf-8")
        else:
            code = 0
    except BaseException:  # noqa: BLE001 - whatever ends a run is what the lane tells
        errors.write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(code)


def run(job: str, loaded: Loaded, errors: Path, shot: Shot | None = None) -> int | None:
    """Forks a job and shoots it; its exit code, or None where the shot hit.

    A run that is not to be shot dies all the same after a long time.
    """
    _shared[:] = bytes(len(_shared))
    shot = shot or Shot()
    ear, bell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ear)
        _child(job, loaded, shot, bell, errors)
    os.close(bell)
    process = os.pidfd_open(pid)
    try:
        if not shot.step:
            _wait(process, shot.delay or PATIENCE)
        elif ear in _wait(process, PATIENCE, ear):
            time.sleep(shot.delay)
        return _killed(pid, group=shot.group)
    finally:
        os.close(process)
        os.close(ear)


def _wait(process: int, seconds: float, *others: int) -> list[int]:
    """Which of the descriptors speaks first; none where the time is over."""
    ready, _, _ = select.select([process, *others], [], [], seconds)
    return ready


def _killed(pid: int, *, group: bool) -> int | None:
    with suppress(ProcessLookupError):
        if group and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
