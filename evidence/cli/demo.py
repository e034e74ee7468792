"""`evidence demo`: a simulated organisation on this machine, through the real program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import QuietOption, progress_bars, remark


def command(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to leave everything in.")
    ] = Path("reports/demo"),
    quiet: QuietOption = False,
) -> None:
    """Collects a simulated organisation and leaves a sealed packet. Nothing leaves the machine.

    Example: evidence demo --output demo
    """
    from evidence.demo.run import show

    bars, progress = progress_bars(quiet=quiet)
    with bars:
        shown = show(output, progress)
    typer.echo(str(shown.packet))
    for line in (*shown.summary, shown.verdict):
        remark(line, quiet=quiet)
    remark(
        "next:\n"
        f"  EVIDENCE_HOME={output}/data evidence trace {shown.example} "
        f"--config {shown.configuration}\n"
        f"  evidence verify {shown.packet} --trust {shown.trust}",
        quiet=quiet,
    )
