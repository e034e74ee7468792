"""`evidence custody`: who did what with one piece of evidence, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, print_json


def command(
    seq: Annotated[int, typer.Argument(help="The ledger entry of a capture.")],
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Tells the chain of custody of what one ledger entry captured: collected, recorded, sealed...

    Example: evidence custody 17
    """
    from evidence import custody
    from evidence.config.load import load
    from evidence.report.text import utc, visible

    handlings = custody.chain(load(config), seq)
    if output is Format.JSON:
        print_json(custody.as_json(seq, handlings))
        return
    for one in handlings:
        by = visible(one.actor) or "nobody named"
        typer.echo(f"{utc(one.at)}  {one.handling} by {by} (entry {one.seq})")
        typer.echo(f"    {visible(one.detail)}")
