"""`evidence status`: how fresh the evidence is, what is missing, and by when to sync again."""

from __future__ import annotations

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, print_json, print_table


def command(config: ConfigOption = None, output: FormatOption = Format.TABLE) -> None:
    """Prints freshness and gaps per source, and the latest safe time of the next sync.

    Example: evidence status
    """
    from evidence.config.load import load
    from evidence.status import status

    found = status(load(config))
    if output is Format.JSON:
        print_json(found.as_json())
        return
    print_table(
        ("source", "last complete sync", "sync again before", "open gaps"),
        [(one.source, one.last_complete, one.safe_until, str(one.gaps)) for one in found.sources],
    )
    for line in found.lines():
        typer.echo(line)
