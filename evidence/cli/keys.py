"""`evidence keys`: the keys that sign checkpoints, packets and PDFs. They never enter a store."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import ConfigOption, remark

app = typer.Typer(no_args_is_help=True, help="Signing keys: init, list, rotate, export-public.")

NameOption = Annotated[str, typer.Option(help="Who signs; stands in certificate and notes.")]
PassphraseOption = Annotated[
    str,
    typer.Option(
        help="Encrypt the keys: env:NAME, file:PATH or keyring:SERVICE/NAME, never the secret "
        "itself. Default: seal.passphrase."
    ),
]


@app.command("init")
def init(
    name: NameOption = "", passphrase: PassphraseOption = "", config: ConfigOption = None
) -> None:
    """Makes an Ed25519 key and an EC P-256 key with a certificate, readable by you alone.

    Example: evidence keys init --name "Acme Compliance"
    """
    from evidence.config.load import load
    from evidence.seal import keys

    loaded = load(config)
    reference = passphrase or loaded.settings.seal.passphrase
    made = keys.init(
        loaded.key_directory,
        name=name or loaded.settings.organisation.name,
        passphrase=_secret(reference),
    )
    typer.echo(keys.describe(made))
    if reference and reference != loaded.settings.seal.passphrase:
        remark(f'Write under [seal] in the configuration: passphrase = "{reference}"')


@app.command("list")
def list_(config: ConfigOption = None) -> None:
    """Prints the fingerprints to hand to your auditor by another way than the packet.

    Example: evidence keys list
    """
    from evidence.config.load import load
    from evidence.seal.held import load_keys
    from evidence.seal.keys import describe

    typer.echo(describe(load_keys(load(config))))


@app.command("rotate")
def rotate(name: NameOption = "", config: ConfigOption = None) -> None:
    """Replaces the keys by new ones; packets sealed before stay verifiable.

    The old private halves are gone afterwards. Hand the new trust file over.

    Example: evidence keys rotate
    """
    from evidence.config.load import load
    from evidence.seal import keys

    loaded = load(config)
    made = keys.rotate(
        loaded.key_directory,
        name=name or loaded.settings.organisation.name,
        passphrase=_secret(loaded.settings.seal.passphrase),
    )
    typer.echo(keys.describe(made))
    remark("Hand the new `evidence keys export-public` to your auditor; it lists the old keys too.")


@app.command("export-public")
def export_public(config: ConfigOption = None) -> None:
    """Prints the trust file for `evidence verify --trust` and `ssh-keygen -Y verify`.

    Example: evidence keys export-public > trust.txt
    """
    from evidence.config.load import load
    from evidence.seal.held import load_keys
    from evidence.seal.keys import trust_file

    typer.echo(trust_file(load_keys(load(config))), nl=False)


def _secret(reference: str) -> bytes | None:
    from evidence.config.secrets import resolve

    return resolve(reference).encode() if reference else None
