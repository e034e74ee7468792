"""What became of a deployment once it was done, and what was seen of its content before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSeen:
    """One state of health of an application, and the looks between which it is known to hold."""

    status: str
    """In the deployer's word: `Healthy`, `Degraded`, `ReconciliationSucceeded`..."""
    since: int
    """Microseconds UTC by the deployer's clock; 0 where it does not say."""
    seen_from: int
    seen_until: int
    """First and last look that showed it, microseconds UTC."""
    entry: int


class Stage(StrEnum):
    """What the earlier environment shows of the content of a production deployment."""

    NOT_ASKED = "not_asked"
    """The policy names no environment that comes before."""
    NOT_CONFIGURED = "not_configured"
    """No application of that environment is configured."""
    NOTHING_NEW = "nothing_new"
    SAME = "same"
    OTHER = "other"
    """It ran the same version of another content: another digest under the same tag."""
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """How the content of a production deployment stood in the earlier environment at its start."""

    stage: Stage = Stage.NOT_ASKED
    told: str = ""
    """What was found or is missing, in words."""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """Everything beside its own row that a deployment is judged by."""

    health: tuple[HealthSeen, ...] = ()
    """At its own revision, in order of the looks."""
    promoted_at: int = 0
    stopped_at: int = 0
    failed_at: int = 0
    """When rollouts or canaries that carried it out were promoted (all of them), taken back (any),
    or ended without either; microseconds UTC, 0 where that is not known."""
    undone_at: int = 0
    """Start of the rollback that took it back, microseconds UTC; 0 where none is known."""
    undone_by: str = ""
    """Id of that deployment."""
    retried_by: str = ""
    """Id of a later try of the same revisions that succeeded within the time for health."""
    staged: Staged = Staged()
    entries: tuple[int, ...] = ()
    """Of the rollback or the later try."""
