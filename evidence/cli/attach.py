"""`evidence attach`: alternative evidence for what no source gave."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, QuietOption, print_json, remark


def command(
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="Such as CM-06.")],
    subject: Annotated[str, typer.Argument(help="The change or deployment that it is about.")],
    file: Annotated[str, typer.Argument(help="The file that shows it.")],
    statement: Annotated[
        str, typer.Option(help="What the file shows and where it is from; stands in the packet.")
    ] = "",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Attaches a file to what is unknown: a pass that is counted apart, if you took no part.

    Example: evidence attach CM-06 shop:pr:7 report.xml --statement "Test report, from the archive"
    """
    from evidence import deviations
    from evidence.actor import actor
    from evidence.collecting import now
    from evidence.config.load import load
    from evidence.report.text import visible

    hand = deviations.Hand(by=actor(), at=now())
    done = deviations.attach(load(config), control, subject, file, statement, hand)
    if output is Format.JSON:
        print_json(done.as_json())
        return
    typer.echo(done.disposition)
    for line in done.remarks:
        remark(visible(line), quiet=quiet)
