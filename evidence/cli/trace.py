"""`evidence trace`: the chain of custody of one commit, pull request or deployment."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, print_json


def command(
    term: Annotated[
        str,
        typer.Argument(
            help="Commit SHA (short if unique), pull request number, change or deployment id."
        ),
    ],
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
    zone: Annotated[
        str, typer.Option(help="IANA zone for local times; default: the organisation's.")
    ] = "",
) -> None:
    """Prints request, approval, validation and deployment of one change, and each determination.

    Example: evidence trace 4f1c2ab
    """
    from evidence.lookup import as_json, as_text, trace

    found = trace(term, config=config, zone=zone)
    if output is Format.JSON:
        print_json(as_json(found))
    else:
        typer.echo(as_text(found), nl=False)
