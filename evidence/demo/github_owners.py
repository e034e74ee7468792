"""Owners of repositories with their lists, as of the moment of a view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.demo.github_pages import connection
from evidence.demo.github_view import Node, View
from evidence.demo.history import RepositoryRecord


def owner_node(view: View, login: str) -> Node | None:
    """The owner of that name, if a visible repository has one."""
    found = [one for one in _visible(view) if _owner(view, one).lower() == login.lower()]
    return view.owner(found[0]) if found else None


def repositories(view: View, login: str, given: Mapping[str, Any]) -> Node:
    """The list of an owner's repositories, by name."""
    from evidence.demo.github_roots import repository_node

    found = [one for one in _visible(view) if _owner(view, one) == login]
    found.sort(key=lambda one: view.full_name(one).lower())
    return connection("repositories", found, lambda one: repository_node(view, one), given)


def _visible(view: View) -> list[RepositoryRecord]:
    return [one for one in view.history.repositories.values() if view.shows(one)]


def _owner(view: View, where: RepositoryRecord) -> str:
    return view.full_name(where).split("/")[0]
