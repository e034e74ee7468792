"""`evidence anchor`: puts a signed checkpoint of the ledger where no database reaches it."""

from __future__ import annotations

import typer

from evidence.cli.options import ConfigOption, QuietOption, remark


def command(config: ConfigOption = None, quiet: QuietOption = False) -> None:
    """Signs the ledger's head, anchors it as configured, and prints the note to keep elsewhere.

    Example: evidence anchor > kept-by-the-auditor.note
    """
    from evidence.anchor import anchor
    from evidence.config.load import load

    done = anchor(load(config))
    typer.echo(done.note, nl=False)
    remark(done.summary(), quiet=quiet)
