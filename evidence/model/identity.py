"""Facts about who stands behind accounts, as an organisation of a forge says it."""

from __future__ import annotations

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
