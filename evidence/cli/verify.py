"""`evidence verify`: checks a packet with no database and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Format, FormatOption, print_json


def command(
    packet: Annotated[Path, typer.Argument(help="The packet: a folder or a .zip file.")],
    trust: Annotated[
        Path | None,
        typer.Option(help="Public keys that you were given by another way than the packet."),
    ] = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Verifies that nothing in a packet was changed, added or removed since it was sealed.

    Example: evidence verify reports/demo/packet --trust reports/demo/trust
    """
    from evidence.errors import ConfigError, VerificationError
    from evidence.verify import Status, examine_packet, read_trust

    if not packet.exists():
        raise ConfigError(f"There is no packet at {packet}.", next_step="Name its folder or .zip.")
    verdict = examine_packet(packet, read_trust(trust) if trust else None)
    if output is Format.JSON:
        print_json(verdict.as_json())
    else:
        for sentence in verdict.sentences:
            typer.echo(sentence)
    if verdict.status is Status.REJECTED:
        raise VerificationError(verdict.summary)
