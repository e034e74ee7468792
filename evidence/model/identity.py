"""Facts about who stands behind accounts, as an organisation of a forge says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.model.fact import Fact
from evidence.model.settings import Observation

SAML, VERIFIED = "saml", "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity(Fact):
    """What an organisation says of one account. History: snapshot.

    An `Observation` of `identities` says when the list was looked at, and names the accounts in it.
    """

    source: str
    organisation: str
    """The forge's stable id of it."""
    kind: str
    """`saml` (its identity provider says it) or `verified` (the account confirmed the addresses,
    which are of domains that the organisation confirmed)."""
    account: str
    """`Actor.key` of the account."""
    login: str = ""
    """As displayed; identifies nobody."""
    subject: str = ""
    """Of `saml`: the name that the identity provider knows the person by. Two accounts with one
    are one person."""
    emails: tuple[str, ...] = ()
    """In lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityHistory:
    """Every observed version of every identity, and every look at them, oldest first."""

    identities: tuple[AccountIdentity, ...] = ()
    observations: tuple[Observation, ...] = ()

    def ends(self, moment: int) -> Mapping[str, int]:
        """List -> the first look at it after a moment: what was said later is not about then."""
        found: dict[str, int] = {}
        for look in self.observations:
            if look.outcome == "read" and look.at > moment:
                found[look.key] = min(look.at, found.get(look.key, look.at))
        return found

    def until(self, ends: Mapping[str, int]) -> IdentityHistory:
        """What was said of each list up to its end; all of one that has none."""
        return IdentityHistory(
            identities=tuple(
                one
                for one in self.identities
                if one.observed_at <= ends.get(f"{one.organisation}/{one.kind}", one.observed_at)
            ),
            observations=tuple(
                one for one in self.observations if one.at <= ends.get(one.key, one.at)
            ),
        )
