"""What an organisation's own log says was done to its settings, and which rules were overridden."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact

OVERRIDE = "protected_branch.policy_override"
"""Action by which a forge records that somebody landed something past the rules of a branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent(Fact):
    """One entry of an organisation's audit log. History: evented.

    Entries appear late: that one is missing says something only inside the window of an
    `Observation` of `audit_log`, which names those that it saw.
    """

    source: str
    organisation: str
    """Login, in lower case."""
    event_id: str
    repository: str
    """Configured repository id; empty where the entry names none, and concerns any of them."""
    action: str
    """As the forge calls it: `protected_branch.destroy`."""
    at: int
    """Microseconds UTC, server-assigned."""
    actor: Actor | None
    ref: str = ""
    """Full name of the branch; empty where the entry names none."""
    before_sha: str = ""
    after_sha: str = ""
    """Of an override: what the branch pointed to before and after it."""
    codes: tuple[str, ...] = ()
    """Of an override: the rules that were not met, as the forge calls them."""
    target: str = ""
    """Id of the ruleset that an entry is about; empty where it names none."""
