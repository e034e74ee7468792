"""What a report on some days would list: the population of a period, and what waits at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from evidence.deciding.case import Case as Decision
from evidence.packing import Selection, select
from evidence.request import ReportRequest, read_period


def selections(decision: Decision, periods: tuple[Mapping[str, Any], ...]) -> list[Selection]:
    """What belongs to each of the periods that a case names."""
    return [
        select(
            decision,
            read_period(
                ReportRequest(start=one["from"], end=one["to"], zone=one.get("zone", "")),
                ZoneInfo("UTC"),
            ),
        )
        for one in periods
    ]


def wrong(
    period: Mapping[str, Any], selection: Selection, subject: Callable[[str], str]
) -> Iterator[str]:
    """Where a period holds other changes or deployments than the case says.

    `subject`: the id of a change or deployment by its key in the world.
    """
    listed = {
        "population": [one.change_id for one in selection.population],
        "pending": [one.change_id for one in selection.undeployed],
        "deployments": [one.deployment_id for one in selection.deployments],
    }
    name = f"{period['from']} to {period['to']}"
    for part, found in listed.items():
        wanted = [subject(key) for key in period.get(part, ())]
        if part in period and sorted(wanted) != sorted(found):
            yield f"{name}: expected as {part} {sorted(wanted)}, found {sorted(found)}"
