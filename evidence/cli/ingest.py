"""`evidence ingest`: takes over evidence that somebody has as a file, one command per kind."""

from __future__ import annotations

from typing import Annotated

import typer

from evidence.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    QuietOption,
    print_json,
    print_table,
    remark,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Take over evidence that is handed over as a file: what is captured are its bytes.",
)

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="File to take over; - reads standard input.")
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source", help="Source id to keep it under; an application's `source` may name it."
    ),
]


@app.command("deployment")
def deployment(
    file: FileArgument,
    source: SourceOption = "ingest",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Takes over deployments of a pipeline: one JSON object, an array, or JSON lines.

    Example: evidence ingest deployment run-1234.json --source jenkins
    """
    take("deployment", file, source=source, config=config, quiet=quiet, output=output)


@app.command("provenance")
def provenance(
    file: FileArgument,
    source: SourceOption = "ingest",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Takes over what builders state of images: DSSE envelopes, Sigstore bundles, attestations.

    Example: evidence ingest provenance attestation.jsonl
    """
    take("provenance", file, source=source, config=config, quiet=quiet, output=output)


@app.command("settings")
def settings(
    file: FileArgument,
    source: SourceOption = "ingest",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Takes over rulesets with their bypass lists, as an administrator of GitHub downloaded them.

    Example: evidence ingest settings ruleset-42.json
    """
    take("settings", file, source=source, config=config, quiet=quiet, output=output)


@app.command("audit-log")
def audit_log(
    file: FileArgument,
    source: SourceOption = "ingest",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Takes over the writes of a Kubernetes API server's audit log (audit.k8s.io/v1, JSON lines).

    Example: evidence ingest audit-log audit.jsonl --source cluster-audit
    """
    take("audit-log", file, source=source, config=config, quiet=quiet, output=output)


def take(
    kind: str,
    file: str,
    *,
    source: str,
    config: ConfigOption,
    quiet: bool,
    output: Format,
) -> None:
    """Ingests a file and prints what was stored; every kind's command ends here."""
    from evidence.config.load import load
    from evidence.ingest import ingest

    done = ingest(load(config), kind, file, source=source)
    if output is Format.JSON:
        print_json(done.as_json())
        return
    print_table(
        ("source", "kind", "read", "new", "unchanged", "gaps"),
        [
            (
                done.source,
                done.kind,
                str(done.objects),
                str(done.new),
                str(done.unchanged),
                str(done.gaps),
            )
        ],
    )
    remark(done.summary(), quiet=quiet)
