"""GitHub's REST answers about who has access: people, teams, keys and Apps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evidence.demo.faults import Answer
from evidence.demo.github_answers import (
    Respond,
    forbidden,
    lacks,
    listed,
    not_found,
    team_body,
    user_body,
)
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso, moment
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    deploy_keys,
    every_team,
    permission,
    teams,
)


def collaborators(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """Everybody who may do something there, and what."""
    rows = []
    for key, person in view.people.items():
        granted = permission(view, where, key)
        body = user_body(view, key)
        if body and person.type == "user" and granted != "none":
            rows.append({**body, "permissions": _permissions(granted), "role_name": _role(granted)})
    return listed(request, rows)


def _permissions(granted: str) -> dict[str, bool]:
    order = ("pull", "triage", "push", "maintain", "admin")
    return {name: index <= order.index(granted) for index, name in enumerate(order)}


def _role(granted: str) -> str:
    return {"pull": "read", "push": "write"}.get(granted, granted)


def team_list(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """The teams that may do something there, and what."""
    if lacks(view, "administration"):
        return not_found()
    rows = [
        {
            **team_body(view, row.name),
            "permission": row.permission,
            "permissions": _permissions(row.permission),
        }
        for row in teams(view, where)
    ]
    return listed(request, rows)


def key_list(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """The deploy keys."""
    if lacks(view, "administration"):
        return not_found()
    first = next(iter(view.people), "")
    rows = []
    for begin, row in deploy_keys(view, where):
        owner = user_body(view, row.added_by or first)
        rows.append(
            {
                "id": 91_000 + sum(row.title.encode()),
                "key": "ssh-ed25519 (simulated)",
                "title": row.title,
                "verified": True,
                "created_at": iso(begin),
                "read_only": row.read_only,
                "added_by": owner["login"] if owner else None,
                "last_used": iso(view.at),
                "enabled": True,
            }
        )
    return listed(request, rows)


def team_members(view: View, request: Request, slug: str) -> Answer:
    """The members of a team of the organisation."""
    team = every_team(view).get(slug)
    if team is None or lacks(view, "organisation"):
        return not_found()
    return listed(request, [body for key in team.members if (body := user_body(view, key))])


def installations(view: View, request: Request) -> Answer:
    """The Apps that are installed in the organisation."""
    if lacks(view, "organisation"):
        return forbidden("Resource not accessible by personal access token")
    rows = [
        {
            "id": 41_000 + index,
            "app_id": row.app_id,
            "app_slug": row.slug,
            "repository_selection": "all",
            "permissions": {"metadata": "read", "contents": row.contents},
            "updated_at": iso(view.epoch),
            "suspended_at": None,
        }
        for index, row in enumerate(view.world.installation)
        if not row.at or moment(row.at, view.epoch) <= view.at
    ]
    return listed(request, rows, "installations")


ROUTES: Final[Mapping[str, Respond]] = {
    "collaborators": collaborators,
    "teams": team_list,
    "keys": key_list,
}
"""Path below the repository -> what answers it."""
