"""The `evidence` program: registers the commands and turns errors into exit codes.

Modules of commands import only Typer at the top; what a command needs, it imports when it runs,
so that `evidence --help` stays quick.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from evidence import __version__
from evidence.cli import (
    config,
    db,
    demo,
    doctor,
    init,
    keys,
    report,
    status,
    sync,
    trace,
    verify,
)
from evidence.errors import EvidenceError

app = typer.Typer(
    name="evidence",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="SOC 2 change evidence: collect it, trace each change, export a packet that verifies "
    "offline.\n\nExit codes: 0 ok, 1 failure, 2 usage or configuration, 3 deviations found "
    "(gates), 4 authentication, 5 incomplete collection, 6 integrity check failed, 7 another run "
    "holds the lock, 130 interrupted.",
)
app.command("init")(init.command)
app.command("demo")(demo.command)
app.command("doctor")(doctor.command)
app.command("sync")(sync.command)
app.command("status")(status.command)
app.command("trace")(trace.command)
app.command("report")(report.command)
app.command("verify")(verify.command)
app.add_typer(keys.app, name="keys")
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"evidence {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version_flag: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point. No user mistake ends in a traceback: what happened, and what to do next."""
    try:
        app()
    except EvidenceError as error:
        typer.secho(f"error: {error.message}", err=True, fg="red")
        typer.echo(f"  next: {error.next_step}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted; what was stored stays stored, run again to go on", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
