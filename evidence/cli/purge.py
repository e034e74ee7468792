"""`evidence purge`: deletes what one ledger entry captured and records that it was done."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption, QuietOption, progress_bars


def command(
    seq: Annotated[int, typer.Argument(help="The ledger entry whose payload must go.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the ledger for good.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: it cannot be undone.")] = False,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """Deletes the payload of a capture for good; its hash and the record of the purge stay.

    Example: evidence purge 1742 --reason "a password in the description" --yes
    """
    from evidence.config.load import load
    from evidence.purge import purge

    loaded = load(config)
    if not yes:
        typer.confirm(f"Delete what entry {seq} holds? It cannot be undone", abort=True, err=True)
    bars, progress = progress_bars(quiet=quiet)
    with bars:
        done = purge(loaded, seq, reason, progress)
    for line in done.summary():
        typer.echo(line)
