"""What was seen to run without any operation that brought it: reconciliation R6.

A bounded history loses operations. Where an application stands synced at revisions that no seen
operation named, something did deploy them: it becomes an operation of its own, observed and not
recorded, so that its changes are in the population; who did it and when stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from evidence.model.deployment import ApplicationState, Deployment

LIVE = "live_state"
"""Origin of an operation that only its result shows."""
PROBLEM = "live_not_in_history"


def observed_live(
    deployments: Iterable[Deployment], states: Iterable[ApplicationState]
) -> Iterator[Deployment]:
    """One operation per application and revisions that were live and that none is known to bring.

    It starts when it was first seen. Argo CD calls an application synced at a newer revision, too,
    where that changes nothing of it: the caller leaves out what turns out to bring nothing.
    """
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in deployments:
        if not one.dry_run:
            key = (one.source, one.application_uid or one.application)
            known[key].update(source.revision for source in one.sources)
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for state in sorted(states, key=lambda one: (one.observed_at, one.entry_seq)):
        uid = state.application_uid or state.application
        if state.sync_status.casefold() != "synced" or not state.revisions:
            continue
        unknown = set(state.revisions) - known[state.source, uid] - {""}
        if unknown and (state.source, uid, state.revisions) not in seen:
            seen.add((state.source, uid, state.revisions))
            yield _operation(state)


def _operation(state: ApplicationState) -> Deployment:
    return Deployment(
        entry_seq=state.entry_seq,
        observed_at=state.observed_at,
        source=state.source,
        application_uid=state.application_uid,
        application=state.application,
        started_at=state.observed_at,
        finished_at=state.observed_at,
        phase="Succeeded",
        sources=state.sources,
        initiator=None,
        automated=None,
        images=state.images,
        origin=LIVE,
    )
