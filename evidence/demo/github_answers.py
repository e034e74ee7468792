"""What answers of GitHub's REST interface have in common: refusals, pages, people and teams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_checks import app_node
from evidence.demo.github_ids import node_id
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    team_id,
)

Body = Mapping[str, Any]
Respond = Callable[[View, Request, RepositoryRecord, tuple[str, ...]], Answer]


def not_found(message: str = "Not Found") -> Answer:
    """404: absent, or not for this credential."""
    docs = "https://docs.github.com/rest"
    return json_answer(404, {"message": message, "documentation_url": docs, "status": "404"})


def forbidden(message: str = "Resource not accessible by personal access token") -> Answer:
    """403 for lack of a permission."""
    docs = "https://docs.github.com/rest"
    return json_answer(403, {"message": message, "documentation_url": docs, "status": "403"})


def listed(request: Request, rows: list[Any], wrap: str = "") -> Answer:
    """One page of a list with its `Link`; with `wrap` as the object that some lists are."""
    size = max(1, min(100, number_of(request, "per_page", 30)))
    page = max(1, number_of(request, "page", 1))
    shown = rows[(page - 1) * size : page * size]
    more = {}
    if page * size < len(rows):
        more["Link"] = f'<{address(request, page=page + 1)}>; rel="next"'
    body: Any = {"total_count": len(rows), wrap: shown} if wrap else shown
    return json_answer(200, body, **more)


def address(request: Request, **over: object) -> str:
    """The address of this list with other parameters."""
    host = request.headers.get("host", "")
    return f"http://{host}{request.path}?{urlencode({**request.query, **over})}"


def number_of(request: Request, name: str, default: int) -> int:
    """A numeric parameter."""
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else default


def lacks(view: View, permission_name: str) -> bool:
    """Whether the collector's credential lacks a permission."""
    return permission_name in view.world.access.without


def user_body(view: View, key: str) -> dict[str, Any] | None:
    """A person as a `SimpleUser`: a bot's login ends in `[bot]` here."""
    node = view.actor(key)
    if node is None:
        return None
    bot = node["__typename"] == "Bot"
    return {
        "login": f"{node['login']}[bot]" if bot else node["login"],
        "id": node["databaseId"],
        "node_id": node["id"],
        "avatar_url": "",
        "type": "Bot" if bot else "User",
        "site_admin": False,
    }


def team_body(view: View, name: str) -> dict[str, Any]:
    """A team as other answers name it."""
    return {
        "id": team_id(view, name),
        "node_id": node_id("Team", name),
        "name": name,
        "slug": name,
        "description": None,
        "privacy": "closed",
        "permission": "pull",
        "parent": None,
    }


def people_body(view: View, keys: tuple[str, ...]) -> dict[str, list[Any]]:
    users = [body for key in keys if (body := user_body(view, key))]
    return {"users": users, "teams": [], "apps": []}


def check_body(name: str, app: str) -> dict[str, Any]:
    plain, _, slug = name.partition("@")
    return {"context": plain, app: app_node(slug)["databaseId"] if slug else None}
