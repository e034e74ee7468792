"""The time in which a trusted key may have sealed, as `allowed_signers` writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.errors import MalformedError

_OPTION = re.compile(r'(?i)valid-(after|before)="?([^",\s]*)"?')
_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `after` to `before`, both included, in RFC 3339 UTC to the second; empty is open."""

    after: str = ""
    before: str = ""

    def holds(self, moment: str) -> bool:
        """Whether the moment (same form, so text compares as time) lies within."""
        return self.after <= moment and (not self.before or moment <= self.before)

    @property
    def text(self) -> str:
        """In words."""
        parts = [f"from {self.after}"] * bool(self.after)
        return " ".join([*parts, *[f"until {self.before}"] * bool(self.before)])


def read_window(options: str) -> Window | None:
    """The limits in the options of a line, None without any.

    `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`: always UTC here, where
    ssh-keygen without `Z` takes the time of its own zone.

    Raises:
        MalformedError: a limit that is no time, or one that stands twice.
    """
    found: dict[str, str] = {}
    for name, value in _OPTION.findall(options):
        if name.lower() in found:
            raise MalformedError(f"a key is limited twice by valid-{name}")
        found[name.lower()] = _moment(value)
    if options.lower().count("valid-") != len(found):
        raise MalformedError("a key is limited by a valid-... that cannot be read")
    return Window(**found) if found else None


def _moment(value: str) -> str:
    digits = value.removesuffix("Z")
    form = _FORMATS.get(len(digits))
    if form is None or not (digits.isascii() and digits.isdigit()):
        raise MalformedError(f"{value[:40]!r} is no time such as 20261123 or 20261123140000")
    try:
        moment = datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError as error:
        raise MalformedError(f"{value[:40]!r} is no time such as 20261123") from error
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
