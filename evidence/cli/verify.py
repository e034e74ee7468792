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

    Example: evidence verify reports/demo --trust trust.json
    """
    from evidence.verify import read_trust, verify_packet

    verdict = verify_packet(packet, read_trust(trust) if trust else None)
    if output is Format.JSON:
        print_json(verdict.as_json())
        return
    for sentence in verdict.sentences:
        typer.echo(sentence)
