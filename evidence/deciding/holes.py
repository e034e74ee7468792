"""Holes in the record of a production branch about some time, without a look at all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evidence.model.activity import RepositoryActivity
from evidence.model.pushes import LostPush, lost_pushes
from evidence.model.settings import Observation
from evidence.store import movements
from evidence.store.session import Store

SECOND = 1_000_000
_BACK = 50
"""Movements before the time in question among which one is looked for that stands alone."""


def holes_about(
    store: Store,
    repository: str,
    ref: str,
    looks: Iterable[Observation],
    begin: int,
    end: int,
) -> tuple[LostPush, ...] | None:
    """Every hole that reaches into `begin`..`end`, microseconds UTC, and perhaps others.

    None where only the whole record tells them.
    """
    start = _start(movements.moves_before(store, repository, ref, begin, _BACK))
    if start is None:
        return None
    after = movements.next_move(store, repository, ref, end)
    until = min((after // SECOND + 1) * SECOND, movements.EVER)
    line = movements.moves_between(store, repository, ref, start, until)
    tips = movements.tips_between(store, repository, ref, start, until)
    shas = {tip.peeled or tip.sha for tip in tips}
    told = movements.told_elsewhere(store, repository, ref, shas, start)
    unknown = [tip for tip in tips if (tip.peeled or tip.sha) not in told]
    return lost_pushes(line, unknown, looks)


def _start(before: Sequence[RepositoryActivity]) -> int | None:
    """A moment from which on the order of the movements does not depend on those before it.

    Inside one second each is put where another one ended, so that is the last second of which one
    movement alone is recorded; with none before it, the beginning.
    """
    if len(before) < _BACK:
        return 0
    seconds = Counter(one.at // SECOND for one in before)
    del seconds[before[-1].at // SECOND]  # it may have more of them
    alone = [second for second, count in seconds.items() if count == 1]
    return max(alone) * SECOND if alone else None
