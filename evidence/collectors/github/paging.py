"""How many pull requests to ask for at once, and what times mean for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
OVERLAP = 15 * 60 * SECOND
"""Microseconds below the mark that every pass reads again."""
DAY = 86_400 * SECOND
WATCHED = 7 * DAY
"""Microseconds after its merge during which the checks of a pull request are looked at again: they
do not promise to move `updatedAt`."""
PAGE_SIZES = (25, 10, 5, 1)
_GROW_AFTER = 4


@dataclass(slots=True)
class PageSize:
    """Down at once when GitHub cannot answer in its time, up again slowly."""

    step: int = 0
    clean: int = 0

    @property
    def size(self) -> int:
        """Pull requests per page."""
        return PAGE_SIZES[self.step]

    def shrink(self) -> bool:
        """Takes the next smaller size; False where there is none."""
        self.clean = 0
        if self.step == len(PAGE_SIZES) - 1:
            return False
        self.step += 1
        return True

    def grow(self) -> None:
        """Notes a page that came whole."""
        self.clean += 1
        if self.clean >= _GROW_AFTER and self.step:
            self.step, self.clean = self.step - 1, 0


def iso(micros: int) -> str:
    """Microseconds UTC as GitHub writes times, to the second."""
    return datetime.fromtimestamp(micros // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
