"""What the conditions of the emergency procedure share: the change, its deployment, the clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.chain.emergencies import Deployed, deployed_commits
from evidence.controls.case import Case, case_of
from evidence.controls.requests import Linked, linked_tickets
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind, LinkKind
from evidence.model.fact import Fact
from evidence.policy import Policy


class State(StrEnum):
    """How one condition stands."""

    MET = "met"
    BROKEN = "broken"
    OPEN = "open"
    """The time for it is not over."""
    UNREAD = "unread"
    """Evidence that would decide it is missing."""
    OFF = "off"
    """The policy does not ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition, judged. `reason` is a code where it is broken or unread."""

    state: State
    words: str
    reason: str = ""
    due: int = 0
    """Microseconds UTC until when an open one may still be met; 0: that is not known yet."""
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One change as the procedure looks at it. Times are microseconds UTC."""

    chain: Chain
    policy: Policy
    as_of: int
    case: Case
    deployed: tuple[Deployed, ...]
    first: int
    """Start of the first deployment that carried it; 0 where none did."""
    lost: tuple[str, ...]
    """Deployments that carried it and were not read."""
    tickets: tuple[Linked, ...]

    @property
    def direct(self) -> bool:
        """Whether no pull request brought it."""
        return self.chain.change.kind == ChangeKind.DIRECT

    def in_time(self, at: int, limit: int) -> bool | None:
        """Whether something came by a moment of another clock; None inside the tolerance."""
        if abs(at - limit) < self.policy.clock_tolerance:
            return None
        return at < limit

    def until(self, deadline: int) -> int:
        """Up to when events count: the deadline, or now where that is earlier."""
        return min(deadline, self.as_of)


def frame_of(chain: Chain, policy: Policy, as_of: int) -> Frame:
    """The frame of a chain."""
    known = {one.deployment_id for one in chain.evidence.deployments}
    starts = [one.started_at for one in chain.evidence.deployments]
    return Frame(
        chain=chain,
        policy=policy,
        as_of=as_of,
        case=case_of(chain, policy),
        deployed=deployed_commits(chain.evidence),
        first=chain.change.first_deployed_at or min(starts, default=0),
        lost=tuple(one for one in chain.change.deployments if one not in known),
        tickets=_tickets(chain, policy),
    )


def _tickets(chain: Chain, policy: Policy) -> tuple[Linked, ...]:
    """The tickets that it names; of a direct push those in its message, too."""
    found = {one.key: one for one in linked_tickets(chain, policy, case_of(chain, policy).timeline)}
    for link in chain.links:
        if link.kind == LinkKind.REQUEST and link.basis == "message_key":
            key = link.target.removeprefix("ticket:")
            found.setdefault(key, Linked(key=key, places=["message"]))
    return tuple(found.values())
