"""`evidence keys`: the keys that sign checkpoints, packets and PDFs. They never enter a store."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption

app = typer.Typer(no_args_is_help=True, help="Signing keys: init, list, export-public.")


@app.command("init")
def init(
    name: Annotated[str, typer.Option(help="Who signs; stands in certificate and notes.")] = "",
    config: ConfigOption = None,
) -> None:
    """Makes an Ed25519 key and an EC P-256 key with a certificate, readable by you alone.

    Example: evidence keys init --name "Acme Compliance"
    """
    from evidence.config.load import load
    from evidence.seal import keys

    loaded = load(config)
    made = keys.init(loaded.key_directory, name=name or loaded.settings.organisation.name)
    typer.echo(keys.describe(made))


@app.command("list")
def list_(config: ConfigOption = None) -> None:
    """Prints the fingerprints to hand to your auditor by another way than the packet.

    Example: evidence keys list
    """
    from evidence.config.load import load
    from evidence.seal import keys

    typer.echo(keys.describe(keys.load(load(config).key_directory)))


@app.command("export-public")
def export_public(config: ConfigOption = None) -> None:
    """Prints the trust file for `evidence verify --trust` and `ssh-keygen -Y verify`.

    Example: evidence keys export-public > trust.txt
    """
    from evidence.config.load import load
    from evidence.seal import keys

    typer.echo(keys.trust_file(keys.load(load(config).key_directory)), nl=False)
