"""`evidence serve --receiver`: takes what systems deliver by themselves, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evidence.cli.options import ConfigOption, QuietOption, remark
from evidence.errors import ConfigError

if TYPE_CHECKING:
    from evidence.receiver.server import Listening


def command(
    receiver: Annotated[
        bool,
        typer.Option(
            "--receiver", help="Take deliveries: GitHub, Flux, Argo CD, Rollouts, Flagger."
        ),
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen at; default: receiver.host.")] = "",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port; 0: any free one; default: receiver.port."),
    ] = None,
    config: ConfigOption = None,
    quiet: QuietOption = False,
) -> None:
    """Takes signed deliveries over HTTP, stores each before it is answered, until it is stopped.

    A sync may run beside it, and reads what the deliveries name.

    Example: evidence serve --receiver --port 8099
    """
    from evidence.config.load import load

    if not receiver:
        raise ConfigError(
            "Nothing is named that should be served.", next_step="Run `evidence serve --receiver`."
        )
    from evidence.receiver.server import serve

    def announce(listening: Listening) -> None:
        shown = f"[{listening.host}]" if ":" in listening.host else listening.host
        for endpoint in listening.endpoints:
            remark(
                f"receiving {endpoint.system.name} at http://{shown}:{listening.port}"
                f"{endpoint.path}",
                quiet=quiet,
            )

    serve(load(config), host=host, port=port, announce=announce)
