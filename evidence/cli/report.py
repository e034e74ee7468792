"""`evidence report`: the audit packet of a period, rendered, signed and ready to hand over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    QuietOption,
    print_json,
    progress_bars,
    remark,
)


def command(
    start: Annotated[str, typer.Option("--from", help="First day of the period, YYYY-MM-DD.")] = "",
    end: Annotated[str, typer.Option("--to", help="Last day of the period, YYYY-MM-DD.")] = "",
    change: Annotated[
        str,
        typer.Option(help="Only this change: its id, SHA or pull request number; needs no dates."),
    ] = "",
    zone: Annotated[str, typer.Option(help="IANA zone; default: the organisation's.")] = "",
    at: Annotated[
        int | None, typer.Option(help="Ledger size to report on; default: before this export.")
    ] = None,
    as_of: Annotated[
        str, typer.Option(help="Judge as of this RFC 3339 time; default: end of the period.")
    ] = "",
    destination: Annotated[
        Path | None, typer.Option("--output", "-o", help="Packet folder; must not exist.")
    ] = None,
    zipped: Annotated[
        bool, typer.Option("--zip", help="Write the packet as one ZIP, too, beside the folder.")
    ] = False,
    lta: Annotated[
        bool, typer.Option("--lta", help="Seal the PDF to outlast its certificate (PAdES B-LTA).")
    ] = False,
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Renders and seals the packet of a period, or of one change to be handed over alone.

    Example: evidence report --from 2026-07-01 --to 2026-09-30
    """
    from evidence.config.load import load
    from evidence.export import ReportRequest, report

    bars, progress = progress_bars(quiet=quiet)
    with bars:
        result = report(
            load(config),
            ReportRequest(
                start=start,
                end=end,
                change=change,
                zone=zone,
                at=at,
                as_of=as_of,
                destination=destination,
                zipped=zipped,
                lta=lta,
            ),
            progress=progress,
        )
    if output is Format.JSON:
        print_json(result.as_json())
        return
    typer.echo(str(result.directory))
    if result.archive:
        typer.echo(str(result.archive))
    for sentence in result.summary():
        remark(sentence, quiet=quiet)
