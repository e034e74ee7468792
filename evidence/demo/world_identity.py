"""Who stands behind accounts, as the simulated organisation tells it."""

from __future__ import annotations

from dataclasses import dataclass


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
