"""The `evidence` program: registers the commands and turns errors into exit codes.

Modules of commands import only Typer at the top; what a command needs, it imports when it runs,
so that `evidence --help` stays quick.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from evidence import __version__
from evidence.cli import (
    anchor,
    attach,
    config,
    custody,
    db,
    demo,
    deviations,
    doctor,
    ingest,
    init,
    keys,
    purge,
    report,
    serve,
    status,
    sync,
    trace,
    verify,
)
from evidence.errors import ConfigError, EvidenceError

INTERRUPTED = 130
USAGE_ERRORS: tuple[type[Exception], ...] = typer.BadParameter.__mro__[1:3]
"""Typer's UsageError and ClickException: the same in every version, by their place below the one
that it exports, and not by a module, because newer versions bring their own Click."""

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
app.command("attach")(attach.command)
app.command("anchor")(anchor.command)
app.command("purge")(purge.command)
app.command("custody")(custody.command)
app.command("serve")(serve.command)
app.add_typer(deviations.app, name="deviations")
app.add_typer(ingest.app, name="ingest")
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
    sys.exit(_run())


def _run() -> int:
    try:
        code = int(app(prog_name="evidence", standalone_mode=False) or 0)
    except EvidenceError as error:
        return _told(error.message, error.next_step, error.exit_code)
    except USAGE_ERRORS as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        what = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
        return _told(what or str(error), "Check the path, its permissions and free space.", 1)
    if code == INTERRUPTED:  # Typer gives Ctrl-C back as a number
        typer.echo("interrupted; what was stored stays stored, run again to go on", err=True)
    return code


def _told(message: str, next_step: str, code: int) -> int:
    from evidence.redaction import redact_text
    from evidence.report.text import visible  # what a server or a user wrote moves no cursor

    typer.secho(f"error: {visible(redact_text(message))}", err=True, fg="red")
    typer.echo(f"  next: {next_step}", err=True)
    return code


def _usage(error: Any) -> int:
    """What Typer found wrong with the command line; a group without a command shows its help."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "evidence"
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        _told(error.format_message(), f"Read `{command} --help`.", ConfigError.exit_code)
    return ConfigError.exit_code
