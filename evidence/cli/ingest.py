"""`evidence ingest`: takes over evidence that somebody has as a file, one command per kind."""

from __future__ import annotations

from collections.abc import Callable
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
        from evidence.config.load import load
        from evidence.ingest import ingest

        done = ingest(load(config), kind, file, source=source)
        if output is Format.JSON:
            print_json(done.as_json())
            return
        counts = (done.objects, done.new, done.unchanged, done.gaps)
        print_table(
            ("source", "kind", "read", "new", "unchanged", "gaps"),
            [(done.source, done.kind, *map(str, counts))],
        )
        remark(done.summary(), quiet=quiet)

    return command


for _kind, (_what, _example) in KINDS.items():
    _help = f"Takes over {_what}\n\nExample: evidence ingest {_kind} {_example}"
    app.command(_kind, help=_help)(_taking(_kind))
