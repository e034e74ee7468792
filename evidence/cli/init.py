"""`evidence init`: asks a few questions and writes a commented configuration. Works offline."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.cli.options import remark

QUESTIONS = {
    "organisation": "Name of the organisation",
    "time_zone": "Time zone of audit periods (IANA name)",
    "application_repository": "Application repository (owner/name)",
    "config_repository": "GitOps configuration repository (owner/name)",
    "github_url": "GitHub API URL",
    "argocd_url": "Argo CD URL",
    "argocd_application": "Argo CD application in production (namespace/name)",
    "config_path": "Its path in the configuration repository",
    "image": "Image built from the application repository",
}


def command(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path(
        "evidence.toml"
    ),
    answer: Annotated[
        list[str] | None,
        typer.Option(help="An answer as key=value, e.g. application_repository=acme/shop."),
    ] = None,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="Ask nothing; implied without a terminal.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Writes a configuration for an application repository, a configuration repository and Argo CD.

    Example: evidence init --non-interactive --answer application_repository=acme/shop
    """
    from evidence.config.wizard import Answers, write
    from evidence.errors import ConfigError

    answers = Answers()
    known = {field.name for field in fields(Answers)}
    for pair in answer or []:
        key, separator, value = pair.partition("=")
        if key not in known or not separator:
            raise ConfigError(
                f"--answer {pair}: known keys are {', '.join(sorted(known))}.",
                next_step="Write --answer key=value.",
            )
        if key == "required_checks":
            checks = tuple(name for name in value.split(",") if name)
            answers = replace(answers, required_checks=checks)
        else:
            told: dict[str, Any] = {key: value}
            answers = replace(answers, **told)
    if not non_interactive and sys.stdin.isatty():
        for key, question in QUESTIONS.items():
            answers = replace(
                answers,
                **{key: typer.prompt(question, default=getattr(answers, key))},
            )
    write(output, answers, force=force)
    typer.echo(str(output))
    remark("next: export GITHUB_TOKEN and ARGOCD_TOKEN, then `evidence doctor`, `evidence sync`")
