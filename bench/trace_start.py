"""What `evidence trace` costs as a whole process beside a bare Typer + SQLAlchemy-core program.

    python bench/trace_start.py [--changes 100000] [--rounds 15]

Both look one commit up in the same store of so many decided changes; the bare program opens the
store, reads the indexed row and prints it. CPU is user + system time of the whole process, the
median of rounds that alternate. Target: 1.3 x. Also each `--help`, target 0.4 s for the program's
own and 0.5 s for a command's. SIMULATED data.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.figures import figure
from common.filled import decided
from common.kept import ROOT

BARE = """
import typer
from typing import Annotated
from sqlalchemy import Column, MetaData, String, Table, create_engine, select
app = typer.Typer()
index = Table("chain_index", MetaData(), Column("term", String), Column("change_id", String))
change = Table("change", index.metadata, Column("change_id", String), Column("body", String))
@app.command()
def trace(url: str, term: Annotated[str, typer.Argument(help="A SHA.")]) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        query = select(change.c.body).join(index, index.c.change_id == change.c.change_id)
        for (body,) in connection.execute(query.where(index.c.term == term)):
            typer.echo(body)
app()
"""
COMMANDS = (
    *("init", "demo", "doctor", "sync", "status", "trace", "report", "verify"),
    *("keys", "config", "db"),
)


def cpu(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compare(changes: int, rounds: int) -> None:
    """Prints what a trace costs."""
    store, sha = decided(changes)
    url = f"sqlite:///{store}"
    environment = {**os.environ, "EVIDENCE_STORE__URL": url}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "bare.py"
        program.write_text(BARE)
        bare = [sys.executable, str(program), url, sha]
        ours = [sys.executable, "-m", "evidence.cli", "trace", sha]
        cpu(bare, environment), cpu(ours, environment)
        pairs = [(cpu(bare, environment), cpu(ours, environment)) for _ in range(rounds)]
    floor, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    sys.stdout.write(f"trace {own:.3f} s CPU, bare program {floor:.3f} s\n")
    figure(f"trace in {changes:,} changes", own / floor, "x bare program", most=1.3)


def helps(rounds: int) -> None:
    """Prints what each `--help` costs."""
    program = [sys.executable, "-m", "evidence.cli"]
    own = statistics.median(cpu([*program, "--help"], os.environ) for _ in range(rounds))
    each = {name: cpu([*program, name, "--help"], os.environ) for name in COMMANDS}
    slowest = max(each, key=lambda name: each[name])
    figure("--help", own, "s CPU", most=0.4)
    figure(f"{slowest} --help, the slowest of {len(each)}", each[slowest], "s CPU", most=0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    os.chdir(ROOT)
    compare(options.changes, options.rounds)
    helps(5)


if __name__ == "__main__":
    main()
