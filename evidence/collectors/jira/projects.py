"""One project as the credential sees it: whether all its issues are visible.

A missing issue and a hidden one get the same answer, 404. Only where the project may be browsed and
it has no issue-level security does a missing issue not exist. Whether it has is told only to an
account with the permission `SET_ISSUE_SECURITY`; without it the question stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from evidence import canonical
from evidence.collectors.http import Answer
from evidence.collectors.jira.pages import Reader
from evidence.collectors.jira.reading import at, mapping, text
from evidence.errors import AuthError
from evidence.model.capture import Exchange

_PERMISSIONS = "BROWSE_PROJECTS,SET_ISSUE_SECURITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRead:
    """A project; `exact` is empty where it is absent or hidden."""

    key: str
    id: str = ""
    exact: str = ""
    unrestricted: bool = False
    """Every issue that the project has is visible to the credential."""
    observed_at: int = 0
    exchanges: tuple[Exchange, ...] = ()
    detail: str = ""


def read_project(reader: Reader, key: str) -> ProjectRead:
    """The project with what the credential may do in it, and its levels of issue security."""
    path = f"/project/{quote(key, safe='')}"
    found = _optional(reader, path)
    body = mapping(canonical.loads(found.body)) if found else {}
    if found is None or not text(body.get("id")):
        detail = f"Project {key} is absent, or the credential may not browse it."
        return ProjectRead(key=key, detail=detail)
    rights = _optional(reader, "/mypermissions", {"projectKey": key, "permissions": _PERMISSIONS})
    levels = _optional(reader, f"{path}/securitylevel")
    members = [
        (name, canonical.slice_json(_text(found), (name,)))
        for name in ("id", "key", "name")
        if name in body
    ]
    more = (("permissions", rights), ("levels", levels))
    members += [
        (name, canonical.slice_json(_text(answer), (name,)))
        for name, answer in more
        if answer and name in mapping(canonical.loads(answer.body))
    ]
    return ProjectRead(
        key=key,
        id=text(body.get("id")),
        exact=canonical.splice_object(members),
        unrestricted=_unrestricted(rights, levels),
        observed_at=found.observed_at,
        exchanges=tuple(one.exchange for one in (found, rights, levels) if one),
    )


def _unrestricted(rights: Answer | None, levels: Answer | None) -> bool:
    if rights is None or levels is None:
        return False
    held = at(canonical.loads(rights.body), "permissions")
    may = all(at(held, name, "havePermission") is True for name in _PERMISSIONS.split(","))
    return may and at(canonical.loads(levels.body), "levels") == []


def _optional(reader: Reader, path: str, parameters: dict[str, str] | None = None) -> Answer | None:
    """The answer, or None where it is absent or forbidden."""
    try:
        answer = reader.ask(path, parameters)
    except AuthError as error:
        if "status 401" in error.message:
            raise
        return None
    return answer if answer.status == 200 else None


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8-sig")
