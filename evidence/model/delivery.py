"""What a system told of itself: deliveries that the receiver took, each a hint and a witness."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Fact):
    """One signed delivery (a webhook, a notification). History: immutable.

    It names what the next sync reads by the source's API, and it is an independent witness of what
    that reading finds. Nothing is judged by a delivery alone: its content is the sender's claim.
    """

    source: str
    """Configured source id whose secret it was signed with."""
    delivery_id: str
    """The sender's id of it (`X-GitHub-Delivery`), else `content`: known once, stored once."""
    content: str
    """sha256 hex of the stored bytes: a replay under another id is the same delivery."""
    system: str
    """`github`, `flux`, `argocd`, `argo-rollouts` or `flagger`."""
    event: str
    """What happened, in the sender's words: `pull_request.closed`, `ReconciliationSucceeded`."""
    about: str
    """What it names, to be read: `acme/shop#12`, `argocd/shop-prod`; empty where it names
    nothing."""
    repository: str
    """`owner/name` as the sender wrote it; empty where it is about none."""
    uid: str
    """The sender's stable id of the object; empty where it gives none."""
    revision: str
    """A commit or another revision that it names; empty where it names none."""
    happened_at: int
    """Microseconds UTC as the sender states it; 0 where it does not."""
    received_at: int
    """Microseconds UTC by our clock."""
    signature: str
    """How it was found to be the sender's: `hmac-sha256`, `bearer`, `basic`..."""
    secret: int
    """Which of the source's secrets it was, from 1: while they rotate there are two."""
