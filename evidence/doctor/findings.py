"""What an examination says: one line per thing that was looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from evidence.errors import EvidenceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the examination. `state` is `ok`, `warning` or `error`."""

    check: str
    state: str
    detail: str
    exit_code: int = 0

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/doctor.schema.json."""
        return asdict(self)


def ok(check: str, detail: str) -> Finding:
    """Nothing is wrong."""
    return Finding(check=check, state="ok", detail=detail)


def warning(check: str, detail: str) -> Finding:
    """A sync can run; something of it will be missing or late."""
    return Finding(check=check, state="warning", detail=detail)


def error(check: str, problem: EvidenceError) -> Finding:
    """An error, with what to do next and the exit code that it stands for."""
    return Finding(
        check=check,
        state="error",
        detail=f"{problem.message} {problem.next_step}",
        exit_code=problem.exit_code,
    )
