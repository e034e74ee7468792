"""Secrets are referred to, never written: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`."""

from __future__ import annotations

import os
from pathlib import Path

from evidence.errors import ConfigError


def resolve(reference: str) -> str:
    """The secret behind a reference (a file's trailing newline stripped); "" for "".

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
    if scheme == "keyring":
        return _from_keyring(rest)
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


def _from_keyring(name: str) -> str:
    """The operating system's store of passwords, where the optional `keyring` package reaches."""
    service, _, user = name.partition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError(
            "A secret in the keyring needs a library that is not installed",
            next_step="Install it: pip install 'soc2-evidence[keyring]'",
        ) from error
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise ConfigError(f"The keyring cannot be read: {error}") from error
    if not isinstance(value, str) or not value:
        raise ConfigError(
            f"The keyring holds nothing under {service}/{user}.",
            next_step=f"Store it: keyring set {service} {user}",
        )
    return value


def without_password(url: str) -> str:
    """The address with `***` for its password: what may be printed, recorded and packed."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}:***@{host}{slash}{path}" if mark and at and colon else url
