"""The search of the simulated GitHub: terms, moments, and what is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from evidence.demo.github_issues import issue_node
from evidence.demo.github_pages import connection
from evidence.demo.github_pulls import merged, pull_node, pull_updated
from evidence.demo.github_view import Node, View
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.moments import DAY, moment
from evidence.demo.series import as_of

SEARCH_LISTED: Final = 1000
"""A search lists at most so many results, however many it counts."""
_TERM = re.compile(r"(\S+?):(\"[^\"]*\"|\S+)")


def search(view: View, given: Mapping[str, Any]) -> Node:
    """Pull requests and issues by `repo:` and the terms that are understood; others find all."""
    terms: dict[str, list[str]] = {}
    for match in _TERM.finditer(given["query"]):
        terms.setdefault(match[1], []).append(match[2].strip('"'))
    found: list[Node] = []
    count = 0
    for name in terms.get("repo", ()):
        where = view.repository_named(name, follow=False)
        if where is not None:
            hits = _hits(view, where, terms)
            count += len(hits)
            found += hits
    page = connection("search", found, lambda node: node, given, reachable=SEARCH_LISTED)
    return {**page, "issueCount": count}


def _hits(view: View, where: RepositoryRecord, terms: Mapping[str, list[str]]) -> list[Node]:
    kinds = {one for term in ("is", "type", "state") for one in terms.get(term, ())}
    hits: list[Node] = []
    if "issue" not in kinds:
        hits += [
            pull_node(view, where, pull)
            for pull in view.pulls(where)
            if _pull_hit(view, pull, terms, kinds)
        ]
    if "pr" not in kinds and "merged" not in kinds:
        hits += [issue_node(view, issue) for issue in view.issues(where)]
    return hits


def _pull_hit(
    view: View, pull: PullRecord, terms: Mapping[str, list[str]], kinds: set[str]
) -> bool:
    done = merged(view, pull)
    if ("merged" in kinds or "merged" in terms) and done is None:
        return False
    if any(as_of(pull.bases, view.at, "") != base for base in terms.get("base", ())):
        return False
    dates = {
        "merged": done.at if done else 0,
        "created": pull.at,
        "updated": pull_updated(view, pull),
    }
    return all(within(at, span) for name, at in dates.items() for span in terms.get(name, ()))


def within(at: int, span: str) -> bool:
    """Whether a moment lies in a search range: `A..B`, `>=A`, `>A`, `<=B`, `<B`, or one day."""
    if ".." in span:
        start, _, end = span.partition("..")
        return (start == "*" or _edge(start) <= at) and (end == "*" or at <= _end(end))
    for sign, holds in _SIGNS.items():
        if span.startswith(sign):
            return holds(at, span.removeprefix(sign))
    return _edge(span) <= at <= _end(span)


def _edge(text: str) -> int:
    return moment(text if "T" in text else f"{text}T00:00:00Z", 0)


def _end(text: str) -> int:
    return _edge(text) + (999_999 if "T" in text else DAY - 1)


_SIGNS: Final[Mapping[str, Callable[[int, str], bool]]] = {
    ">=": lambda at, text: at >= _edge(text),
    "<=": lambda at, text: at <= _end(text),
    ">": lambda at, text: at > _end(text),
    "<": lambda at, text: at < _edge(text),
}
