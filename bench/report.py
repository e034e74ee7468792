"""What a packet of 1,000 changes costs: collect, decide, render, seal; then verify it.

    python bench/report.py [--changes 1000]

A simulated organisation of so many changes is collected through the real collectors (its servers
run in the same process, so those CPU seconds hold both), then `evidence report` and
`evidence verify` run as processes of their own: wall and CPU seconds, peak resident memory.
SIMULATED data. No target is stated; a bare table of 1,000 rows takes WeasyPrint about 7 s of CPU.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from common.figures import figure

from evidence.demo.load import load_world
from evidence.demo.run import rehearse, settings_text
from evidence.seal import keys


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def collect(changes: int, folder: Path) -> Path:
    """The configuration of a filled data directory."""
    with rehearse(load_world(changes), folder) as rehearsal:
        held = keys.init(rehearsal.keys, name="Simulated organisation")
        (folder / "trust").write_text(keys.trust_file(held))
        end = rehearsal.simulation.end()
        wall, began = time.monotonic(), time.process_time()
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        say(
            f"sync of {changes} changes: {time.monotonic() - wall:.1f} s wall, "
            f"{time.process_time() - began:.1f} s CPU with the simulated servers"
        )
        loaded = rehearsal.loaded(end)
    path = folder / "evidence.toml"
    path.write_text(settings_text(loaded.settings))
    return path


def run(what: str, folder: Path, config: Path, *arguments: str) -> None:
    """One command as a process of its own, and what it took."""
    environment = {
        **os.environ,
        "EVIDENCE_HOME": str(folder / "data"),
        "EVIDENCE_CONFIG": str(config),
    }
    command: Sequence[str] = [sys.executable, "-m", "evidence.cli", *arguments]
    began = time.monotonic()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(sys.executable, command, environment, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    cpu = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise SystemExit(f"{what} ended with {code}")
    say(f"{what}: {time.monotonic() - began:.1f} s wall")
    figure(what, cpu, "s CPU")
    figure(f"{what}, peak", used.ru_maxrss / 1024, "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=1000)
    changes = parser.parse_args().changes
    with tempfile.TemporaryDirectory(prefix="evidence-bench-") as name:
        folder = Path(name)
        config, packet = collect(changes, folder), folder / "packet"
        period = ("--from", "2026-07-01", "--to", "2026-10-31")
        run(
            f"report of {changes:,} changes",
            folder,
            config,
            "report",
            *period,
            "-o",
            str(packet),
            "--quiet",
        )
        files = [path for path in packet.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        say(f"packet: {len(files)} files, {size:.1f} MB")
        run(
            "verify of that packet",
            folder,
            config,
            "verify",
            str(packet),
            "--trust",
            str(folder / "trust"),
        )


if __name__ == "__main__":
    main()
