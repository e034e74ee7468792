"""Events beside deployments, as a control is tested on them: drift and acts out of band."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.determination import Determination

ROLLBACK = "rollback"
"""Kind of the event that production was taken back by hand, which brings no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfBand:
    """One thing that altered what runs and is no change, or a series of the same on one day.

    Drift, an act beside the deployer, a rollback by hand.
    """

    event_id: str
    """`<source>:<application>:<kind>:<begin>` and, where it needs one, a digest of what it was."""
    application: str
    """Configured application id."""
    kind: str
    """`drift`, `self_heal`, `write`, `suspended`, `local_manifests` or `rollback`."""
    begin: int
    end: int
    """Microseconds UTC: first and last time that it was seen to happen or to stand."""
    count: int
    what: str
    """Resources or act, in the source's words."""
    actor: Actor | None = None
    resolved_at: int = 0
    """Microseconds UTC at which it was put back, or first seen as synced; 0: not seen."""
    resolution: str = ""
    """`self_healed` or `reverted`."""
    shown_by_looks: bool = True
    """Whether a look at the application would show that it still stands."""
    ticket: str = ""
    ticket_entry: int = -1
    """A ticket whose title names the application, opened in time; the link is inferred."""
    trackers_read_to: int = 0
    """Microseconds UTC to which every tracker that lists its tickets was read; a very late time
    where there is none."""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetermination:
    """What was determined of one event."""

    event: OutOfBand
    determination: Determination
