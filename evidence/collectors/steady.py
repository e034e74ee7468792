"""Whether a server's `Date` can be believed, by the other answers of the same conversation.

One machine of many whose clock is wrong would put a mark into the future, and what happens between
then and now would never be asked for. So an answer whose clock leaps is asked for once more, and a
mark is set by the earliest time that the answers speak for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from evidence.collectors.http import date_micros

LEAP = 30 * 60 * 1_000_000
"""Microseconds by which two answers may differ about the time that has gone by."""


@dataclass(slots=True)
class ServerClock:
    """How far a server's clock is from ours, answer by answer. Microseconds."""

    _ahead: int | None = field(default=None, init=False)
    _contrary: int | None = field(default=None, init=False)
    _least: int = field(default=0, init=False)
    _answers: int = field(default=0, init=False)
    _agreed: int = field(default=0, init=False)

    def leaps(self, date: str, now: int) -> bool:
        """Whether an answer's clock is not that of the others; two in a row are believed."""
        at = date_micros(date)
        if not at:
            return False
        ahead = at - now
        self._least = min(self._least, ahead) if self._answers else ahead
        self._answers += 1
        if self._ahead is None or _near(ahead, self._ahead) or _near(ahead, self._contrary):
            self._ahead, self._contrary, self._agreed = ahead, None, at
            return False
        self._contrary = ahead
        return True

    def present(self, now: int) -> int:
        """The `Date` of the newest answer whose clock is that of the others; ours without any."""
        return self._agreed or now

    def earliest(self, moment: int, now: int) -> int:
        """A moment of the server, held back to what all its answers speak for.

        Where there was only one, our own clock is the second witness.
        """
        if self._answers < 2:
            return min(moment, now)
        return min(moment, now + self._least)


def _near(one: int, other: int | None) -> bool:
    return other is not None and abs(one - other) <= LEAP
