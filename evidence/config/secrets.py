"""Secrets are referred to, never written: `env:NAME` and `file:PATH`."""

from __future__ import annotations

import os
from pathlib import Path

from evidence.errors import ConfigError


def resolve(reference: str) -> str:
    """The secret behind `env:NAME` or `file:PATH` (trailing newline stripped); "" for "".

    Raises:
        ConfigError: another scheme (a secret in the TOML is refused), or nothing there.
    """
    if not reference:
        return ""
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(rest, "")
        if not value:
            raise ConfigError(
                f"The environment variable {rest} is empty or not set.",
                next_step=f"Export {rest} in the environment of this command.",
            )
        return value
    if scheme == "file":
        return _read(Path(rest).expanduser())
    raise ConfigError(
        "A secret must be a reference, not the secret itself.",
        next_step='Write secret = "env:NAME" or secret = "file:/path" instead.',
    )


def _read(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The secret file {path} cannot be read.") from error
    if not value:
        raise ConfigError(f"The secret file {path} is empty.")
    return value


def without_password(url: str) -> str:
    """The address with `***` for its password: what may be printed, recorded and packed."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}:***@{host}{slash}{path}" if mark and at and colon else url
