"""`evidence sync`: reads the configured sources, then links and evaluates what changed."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    QuietOption,
    print_json,
    print_table,
    progress_bars,
    remark,
)


def command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Source ids, or git:<repository id>; default: all configured."),
    ] = None,
    since: Annotated[
        str, typer.Option(help="Read from this RFC 3339 date or time on; default: the last mark.")
    ] = "",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Reads every source, stores what is new, then links and evaluates what it touches.

    Example: evidence sync github --since 2026-07-01
    """
    from evidence.config.load import load
    from evidence.sync import sync

    bars, progress = progress_bars(quiet=quiet)
    with bars:
        outcome = sync(load(config), sources=tuple(sources or ()), since=since, progress=progress)
    if output is Format.JSON:
        print_json(outcome.as_json())
    else:
        print_table(
            ("source", "read", "new", "unchanged", "calls", "gaps", "state"),
            [
                (
                    receipt.source,
                    str(receipt.objects_read),
                    str(receipt.versions_new),
                    str(receipt.objects_unchanged),
                    str(receipt.calls),
                    str(receipt.gaps),
                    "complete" if receipt.complete else f"incomplete: {receipt.error or 'gaps'}",
                )
                for receipt in outcome.receipts
            ],
        )
        remark(outcome.summary(), quiet=quiet)
    outcome.raise_if_incomplete()
