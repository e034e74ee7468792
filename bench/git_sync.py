"""Prints what reading a repository into SQLite costs beside plain `git log` with the same fields.

    python bench/git_sync.py [REPO_DIR] [--rounds N] [--all-refs]

REPO_DIR is any Git directory (a clone of git/git for the figures that the project states); without
it an invented history of 80,000 commits is made once (`common.history`). What HEAD (or every ref)
reaches is mirrored into a temporary folder first (not timed) and a commit-graph is written there.
Ours is what a sync does from the mirror into SQLite, the look for secrets in all messages with it;
without that look it is a figure of its own. CPU is user + system time of a whole process with its
children; the rounds alternate and a ratio is the median of theirs, so that other work on the
machine weighs on both sides. Peak is the resident memory of our process without its Git children.
Targets: 2.5 x for commits, 1.3 x with file names, 150 MB.
"""

# ruff: noqa: T201 - a bench prints
from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from common.figures import figure
from common.history import history
from common.kept import KEPT

FIELDS = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00"
NAMES = ("-z", "--name-only", "--no-renames", "--diff-merges=first-parent")


def load(mirror: Path, database: Path, *, with_paths: bool, look: bool) -> None:
    """Reads the mirror into a store: the timed process. Prints counts and our own peak."""
    import evidence.cli  # noqa: F401 - as the program sets itself up
    from evidence.collectors.git import GitCollector
    from evidence.store.session import connect
    from evidence.store.writer import write_commits

    collector = GitCollector(
        source="bench", repository="bench/repository", url=str(mirror), directory=mirror
    )
    store = connect(f"sqlite:///{database}")
    rows = collector.new_commits(paths=with_paths)
    if look:
        from evidence.collecting import without_secrets

        rows = without_secrets(rows)
    commits = write_commits(store, rows, 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"commits": commits, "peak_mib": round(peak, 1)}))


def empty_store(database: Path) -> None:
    """A store with its tables and nothing in them."""
    from evidence.store import facts, session, tables

    store = session.connect(f"sqlite:///{database}")
    facts.metadata.create_all(store.engine)
    tables.metadata.create_all(store.engine)
    store.close()


def measured(command: Sequence[str], stdin: Path | None = None) -> tuple[float, str]:
    """CPU seconds of a command with its children, and its last line of output.

    Python keeps its bytecode, as where the program is installed, whatever the environment says.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(KEPT / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (
        tempfile.TemporaryFile() as out,
        (stdin or Path(os.devnull)).open("rb") as source,
    ):
        subprocess.run(command, stdin=source, stdout=out, env=environment, check=True)
        size = out.tell()
        out.seek(max(0, size - 4096))
        tail = out.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, tail


def prepare(repository: Path, mirror: Path, *, all_refs: bool) -> Path:
    """A mirror with a commit-graph and the list of its tips."""
    from evidence.collectors.git.mirror import SEEN

    subprocess.run(
        ["git", "clone", "-q", "--mirror", "--local", str(repository), str(mirror)], check=True
    )
    git = ["git", "-C", str(mirror)]
    subprocess.run([*git, "config", "evidence.mirror", "1"], check=True)
    asked = ("for-each-ref", "--format=%(objectname)") if all_refs else ("rev-parse", "HEAD")
    listing = subprocess.run([*git, *asked], check=True, capture_output=True)
    tips = sorted(set(listing.stdout.decode().split()))
    commands = "".join(f"create {SEEN}{tip} {tip}\n" for tip in tips)
    subprocess.run([*git, "update-ref", "--stdin"], input=commands.encode(), check=True)
    subprocess.run([*git, "pack-refs", "--all"], check=True)
    subprocess.run([*git, "commit-graph", "write", "--reachable", "--no-progress"], check=True)
    listed = mirror.parent / "tips"
    listed.write_text("".join(f"{tip}\n" for tip in tips))
    return listed


def compare(mirror: Path, tips: Path, work: Path, rounds: int, *, with_paths: bool) -> None:
    """Rounds of `git log`, ours and ours without the look for secrets; their figures."""
    names = NAMES if with_paths else ("-z",)
    plain = ["git", "-C", str(mirror), "log", "--stdin", *names, f"--format={FIELDS}"]
    theirs: list[float] = []
    ours: dict[str, list[float]] = {"--look": [], "--no-look": []}
    peaks: list[float] = []
    for number in range(-1, rounds):  # the first makes bytecode and warms what the system keeps
        taken = [measured(plain, tips)[0]]
        for look in ours:
            database = work / f"{with_paths}-{number}.db"
            empty_store(database)
            command = [sys.executable, __file__, str(mirror), "--load", str(database), look]
            cpu, tail = measured([*command, *(("--with-paths",) if with_paths else ())])
            taken.append(cpu)
            peaks.append(json.loads(tail)["peak_mib"])
            database.unlink()
        if number >= 0:
            for column, cpu in zip((theirs, *ours.values()), taken, strict=True):
                column.append(cpu)
    kind, most = ("with file names", 1.3) if with_paths else ("commits only", 2.5)
    git = statistics.median(theirs)
    print(f"{kind}: git log {git:.2f} s CPU, {json.loads(tail)['commits']} commits")
    for look, found in ours.items():
        ratios = sorted(own / their for own, their in zip(found, theirs, strict=True))
        print(f"  {statistics.median(found):.2f} s CPU, ratios {ratios[0]:.2f} to {ratios[-1]:.2f}")
        if look == "--look":
            figure(f"sync of Git, {kind}", statistics.median(ratios), "x git log", most=most)
        else:
            figure(f"{kind}, no look for secrets", statistics.median(ratios), "x git log")
    figure(f"peak, {kind}", max(peaks), "MiB", most=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, nargs="?", default=None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--all-refs", action="store_true")
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--with-paths", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--look", action=argparse.BooleanOptionalAction, help=argparse.SUPPRESS)
    options = parser.parse_args()
    repository = options.repository or Path(history(80_000))
    if options.load:
        load(repository, options.load, with_paths=options.with_paths, look=options.look)
        return
    with tempfile.TemporaryDirectory(prefix="evidence-bench-") as folder:
        work = Path(folder)
        tips = prepare(repository, work / "mirror.git", all_refs=options.all_refs)
        for with_paths in (False, True):
            compare(work / "mirror.git", tips, work, options.rounds, with_paths=with_paths)


if __name__ == "__main__":
    main()
