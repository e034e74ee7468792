"""Controls whose unit of test is an event: drift, and acts beside the deployers."""

from __future__ import annotations

from evidence.chain.events import EventInputs, out_of_band
from evidence.chain.looks import Looks
from evidence.controls.events import evaluate_events
from evidence.deciding.case import Case
from evidence.model.event import EventDetermination
from evidence.model.runtime import RuntimeEvent
from evidence.model.ticket import Ticket
from evidence.store import queries
from evidence.store.trackers import tracker_reads


def event_determinations(case: Case, begin: int, end: int) -> tuple[EventDetermination, ...]:
    """What was determined of every event of production that began in `begin`..`end`.

    Microseconds UTC; nothing that began after the case's moment is judged.
    """
    until = min(end, case.as_of + 1)
    events = out_of_band(case.policy, event_inputs(case))
    own = [one for one in events if begin <= one.begin < until]
    return evaluate_events(own, case.policy, case.as_of)


def event_inputs(case: Case) -> EventInputs:
    """Everything stored that events are built from."""
    tickets = queries.load_versions(case.store, Ticket, at=case.at)
    newest = {(one.tracker, one.ticket_id): one for one in tickets}
    return EventInputs(
        events=tuple(queries.load_versions(case.store, RuntimeEvent, at=case.at)),
        looks=Looks(case.inputs.states, case.inputs.runs),
        rows=case.population.deployments,
        tickets=tuple(newest.values()),
        trackers=tracker_reads(case.store, at=case.at),
    )
