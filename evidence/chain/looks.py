"""How long what a look showed is known to have held: versions of states and complete runs.

An object that did not change leaves no new version; that it was looked at again is told by the
receipt of a complete run of its source. Between two looks that differ nothing is assumed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from evidence.model.deployment import ApplicationState

Object = tuple[str, str]
"""(source, application uid, or name where there is none)."""
Run = tuple[int, int]
"""(ledger entry of the receipt, start in microseconds UTC) of a complete run of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One version of an application's state and the looks that showed it, microseconds UTC."""

    state: ApplicationState
    moments: tuple[int, ...]
    """Every look that showed it, ascending; at least one."""

    @property
    def begin(self) -> int:
        """The first look."""
        return self.moments[0]

    @property
    def end(self) -> int:
        """The last look."""
        return self.moments[-1]


class Looks:
    """Every version of every application's state, in order of the looks."""

    def __init__(
        self, states: Iterable[ApplicationState], runs: Mapping[str, Sequence[Run]]
    ) -> None:
        """`runs`: source -> its complete runs, ascending."""
        versions: dict[Object, list[ApplicationState]] = defaultdict(list)
        for one in states:
            versions[one.source, one.application_uid or one.application].append(one)
        self._seen = {
            key: _seen(sorted(own, key=_order), runs.get(key[0], ()))
            for key, own in versions.items()
        }
        # The latest look so far, so that what was seen after a moment is found by halving.
        self._ends = {
            key: list(accumulate((one.end for one in own), max)) for key, own in self._seen.items()
        }

    def objects(self) -> Iterator[Object]:
        """Every application that was seen, in order."""
        return iter(sorted(self._seen))

    def of(self, key: Object) -> Sequence[Seen]:
        """All that was seen of one application, oldest first."""
        return self._seen.get(key, ())

    def after(self, key: Object, moment: int) -> Iterator[Seen]:
        """What was seen of it by looks at or after a moment."""
        first = bisect_left(self._ends.get(key, ()), moment)
        return (one for one in islice(self.of(key), first, None) if one.end >= moment)


def _order(state: ApplicationState) -> tuple[int, int]:
    return state.entry_seq, state.observed_at


def _seen(own: Sequence[ApplicationState], runs: Sequence[Run]) -> list[Seen]:
    """By the ledger's order: receipts after a version and before the next one are looks at it.

    The first receipt after it is that of the run that brought it.
    """
    found: list[Seen] = []
    for place, state in enumerate(own):
        until = own[place + 1].entry_seq if place + 1 < len(own) else 2**63
        first = bisect_right(runs, (state.entry_seq, 2**63)) + 1
        last = bisect_left(runs, (until, 0)) - 1
        again = (moment for _, moment in runs[first : last + 1])
        later = sorted(moment for moment in again if moment > state.observed_at)
        found.append(Seen(state=state, moments=(state.observed_at, *later)))
    return found
