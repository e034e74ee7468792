"""Writes a first, commented configuration from a handful of answers. Offline, no guessing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `evidence init` asks for; empty strings leave the section to be filled in."""

    organisation: str = "My organisation"
    time_zone: str = "UTC"
    application_repository: str = "my-org/my-app"
    """`owner/name` at GitHub."""
    config_repository: str = "my-org/my-config"
    github_url: str = "https://api.github.com"
    argocd_url: str = "https://argocd.example"
    argocd_application: str = "argocd/my-app"
    """`namespace/name`."""
    config_path: str = "apps/my-app"
    image: str = "ghcr.io/my-org/my-app"
    required_checks: tuple[str, ...] = ("test",)


def slug(text: str) -> str:
    """An id that the configuration accepts, made from a name: lower case, `-` for the rest."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.rpartition("/")[2].lower()).strip("-._") or "app"


def render(answers: Answers) -> str:
    """The configuration file as commented TOML text."""
    application, config = slug(answers.application_repository), slug(answers.config_repository)
    if application == config:
        config = f"{config}-config"
    quote = json.dumps
    checks = "\n".join(
        f'[[policy.required_checks]]\nname = {quote(name)}\napp = "github-actions"\n'
        for name in answers.required_checks
    )
    return f"""\
# Configuration of `evidence`. Every setting is explained in config.example.toml and in
# docs/reference/configuration.md. Secrets never stand here: write "env:NAME" or "file:/path".

[organisation]
name = {quote(answers.organisation)}
time_zone = {quote(answers.time_zone)}   # the days of an audit period are days in this zone

[[source]]
id = "github"
kind = "github"
url = {quote(answers.github_url)}
secret = "env:GITHUB_TOKEN"      # read-only; README lists the permissions

[[source]]
id = "argocd"
kind = "argocd"
url = {quote(answers.argocd_url)}
secret = "env:ARGOCD_TOKEN"      # account with role:readonly and capability apiKey

# The repository that is developed ...
[[repository]]
id = {quote(application)}
name = {quote(answers.application_repository)}
source = "github"
secret = "env:GITHUB_TOKEN"
production_branches = ["main"]

# ... and the one that Argo CD deploys from.
[[repository]]
id = {quote(config)}
name = {quote(answers.config_repository)}
source = "github"
secret = "env:GITHUB_TOKEN"
production_branches = ["main"]
role = "configuration"

[[application]]
id = {quote(slug(answers.argocd_application))}
environment = "production"
production = true                # the production predicate; the packet prints it
source = "argocd"
selector = {quote(answers.argocd_application)}
repository = {quote(config)}
path = {quote(answers.config_path)}

[[application.image]]
image = {quote(answers.image)}
repository = {quote(application)}

[policy]
profile = "P0"                   # docs/reference/controls.md explains the profiles
approvals_required = 1
ticket_required = true

{checks}"""


def write(path: Path, answers: Answers, *, force: bool = False) -> None:
    """Writes the file 0600; an existing one only with `force`.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """
    if path.exists() and not force:
        raise ConfigError(
            f"{path} exists already.", next_step="Name another with --output, or add --force."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(answers), encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}.",
            next_step="Name a place that you may write with --output.",
        ) from error
