"""Finds the files that belong to the program but lie outside the package.

In a checkout (and an editable install) they lie next to the package; a wheel carries them under
`evidence/_data`. The wheel's copy wins where both exist, for a wheel has no checkout beside it.
"""

from __future__ import annotations

from pathlib import Path

from evidence.errors import EvidenceError

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """Folder of the Jinja2 templates."""
    return _find("templates")


def migrations() -> Path:
    """Folder of the Alembic environment."""
    return _find("migrations")


def example_config() -> Path:
    """The commented example of every setting."""
    return _find("config.example.toml")


def _find(name: str, package: Path = _PACKAGE) -> Path:
    for folder in (package / "_data", package.parent):
        if (folder / name).exists():
            return folder / name
    raise EvidenceError(
        f"This installation lacks {name}", next_step="Install the soc2-evidence wheel again."
    )
