"""Options that several commands share, and how they print."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evidence.collectors.interface import Progress

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file; default: the nearest evidence.toml."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]


class Format(StrEnum):
    """How a command prints its data on stdout."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="JSON follows a published schema.")
]


def print_json(value: Any) -> None:
    """Prints one JSON document on stdout, keys in the order given."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a plain aligned table on stdout; the last column is not padded."""
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = [str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())


def remark(text: str, *, quiet: bool = False) -> None:
    """Says something to the reader on stderr; data never goes there."""
    if not quiet:
        typer.echo(text, err=True)


def progress_bars(*, quiet: bool) -> tuple[Any, Progress]:
    """A context manager that draws bars on stderr, and the callback that moves them."""
    from evidence.collectors.interface import no_progress

    if quiet:
        from contextlib import nullcontext

        return nullcontext(), no_progress
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # a log file gets no empty lines
    )
    tasks: dict[str, Any] = {}

    def advance(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    return bars, advance
