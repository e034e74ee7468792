"""How many changes followed which documented lane, and what is to be looked at in that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evidence.controls.lanes import EMERGENCY, LANES, lane_of
from evidence.model.change import Change
from evidence.model.determination import Determination
from evidence.report.text import percent

MANY_EMERGENCIES = "many-emergencies"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCount:
    """One lane. The normal lane is always told, the others where anything followed them."""

    lane: str
    changes: int
    """Of the population."""
    share: str
    """Of the population, in percent."""
    promotions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFlag:
    """Something about the population as a whole that does not decide any change."""

    flag: str
    sentence: str


def lane_counts(
    determinations: Mapping[str, Sequence[Determination]],
    population: Iterable[Change],
    promotions: Iterable[Change],
) -> tuple[LaneCount, ...]:
    """The lanes in order, the normal one first."""
    inside = Counter(lane_of(determinations.get(one.change_id, ())) for one in population)
    apart = Counter(lane_of(determinations.get(one.change_id, ())) for one in promotions)
    total = inside.total()
    return tuple(
        LaneCount(
            lane=lane,
            changes=inside[lane],
            share=percent(inside[lane], total),
            promotions=apart[lane],
        )
        for lane in LANES
        if lane == LANES[0] or inside[lane] or apart[lane]
    )


def population_flags(lanes: Sequence[LaneCount], limit: int) -> tuple[PopulationFlag, ...]:
    """`limit`: percent of the population above which the share of emergencies is flagged."""
    total = sum(one.changes for one in lanes)
    urgent = next((one for one in lanes if one.lane == EMERGENCY), None)
    if urgent is None or urgent.changes * 100 <= limit * total:
        return ()
    sentence = (
        f"{urgent.changes} of {total} changes ({urgent.share}) were declared emergencies, more "
        f"than {limit} %: a lane for exceptions may have become an ordinary one."
    )
    return (PopulationFlag(flag=MANY_EMERGENCIES, sentence=sentence),)
