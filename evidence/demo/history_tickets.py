"""What a told history holds of issues of the forge and of tickets of the tracker."""

from __future__ import annotations

from dataclasses import dataclass, field

from evidence.demo.series import Event, Series
from evidence.demo.world import Issue


@dataclass(slots=True, kw_only=True)
class IssueRecord:
    """An issue through time."""

    world: Issue
    repository: str
    number: int
    id: int
    at: int
    titles: Series[str] = field(default_factory=list)
    states: Series[tuple[str, str]] = field(default_factory=list)
    """(state, reason)."""
    labels: Series[tuple[str, ...]] = field(default_factory=list)
    assignees: Series[tuple[str, ...]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deleted_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """One row of a Jira changelog with its one item."""

    at: int
    id: int
    actor: str
    field: str
    previous: str
    current: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """One approval of a service desk that came to its end."""

    id: int
    at: int
    name: str
    by: str
    decision: str
    """`approved` or `declined`."""


@dataclass(slots=True, kw_only=True)
class TicketRecord:
    """A Jira issue through time."""

    world: Issue
    id: int
    at: int
    keys: Series[str] = field(default_factory=list)
    titles: Series[str] = field(default_factory=list)
    statuses: Series[str] = field(default_factory=list)
    resolutions: Series[str] = field(default_factory=list)
    labels: Series[tuple[str, ...]] = field(default_factory=list)
    assignees: Series[str] = field(default_factory=list)
    changes: list[TicketChange] = field(default_factory=list)
    approvals: list[ApprovalRecord] = field(default_factory=list)
    deleted_at: int = 0
