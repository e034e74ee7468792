"""Facts about what happened in a cluster beside deployments: drift, acts by hand, repairs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.actor import Actor
from evidence.model.fact import Fact


class RuntimeKind(StrEnum):
    """What a runtime event shows."""

    DRIFT = "drift"
    """What runs differs from what was last synced."""
    SELF_HEAL = "self_heal"
    """A deployer put back what it had synced."""
    WRITE = "write"
    """Somebody wrote to the API server (audit log)."""
    DEPLOYER = "deployer"
    """A deployer reports its own act: corroboration of a deployment."""
    SUSPENDED = "suspended"
    """A deployer was told to stop syncing."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeEvent(Fact):
    """One event of a cluster that is no deployment. History: evented (best effort at its source).

    Kubernetes keeps events for an hour and collapses repeats: never a complete list.
    """

    source: str
    event_id: str
    """The source's stable id: an event's uid, an audit id."""
    kind: RuntimeKind
    at: int
    """Microseconds UTC by the cluster's clock; the first time where it repeats."""
    last_at: int
    count: int
    """How often it repeated, as far as the source counted."""
    actor: Actor | None
    """Who did it; None where the source does not say."""
    automated: bool | None
    """True where a controller did it."""
    verb: str
    """`patch`, `delete`, `OperationCompleted`..., in the source's words."""
    object_kind: str
    object_name: str
    """`namespace/name`; without namespace `/name`."""
    object_uid: str
    application: str
    """The deployer's application it concerns (`namespace/name`); empty where that is not known."""
    outcome: str = ""
    """Status code or event type."""
    message: str = ""
    revision: str = ""
    """A commit or version that it names."""
