"""Who has access, out of the lists of collaborators, teams, members, deploy keys and apps. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.collectors.github.reading import items, mapping, text
from evidence.collectors.github.rest_reading import named_team, named_user, stable
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.settings import AccessHolder, AccessSnapshot, SettingActor

_STRONGEST = ("admin", "maintain", "push", "triage", "pull")


def access(capture: Capture, payload: Mapping[str, Any]) -> tuple[Fact, ...] | None:
    """One list of holders; None where the payload is no list of pages."""
    pages = payload.get("pages")
    scope = capture.context.get("scope", "")
    read = _SCOPES.get(scope.partition(":")[0])
    if not isinstance(pages, list) or read is None:
        return None
    host = capture.context.get("host", "")
    rows = [mapping(each) for page in pages for each in _rows(page)]
    found = [read(host, row) for row in rows]
    holders = tuple(one for one in found if one is not None)
    return (
        AccessSnapshot(
            repository=capture.context.get("repository", ""),
            scope=scope,
            holders=tuple(sorted(holders, key=lambda one: one.actor.key)),
            complete=len(holders) == len(rows) and payload.get("complete") is not False,
            name=capture.context.get("name", ""),
        ),
    )


def _rows(page: object) -> list[Any]:
    """A page is a list, or an object that holds one (installations)."""
    return page if isinstance(page, list) else items(mapping(page).get("installations"))


def _collaborator(host: str, row: Mapping[str, Any]) -> AccessHolder | None:
    who = named_user(host, row)
    permission = _strongest(row.get("permissions"))
    role = text(row.get("role_name"))
    return AccessHolder(actor=who, permission=permission, role=role) if who else None


def _team(host: str, row: Mapping[str, Any]) -> AccessHolder | None:
    who = named_team(host, row)
    permission = _strongest(row.get("permissions")) or text(row.get("permission"))
    return AccessHolder(actor=who, permission=permission) if who else None


def _member(host: str, row: Mapping[str, Any]) -> AccessHolder | None:
    who = named_user(host, row)
    return AccessHolder(actor=who, permission="member") if who else None


def _deploy_key(host: str, row: Mapping[str, Any]) -> AccessHolder | None:
    number = stable(row.get("id"))
    if not number:
        return None
    who = SettingActor(system=host, kind="deploy_key", id=number, name=text(row.get("title")))
    reads = row.get("read_only")
    permission = {True: "read", False: "write"}.get(reads, "") if isinstance(reads, bool) else ""
    return AccessHolder(actor=who, permission=permission, through=text(row.get("added_by")))


def _app(host: str, row: Mapping[str, Any]) -> AccessHolder | None:
    number = stable(row.get("app_id"))
    if not number:
        return None
    slug, given = text(row.get("app_slug")), mapping(row.get("permissions"))
    administers = given.get("administration") == "write"
    permission = "admin" if administers else text(given.get("contents"))
    return AccessHolder(
        actor=SettingActor(system=host, kind="app", id=number, name=slug),
        permission=permission,
        role="suspended" if row.get("suspended_at") else "",
        through=text(row.get("repository_selection")),
    )


def _strongest(permissions: object) -> str:
    found = mapping(permissions)
    return next((name for name in _STRONGEST if found.get(name) is True), "")


_SCOPES: dict[str, Callable[[str, Mapping[str, Any]], AccessHolder | None]] = {
    "collaborators": _collaborator,
    "teams": _team,
    "team": _member,
    "deploy_keys": _deploy_key,
    "apps": _app,
}
