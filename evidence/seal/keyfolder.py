"""The key folder on disk: written once, rotated as a whole, readable by its owner only.

A rotation is prepared in `next.part`, takes effect when that is renamed to `next`, and is then
carried out file by file. A run that dies in between leaves either the old keys or a `next` that
the following load carries out: never a key without its certificate.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from evidence.errors import ConfigError

SIGNING_KEY = "signing.key"
PDF_KEY = "pdf.key"
PDF_CERTIFICATE = "pdf.crt"
FILES = (SIGNING_KEY, PDF_KEY, PDF_CERTIFICATE)
RETIRED = "retired"
_RECORD = "retired.json"
_NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """The public halves of keys that seal no more; times in RFC 3339, UTC, to the second."""

    public_key: str
    """OpenSSH: algorithm and base64."""
    certificate: str
    """PEM."""
    since: str
    """Empty for the first keys: nobody wrote down when they began."""
    until: str


def write_new(directory: Path, files: Mapping[str, bytes]) -> None:
    """Writes key files that are not there yet (folder 0700, files 0600)."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in files.items():
            _write_private(directory / name, data)
    except OSError as error:
        raise ConfigError(f"keys cannot be written to {directory}: {error.strerror}") from error


def replace_all(directory: Path, files: Mapping[str, bytes], old: Retired) -> None:
    """Puts new key files in the place of the old ones, all of them or none, and records `old`."""
    stage = directory / f"{_NEXT}.part"
    shutil.rmtree(stage, ignore_errors=True)
    record = json.dumps(asdict(old), indent=2).encode() + b"\n"
    write_new(stage, {**files, _RECORD: record})
    try:
        stage.rename(directory / _NEXT)
    except OSError as error:
        raise ConfigError(f"keys cannot be written to {directory}: {error.strerror}") from error
    finish_rotation(directory)


def finish_rotation(directory: Path) -> None:
    """Carries out a rotation that took effect; nothing to do where there is none."""
    stage = directory / _NEXT
    if not stage.is_dir():
        return
    try:
        if (stage / _RECORD).exists():
            until = _read(stage / _RECORD).until.replace(":", "")
            (directory / RETIRED).mkdir(mode=0o700, exist_ok=True)
            (stage / _RECORD).replace(directory / RETIRED / f"{until}.json")
        for name in FILES:
            if (stage / name).exists():
                (stage / name).replace(directory / name)
        stage.rmdir()
    except OSError as error:
        raise ConfigError(
            f"the rotation of the keys in {directory} cannot be ended: {error.strerror}"
        ) from error


def retired(directory: Path) -> tuple[Retired, ...]:
    """Every retired pair of keys, oldest first; `ConfigError` for a record that is damaged."""
    try:
        return tuple(_read(path) for path in sorted((directory / RETIRED).glob("*.json")))
    except OSError as error:
        raise ConfigError(f"{directory / RETIRED} cannot be read: {error.strerror}") from error


def _read(path: Path) -> Retired:
    try:
        value = json.loads(path.read_bytes())
        return Retired(**{each.name: str(value[each.name]) for each in fields(Retired)})
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path} is not the record of a retired key",
            next_step="Restore it from a backup or from an earlier exported trust file.",
        ) from error


def _write_private(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
