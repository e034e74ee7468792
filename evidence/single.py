"""One change alone: its dossier as a packet of its own, to be handed over without the others.

The rules are those of a period's packet; only the selection is narrowed. What the packet rests on
beyond the change, receipts and yardsticks, stays in it: they say how the evidence was collected.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.deciding.case import Case
from evidence.errors import ConfigError
from evidence.model.change import Change
from evidence.packing import Selection
from evidence.report.data import Period
from evidence.store import queries

_SECOND = 1_000_000


def find_change(case: Case, term: str) -> Change:
    """The one change that a change id, SHA, pull request number, ticket or deployment id names.

    Raises:
        ConfigError: none or several are named, or it has not landed on a production branch.
    """
    names = {term, *(found for _, found in queries.find(case.store, term.removeprefix("#")))}
    found = [one for one in case.population.changes if names & {one.change_id, *one.aliases}]
    if not found:
        raise ConfigError(
            f"No change is known as `{term}` in this ledger.",
            next_step="Run `evidence trace` with a SHA or number of it, and name its change id.",
        )
    if len(found) > 1:
        ids = sorted(one.change_id for one in found)
        raise ConfigError(
            f"`{term}` names {len(found)} changes: {', '.join(ids[:10])}.",
            next_step="Name one of them by its change id.",
        )
    if not found[0].commits:
        raise ConfigError(
            f"{found[0].change_id} has not landed on a production branch.",
            next_step="Look at it with `evidence trace`; there is nothing to hand over yet.",
        )
    return found[0]


def period_of(case: Case, change: Change | None, zone: ZoneInfo) -> Period:
    """From the day on which the change was first seen to the day of the last sync, in the zone."""
    if change is None:
        raise ConfigError("A report needs a period, or the change that it is for.")
    finished = [one.finished_at for _, one in queries.receipts(case.store, at=case.at)]
    times = {one.deployment_id: one.started_at for one in case.population.deployments}
    known = (change.created_at, change.merged_at, *(times.get(i, 0) for i in change.deployments))
    last = max(finished, default=0)
    first = min((moment for moment in known if moment), default=last)
    begin, end = _day(first, zone), _day(max(first, last), zone)
    return Period(
        from_us=_micros(begin),
        to_us=_micros(_day(_micros(end) + 36 * 3600 * _SECOND, zone)),
        zone=str(zone),
        first_day=begin.date().isoformat(),
        last_day=end.date().isoformat(),
    )


def narrow(selection: Selection, change: Change | None) -> Selection:
    """The selection with this change alone and the deployments that carried it; all for None.

    Raises:
        ConfigError: the change is not in the selection.
    """
    if change is None:
        return selection
    population = tuple(one for one in selection.population if one.change_id == change.change_id)
    promotions = tuple(one for one in selection.promotions if one.change_id == change.change_id)
    undeployed = tuple(one for one in selection.undeployed if one.change_id == change.change_id)
    if not (population or promotions or undeployed):
        before = "baseline" in change.flags
        raise ConfigError(
            f"{change.change_id} does not fall in the period"
            + ": the first deployment that was observed contained it already." * before,
            next_step="Set policy.scope_start to bring it in."
            if before
            else "Leave --from and --to out: the period is then that of the change.",
        )
    carried = set(change.deployments)
    return replace(
        selection,
        population=population,
        promotions=promotions,
        undeployed=undeployed,
        deployments=tuple(one for one in selection.deployments if one.deployment_id in carried),
        claimed=0,
        before=0,
    )


def note_on(change: Change) -> str:
    """What the reader of such a packet must know."""
    return (
        f"This packet was exported for one change, {change.change_id}, and holds no other. It is "
        "not the population of the period, and no rate can be taken from it."
    )


def _day(moment: int, zone: ZoneInfo) -> datetime:
    """The midnight with which the moment's day begins in the zone."""
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(zone)
    return datetime(local.year, local.month, local.day, tzinfo=zone)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * _SECOND
