"""`evidence ingest`: takes over evidence that somebody has as a file, one command per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
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


KINDS = {
    "deployment": (
        "deployments of a pipeline: one JSON object, an array, or JSON lines.",
        "run-1234.json --source jenkins",
    ),
    "provenance": (
        "what builders state of images: DSSE envelopes, Sigstore bundles, attestations.",
        "attestation.jsonl",
    ),
    "settings": (
        "rulesets with their bypass lists, as an administrator of GitHub downloaded them.",
        "ruleset-42.json",
    ),
    "audit-log": (
        "the writes of a Kubernetes API server's audit log (audit.k8s.io/v1, JSON lines).",
        "audit.jsonl --source cluster-audit",
    ),
}
"""ADD A KIND HERE, once `evidence.ingest` knows it: what its command takes over, and an example."""


def _taking(kind: str) -> Callable[..., None]:
    """The command of one kind: ingests a file and prints what was stored."""

    def command(
        file: FileArgument,
        source: SourceOption = "ingest",
        config: ConfigOption = None,
        quiet: QuietOption = False,
        output: FormatOption = Format.TABLE,
    ) -> None:
        _take(kind, file, source, config, quiet=quiet, output=output)

    return command


def _take(
    kind: str,
    file: str,
    source: str,
    config: Path | None,
    *,
    quiet: bool,
    output: Format,
    told: Mapping[str, str] | None = None,
) -> None:
    from evidence.config.load import load
    from evidence.ingest import ingest

    done = ingest(load(config), kind, file, source=source, told=told)
    if output is Format.JSON:
        print_json(done.as_json())
        return
    counts = (done.objects, done.new, done.unchanged, done.gaps)
    print_table(
        ("source", "kind", "read", "new", "unchanged", "gaps"),
        [(done.source, done.kind, *map(str, counts))],
    )
    remark(done.summary(), quiet=quiet)


for _kind, (_what, _example) in KINDS.items():
    _help = f"Takes over {_what}\n\nExample: evidence ingest {_kind} {_example}"
    app.command(_kind, help=_help)(_taking(_kind))


@app.command("scan")
def scan(  # one option for each thing that a result may leave out
    file: FileArgument,
    commit: Annotated[
        str, typer.Option("--commit", help="Full id of the commit that was examined.")
    ] = "",
    image_digest: Annotated[
        str, typer.Option("--image-digest", help="sha256:... of the image that was examined.")
    ] = "",
    tool: Annotated[
        str, typer.Option("--tool", help="Who made it, where the file does not say so.")
    ] = "",
    tool_version: Annotated[
        str, typer.Option("--tool-version", help="Its version, where the file does not say it.")
    ] = "",
    database: Annotated[
        str,
        typer.Option("--database", help="Version or time of the database or rules that were used."),
    ] = "",
    scanned_at: Annotated[
        str, typer.Option("--scanned-at", help="When it ran, where the file does not say it.")
    ] = "",
    repository: Annotated[
        str, typer.Option("--repository", help="Id of the repository in the configuration.")
    ] = "",
    run_url: Annotated[
        str, typer.Option("--run-url", help="Where a person reads of the run.")
    ] = "",
    source: SourceOption = "ingest",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Takes over the result of a scanner or policy engine: SARIF 2.1.0 or the tool's own JSON.

    Example: evidence ingest scan gitleaks.json --tool-version 8.30.1 --commit 4be1c0f...
    """
    told = {
        "tool": tool,
        "tool_version": tool_version,
        "database": database,
        "scanned_at": scanned_at,
        "commit": commit.lower(),
        "image_digest": image_digest.lower(),
        "repository": repository,
        "run_url": run_url,
    }
    _take("scan", file, source, config, quiet=quiet, output=output, told=told)
