"""Lenient access to Jira's JSON: what `lenient` reads, and its ids, counts and accounts."""

from __future__ import annotations

from evidence.collectors.lenient import at, items, mapping
from evidence.model.actor import Actor, ActorType

__all__ = ["actor", "at", "count", "items", "mapping", "text"]

_ERASED = frozenset({"unknown", "unknown:unknown"})
"""Account ids that stand for an account that was erased."""


def text(value: object) -> str:
    """The text, or a number as text, or empty: Jira writes ids both ways."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int and abs(value) < 2**63 else ""


def count(value: object) -> int:
    """A count; -1 where there is none."""
    return value if type(value) is int and 0 <= value < 2**63 else -1


def actor(system: str, value: object) -> Actor | None:
    """Who it is, by `accountId` (Cloud) or `key` (Server); by a bare name only `name_only`.

    Nobody where Jira names nobody; an erased account is a ghost. E-mails are often hidden and
    display names are not unique: neither identifies.
    """
    found = mapping(value)
    shown = text(found.get("displayName")) or text(found.get("name"))
    account = text(found.get("accountId"))
    if account in _ERASED:
        return Actor(system=system, id=account, type=ActorType.GHOST, login=shown)
    identity = account or text(found.get("key"))
    if identity:
        kind = ActorType.APP if found.get("accountType") == "app" else ActorType.USER
        return Actor(system=system, id=identity, type=kind, login=shown)
    name = text(found.get("name")) or shown
    if not name:
        return None
    return Actor(system=system, id=name, type=ActorType.NAME_ONLY, login=shown)
