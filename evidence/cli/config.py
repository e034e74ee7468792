"""`evidence config show`: what is in force and where each value came from, secrets masked."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from evidence.cli.options import ConfigOption, Format, FormatOption, print_json, print_table

app = typer.Typer(no_args_is_help=True, help="The configuration in force.")


@app.command("show")
def show(
    origin: Annotated[
        bool, typer.Option("--origin", help="Print where each value came from.")
    ] = False,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Prints every setting in force.

    Example: evidence config show --origin
    """
    from evidence.config.load import load

    loaded = load(config)
    values = dict(_flatten(loaded.settings.model_dump()))
    if output is Format.JSON:
        print_json(
            {
                "schema_version": 1,
                "file": str(loaded.path or ""),
                "settings": [
                    {"key": key, "value": value, "origin": _origin(loaded.origins, key)}
                    for key, value in values.items()
                ],
            }
        )
        return
    header = ("setting", "value", "origin") if origin else ("setting", "value")
    rows = [
        (key, str(value), _origin(loaded.origins, key)) if origin else (key, str(value))
        for key, value in values.items()
    ]
    print_table(header, rows)


def _flatten(values: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(values, dict):
        items = [(str(key), value) for key, value in values.items()]
    elif isinstance(values, list) and any(isinstance(one, dict) for one in values):
        items = [(str(index), value) for index, value in enumerate(values)]
    else:
        return [(prefix, values)]
    found: list[tuple[str, Any]] = []
    for key, value in items:
        found.extend(_flatten(value, f"{prefix}.{key}" if prefix else key))
    return [(key, _masked(key, value)) for key, value in found]


def _masked(key: str, value: Any) -> Any:
    """References such as env:NAME are shown; a secret itself and a URL's password are not."""
    from evidence.config.secrets import without_password

    if isinstance(value, list):
        return [_masked(key, one) for one in value]
    if not isinstance(value, str):
        return value
    if (
        key.rpartition(".")[2] in ("secret", "webhook_secrets")
        and value
        and not value.startswith(("env:", "file:"))
    ):
        return "***"
    return without_password(value)


def _origin(origins: Any, key: str) -> str:
    while key:
        if key in origins:
            return str(origins[key])
        key = key.rpartition(".")[0]
    return "default"
