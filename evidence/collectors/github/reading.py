"""Lenient access to GitHub's JSON: what `lenient` reads, and its numbers, ids, accounts, lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.lenient import at, items, mapping, text
from evidence.model.actor import Actor, ActorType

__all__ = [
    "actor",
    "at",
    "flag",
    "ghost",
    "git_actor",
    "identifier",
    "integer",
    "items",
    "mapping",
    "rows",
    "text",
]

_ACTOR_TYPES = {
    "User": ActorType.USER,
    "EnterpriseUserAccount": ActorType.USER,
    "Bot": ActorType.BOT,
    "Mannequin": ActorType.MANNEQUIN,
    "Organization": ActorType.ORGANISATION,
}


def integer(value: object, default: int = -1) -> int:
    """The whole number of at most 64 bits, or `default`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    return default


def flag(value: object) -> bool | None:
    """The truth value, or None for unknown."""
    return value if isinstance(value, bool) else None


def identifier(node: object) -> str:
    """GitHub's stable id as text: the database id where there is one, else the node id."""
    for name in ("fullDatabaseId", "databaseId"):
        found = mapping(node).get(name)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found) if abs(found) < 2**63 else ""
    return text(mapping(node).get("id"))


def actor(host: str, node: object, *, type_name: str = "") -> Actor | None:
    """The account, keyed by (host, id, type); None where the answer names nobody.

    A login without an id is `name_only`: logins are renamed and used again. `type_name` stands in
    for a `__typename` that the query could not ask (a field that is always a User).
    """
    found = mapping(node)
    login = text(found.get("login"))
    kind = _ACTOR_TYPES.get(type_name or text(found.get("__typename")))
    stable = identifier(found)
    if stable and kind:
        return Actor(system=host, id=stable, type=kind, login=login)
    if login:
        return Actor(system=host, id=login, type=ActorType.NAME_ONLY, login=login)
    return None


def ghost(host: str) -> Actor:
    """The account that GitHub no longer knows. Two of them may be the same person, or not."""
    return Actor(system=host, id="ghost", type=ActorType.GHOST, login="ghost")


def git_actor(host: str, node: object) -> Actor | None:
    """The account behind a Git identity, else its e-mail or name as `name_only`."""
    found = mapping(node)
    account = actor(host, found.get("user"), type_name="User")
    if account is not None:
        return account
    name, email = text(found.get("name")), text(found.get("email")).strip().lower()
    if not (email or name):
        return None
    return Actor(system="git", id=email or name, type=ActorType.NAME_ONLY, login=name)


def rows(
    connections: list[Any], unique: tuple[str, ...] = ("id",)
) -> tuple[list[Mapping[str, Any]], int]:
    """Distinct nodes of the pages of one connection, and the total that the source reports.

    `unique` is the path of what identifies a node; one without it counts as not read. The total
    is `filteredCount` where the connection has one (a filtered timeline), -1 where none is given.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for node in _nodes(connections):
        key = at(node, *unique)
        if isinstance(key, str) and key:
            found.setdefault(key, node)
    first = mapping(connections[0]) if connections else {}
    total = integer(first.get("filteredCount", first.get("totalCount")))
    return list(found.values()), total


def _nodes(connections: list[Any]) -> Iterator[Mapping[str, Any]]:
    for connection in connections:
        for node in items(mapping(connection).get("nodes")):
            if isinstance(node, dict):
                yield node
