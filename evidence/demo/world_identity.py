"""Who stands behind accounts, and the audit log, as the simulated organisation tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the organisation says of one account from a moment on. The newest row of one holds."""

    person: str
    """Of an account."""
    at: str = ""
    """Default: from before the epoch."""
    subject: str = ""
    """The name that the identity provider knows the person by; empty: not linked."""
    emails: tuple[str, ...] = ()
    """What the provider says."""
    verified: tuple[str, ...] = ()
    """Addresses of the organisation's domains that the account confirmed."""
    removed: bool = False
    """It is no member any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry of the organisation's audit log; there is a log where a world has any."""

    action: str
    """As GitHub calls it: `protected_branch.destroy`."""
    at: str
    by: str = ""
    """A person; empty: nobody is named."""
    repository: str = ""
    """Empty: it concerns the organisation."""
    shown_at: str = ""
    """From when on the log shows it; default: from `at`."""
    branch: str = ""
    """Of an override: short name of the branch."""
    on: str = ""
    """Of an override: reference to the commit that the branch came to."""
    codes: tuple[str, ...] = ()
    """Of an override: the rules that were not met."""
    ruleset: str = ""
    """Name of the ruleset that it is about."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Further members of the entry."""
