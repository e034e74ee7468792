"""`evidence db`: the store's schema, and the proof that facts can be rebuilt from the ledger."""

from __future__ import annotations

import typer

from evidence.cli.options import ConfigOption, remark

app = typer.Typer(no_args_is_help=True, help="The store: upgrade, current, check, rebuild.")


@app.command("upgrade")
def upgrade(config: ConfigOption = None) -> None:
    """Brings the store's schema to this version; enduring rows are never rewritten.

    Example: evidence db upgrade
    """
    from evidence.config.paths import store_url
    from evidence.store import upgrade as schema
    from evidence.store.session import connect

    typer.echo(schema.upgrade(connect(store_url(config))))


@app.command("current")
def current(config: ConfigOption = None) -> None:
    """Prints the schema version of the store.

    Example: evidence db current
    """
    from evidence.config.paths import store_url
    from evidence.store import upgrade as schema
    from evidence.store.session import connect

    typer.echo(schema.current(connect(store_url(config))) or "empty")


@app.command("check")
def check(config: ConfigOption = None) -> None:
    """Compares the migrations with the tables that this version expects.

    Example: evidence db check
    """
    from evidence.config.paths import store_url
    from evidence.store import upgrade as schema
    from evidence.store.session import connect

    store = connect(store_url(config))
    if not schema.current(store):
        schema.upgrade(store)
    schema.check(store)
    remark("migrations and tables agree")


@app.command("rebuild")
def rebuild(config: ConfigOption = None) -> None:
    """Drops every rebuildable table, replays the ledger and compares the result.

    Example: evidence db rebuild
    """
    from evidence.config.load import load
    from evidence.rebuilding import rebuild as replay

    typer.echo(replay(load(config)))
