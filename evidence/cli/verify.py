"""`evidence verify`: checks a packet with no database and no network, or the store itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    print_json,
    progress_bars,
    remark,
)


def command(
    packet: Annotated[
        Path | None, typer.Argument(help="The packet: a folder or a .zip file.")
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(help="Public keys that you were given by another way than the packet."),
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Check the configured store instead of a packet.")
    ] = False,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="With --store: a checkpoint kept elsewhere, or a packet's folder."),
    ] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="Append to the ledger who verified what, and the answer."),
    ] = False,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Verifies that nothing in a packet was changed, added or removed since it was sealed.

    With --store: that the whole ledger is the one of the checkpoints kept outside.

    Example: evidence verify reports/demo/packet --trust reports/demo/trust
    """
    from evidence.errors import ConfigError

    if store == (packet is not None) or (against and not store):
        raise ConfigError(
            "Name either a packet, or --store (with --against FILE).",
            next_step="Write `evidence verify PACKET --trust KEYS` or `evidence verify --store`.",
        )
    if packet is None:
        _store(config, list(against or ()), trust, output, record=record)
    else:
        _packet(config, packet, trust, output, record=record)


def _packet(
    config: Path | None, packet: Path, trust: Path | None, output: Format, *, record: bool
) -> None:
    from evidence.errors import ConfigError, VerificationError
    from evidence.verify import Status, examine_packet, read_trust
    from evidence.verify.memory import bounded

    if not packet.exists():
        raise ConfigError(f"There is no packet at {packet}.", next_step="Name its folder or .zip.")
    given = read_trust(trust) if trust else None
    with bounded():
        verdict = examine_packet(packet, given)
    if output is Format.JSON:
        print_json(verdict.as_json())
    else:
        for sentence in verdict.sentences:
            typer.echo(sentence)
    if record:
        from evidence import custody
        from evidence.config.load import load

        remark(f"recorded as entry {custody.record_packet(load(config), packet, verdict)}")
    if verdict.status is Status.REJECTED:
        raise VerificationError(verdict.summary)


def _store(
    config: Path | None, against: list[Path], trust: Path | None, output: Format, *, record: bool
) -> None:
    from evidence.config.load import load
    from evidence.errors import IntegrityError
    from evidence.storecheck import check_store

    loaded = load(config)
    bars, progress = progress_bars(quiet=False)
    with bars:
        verdict = check_store(loaded, against=against, trust=trust, progress=progress)
    if output is Format.JSON:
        print_json(verdict.as_json())
    else:
        for sentence in verdict.sentences:
            typer.echo(sentence)
    if verdict.result is None:
        raise IntegrityError(verdict.sentences[0], next_step=verdict.next_step)
    if record:
        from evidence import custody

        remark(f"recorded as entry {custody.record_ledger(loaded, verdict)}")
