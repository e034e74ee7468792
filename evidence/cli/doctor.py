"""`evidence doctor`: one line per check of tools, keys, store and what each credential may read."""

from __future__ import annotations

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, print_json, print_table


def command(config: ConfigOption = None, output: FormatOption = Format.TABLE) -> None:
    """Checks everything that a sync needs, and says what to do about what is wrong.

    Example: evidence doctor
    """
    from evidence.config.load import load
    from evidence.doctor import examine, worst_exit_code

    lines = examine(load(config))
    if output is Format.JSON:
        print_json({"schema_version": 1, "checks": [line.as_json() for line in lines]})
    else:
        print_table(
            ("check", "state", "detail"),
            [(line.check, line.state, line.detail) for line in lines],
        )
    code = worst_exit_code(lines)
    if code:
        raise typer.Exit(code)
