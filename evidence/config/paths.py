"""Where things lie: the configuration file, the data directory and, apart from it, the keys."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError

FILE_NAME = "evidence.toml"


def find_config(explicit: Path | None = None) -> Path | None:
    """The configuration file in force: the argument, `EVIDENCE_CONFIG`, or the nearest
    `evidence.toml` upwards from the working directory. None where there is none.

    Raises:
        ConfigError: an explicitly named file does not exist.
    """  # noqa: D205 - one sentence over two lines
    named = explicit or _environment_path("EVIDENCE_CONFIG")
    if named is not None:
        if not named.is_file():
            raise ConfigError(
                f"There is no configuration file at {named}.",
                next_step="Run `evidence init` to write one, or name another with --config.",
            )
        return named
    here = Path.cwd()
    for directory in (here, *here.parents):
        candidate = directory / FILE_NAME
        if candidate.is_file():
            return candidate
        if (directory / ".git").exists():
            break
    return None


def data_directory() -> Path:
    """The one data directory (`EVIDENCE_HOME`, else `$XDG_DATA_HOME/evidence`), created 0700."""
    home = _environment_path("EVIDENCE_HOME") or _xdg("XDG_DATA_HOME", ".local/share") / "evidence"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if home.stat().st_uid == os.getuid():
            home.chmod(0o700)
    except OSError as error:
        raise ConfigError(
            f"The data directory {home} cannot be used: {error.strerror}.",
            next_step="Set EVIDENCE_HOME to a directory that you may write.",
        ) from error
    return home


def key_directory(configured: str = "") -> Path:
    """Where keys lie: as configured, else `EVIDENCE_KEYS`, else the user's configuration directory.

    Never the data directory: who may change the store need not hold the keys.
    """
    if configured:
        return Path(configured).expanduser()
    return _environment_path("EVIDENCE_KEYS") or (
        _xdg("XDG_CONFIG_HOME", ".config") / "evidence" / "keys"
    )


def keys_apart(directory: Path, home: Path) -> Path:
    """The key directory, if neither it nor a key in it lies in the data directory `home`.

    Links are followed: what counts is where the bytes are.

    Raises:
        ConfigError: keys and data lie together.
    """
    links = [path for path in directory.rglob("*") if path.is_symlink()]
    for path in (directory, *links):
        if path.resolve().is_relative_to(home.resolve()):
            by = "" if path == directory else f", by the link {path}"
            raise ConfigError(
                f"The keys in {directory} lie in the data directory {home}{by}: who can alter the "
                "ledger could sign it anew.",
                next_step="Move one of them away, and name its place by EVIDENCE_KEYS or "
                "EVIDENCE_HOME.",
            )
    return directory


def read_toml(path: Path) -> dict[str, Any]:
    """The file as plain values.

    Raises:
        ConfigError: it cannot be read or is not TOML; the message names line and column.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def store_url(explicit_config: Path | None = None) -> str:
    """The store's SQLAlchemy URL without loading all settings: what a look-up needs, fast."""
    url = os.environ.get("EVIDENCE_STORE__URL", "")
    path = find_config(explicit_config)
    if not url and path is not None:
        section = read_toml(path).get("store", {})
        url = str(section.get("url", "")) if isinstance(section, dict) else ""
    return resolve_store_url(url)


def time_zone(explicit_config: Path | None = None) -> str:
    """The organisation's time zone without loading all settings; `UTC` where none is set."""
    named = os.environ.get("EVIDENCE_ORGANISATION__TIME_ZONE", "")
    path = find_config(explicit_config)
    if named or path is None:
        return named or "UTC"
    section = read_toml(path).get("organisation", {})
    return str(section.get("time_zone", "UTC")) if isinstance(section, dict) else "UTC"


def resolve_store_url(url: str, home: Path | None = None) -> str:
    """The URL itself, a secret reference resolved, or the default SQLite file in `home`."""
    if url.startswith(("env:", "file:")):
        from evidence.config.secrets import resolve

        return resolve(url)
    return url or f"sqlite:///{(home or data_directory()) / 'evidence.sqlite3'}"


def _environment_path(name: str) -> Path | None:
    value = os.environ.get(name, "")
    return Path(value).expanduser() if value else None


def _xdg(name: str, fallback: str) -> Path:
    return _environment_path(name) or Path.home() / fallback
