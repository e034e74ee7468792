"""What makes a whole answer worth a second look: it contradicts itself, or those before it.

A list that says how many it holds and shows none, a page that was given before, a `nodes` without a
place for each id that was asked for: all are well-formed, and believed at once they would lose
evidence without a word. Pure; what a second look says again is believed, except that a page that
comes again and again leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.github.reading import at, integer, items, mapping, text

_DEPTH = 5
"""Objects below the data that are looked at: lists are not gone into."""
_PEOPLE = (("membersWithRole",), ("samlIdentityProvider", "externalIdentities"))
_ROWS = (
    "environments",
    "installations",
    "branch_policies",
    "rule_suites",
    "alerts",
    "attestations",
    "deployment_records",
)


@dataclass(slots=True)
class Places:
    """Where the pages of each list ended, by where they were asked to begin."""

    _met: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def repeated(self, asked: Mapping[str, Any], operation: str, data: Mapping[str, Any]) -> bool:
        """Whether a page ends where one before it did; notes its end."""
        after = text(asked.get("after"))
        ends = {text(mapping(page.get("pageInfo")).get("endCursor")) for page in pages(data)} - {""}
        if not ends:
            return False
        same = sorted((n, str(v)) for n, v in asked.items() if n not in ("after", "pageSize"))
        met = self._met.setdefault(f"{operation} {same}", {})
        if not after:
            met.clear()
        elif after in ends or any(ends & end for begin, end in met.items() if begin != after):
            return True
        met[after] = ends
        return False

    def forget(self) -> None:
        """Lists are read anew from somewhere in their middle."""
        self._met.clear()


def pages(data: Mapping[str, Any], depth: int = _DEPTH) -> Iterator[Mapping[str, Any]]:
    """The connections near the root of an answer."""
    for value in data.values():
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("nodes"), list):
            yield value
        elif depth:
            yield from pages(value, depth - 1)


def contradiction(asked: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """In what an answer contradicts itself or its question; empty where in nothing."""
    ids, nodes = asked.get("ids"), data.get("nodes")
    if isinstance(ids, list) and isinstance(nodes, list) and len(ids) != len(nodes):
        return f"{len(ids)} objects were asked for and {len(nodes)} places came"
    for page in pages(data):
        if not page["nodes"] and (asked.get("after") or integer(page.get("totalCount"), 0) > 0):
            return "a page that is said to hold something came empty"
    tip = mapping(at(data, "repository", "ref", "target"))
    if text(tip.get("oid")) and at(tip, "history", "nodes") == [] and not asked.get("since"):
        return "a branch with a tip came without commits"
    if at(data, "repositoryOwner", "repositories", "nodes") == []:
        return "an owner came without repositories"
    if any(at(data, "repositoryOwner", *place, "nodes") == [] for place in _PEOPLE):
        return "an organisation came without accounts"
    return ""


def rows(data: object) -> list[Any] | None:
    """The rows of a REST list; None where the answer is no list."""
    if isinstance(data, list):
        return data
    for name in _ROWS:
        if isinstance(mapping(data).get(name), list):
            return items(mapping(data)[name])
    return None
