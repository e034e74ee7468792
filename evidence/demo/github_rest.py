"""The part of GitHub's REST interface that is simulated: who am I, limits, repositories, lists."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_access import ROUTES as ACCESS
from evidence.demo.github_access import installations, team_members
from evidence.demo.github_alerts import ROUTES as ALERTS
from evidence.demo.github_artifact_records import artifact_records
from evidence.demo.github_attestations import ROUTES as ATTESTATIONS
from evidence.demo.github_attestations import of_organisation, of_person
from evidence.demo.github_audit import audit_log
from evidence.demo.github_logs import ROUTES as LOGS
from evidence.demo.github_pulls import merged, pull_state, pull_updated
from evidence.demo.github_records import ROUTES as RECORDS
from evidence.demo.github_rest_pulls import ROUTES as PULLS
from evidence.demo.github_rest_pulls import root_of
from evidence.demo.github_roots import collector_account
from evidence.demo.github_runs import ROUTES as RUNS
from evidence.demo.github_security import ROUTES as SECURITY
from evidence.demo.github_settings import ROUTES as SETTINGS
from evidence.demo.github_view import View
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.series import as_of
from evidence.demo.serving import Request


def answer_rest(view: View, path: str, request: Request, limits: Mapping[str, str]) -> Answer:
    """One REST request; 404 for every path that is not simulated."""
    for pattern, answer in _ROUTES.items():
        matched = re.fullmatch(pattern, path)
        if matched:
            found = answer(view, request, *matched.groups())
            return _dressed(found, request, limits)
    below = _below_repository(view, path, request)
    if below is not None:
        return _dressed(below, request, limits)
    return _dressed(_not_found(), request, limits)


def _below_repository(view: View, path: str, request: Request) -> Answer | None:
    """What stands below a repository, by its name or its number."""
    matched = re.fullmatch("/(?:repos/([^/]+/[^/]+)|repositories/([0-9]+))/(.+)", path)
    if matched is None:
        return None
    name, number, rest = matched.groups()
    where = view.repository_named(name, follow=True) if name else _by_id(view, number)
    for pattern, answer in _BELOW.items():
        parts = re.fullmatch(pattern, rest)
        if parts and where is None:
            return _not_found()
        if parts and where is not None:
            moved = _moved(view, request, where, name, f"/{rest}") if name else None
            return moved or answer(view, request, where, parts.groups())
    return None


def _team_members(view: View, request: Request, _owner: str, slug: str) -> Answer:
    return team_members(view, request, slug)


def _account(view: View, _request: Request, login: str) -> Answer:
    """An account by its login: the owner of the repositories, alone."""
    if login.lower() != view.world.organisation.lower():
        return _not_found()
    return json_answer(200, _owner(view))


def _owner(view: View) -> dict[str, Any]:
    kind = "User" if view.world.personal else "Organization"
    return {"login": view.world.organisation, "id": 4001, "type": kind}


def _installations(view: View, request: Request, _owner: str) -> Answer:
    return installations(view, request)


def _dressed(answer: Answer, request: Request, limits: Mapping[str, str]) -> Answer:
    """Adds limits and an entity tag, and answers 304 where the client has that version."""
    tag = f'W/"{hashlib.sha256(answer.body or b"").hexdigest()}"'
    headers = {**limits, **answer.headers}
    if answer.status == 200:
        headers["ETag"] = tag
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304, headers=headers)
    return Answer(status=answer.status, body=answer.body, headers=headers)


def _not_found() -> Answer:
    docs = "https://docs.github.com/rest"
    return json_answer(404, {"message": "Not Found", "documentation_url": docs, "status": "404"})


def _user(_view: View, _request: Request) -> Answer:
    me = collector_account()
    body = {"login": me["login"], "id": me["databaseId"], "node_id": me["id"], "type": "User"}
    scopes = {"X-OAuth-Scopes": "repo, read:org"}
    return json_answer(200, body, **scopes)


def _rate_limit(view: View, _request: Request) -> Answer:
    limit = view.world.access.points
    core = {"limit": limit, "remaining": limit, "used": 0, "reset": view.at // 1_000_000 + 3600}
    return json_answer(200, {"resources": {"core": core, "graphql": core}, "rate": core})


def _meta(_view: View, _request: Request) -> Answer:
    return json_answer(200, {"verifiable_password_authentication": False})


def _repository(view: View, request: Request, owner: str, name: str) -> Answer:
    where = view.repository_named(f"{owner}/{name}", follow=True)
    if where is None:
        return _not_found()
    return _moved(view, request, where, f"{owner}/{name}", "") or _repository_body(view, where)


def _moved(
    view: View, request: Request, where: RepositoryRecord, name: str, rest: str
) -> Answer | None:
    """301 to the numeric address (307 unless it is a GET) for a former name."""
    if view.full_name(where).lower() == name.lower():
        return None
    prefix = "/api/v3" if request.path.startswith("/api/v3") else ""
    host = request.headers.get("host", "")
    target = f"http://{host}{prefix}/repositories/{where.id}{rest}"
    status = 301 if request.method in ("GET", "HEAD") else 307
    text = "Moved Permanently" if status == 301 else "Temporary Redirect"
    body = {"message": text, "url": target, "documentation_url": "https://docs.github.com/rest"}
    return json_answer(status, body, Location=target)


def _repository_by_id(view: View, _request: Request, number: str) -> Answer:
    where = _by_id(view, number)
    return _repository_body(view, where) if where else _not_found()


def _by_id(view: View, number: str) -> RepositoryRecord | None:
    for where in view.history.repositories.values():
        if str(where.id) == number and view.shows(where):
            return where
    return None


def _repository_body(view: View, where: RepositoryRecord) -> Answer:
    name = view.full_name(where)
    body = {
        "id": where.id,
        "name": name.split("/")[1],
        "full_name": name,
        "private": where.world.private,
        "owner": {**_owner(view), "login": name.split("/")[0]},
        "html_url": view.url(where),
        "default_branch": where.default_at(view.at),
        "archived": False,
        "created_at": iso(where.created_at),
        "permissions": {
            "admin": "administration" not in view.world.access.without,
            "push": False,
            "pull": True,
        },
    }
    return json_answer(200, body)


def _pulls(view: View, request: Request, owner: str, name: str) -> Answer:
    where = view.repository_named(f"{owner}/{name}", follow=True)
    if where is None:
        return _not_found()
    moved = _moved(view, request, where, f"{owner}/{name}", "/pulls")
    return moved or _pull_list(view, request, where)


def _pulls_by_id(view: View, request: Request, number: str) -> Answer:
    where = _by_id(view, number)
    return _pull_list(view, request, where) if where else _not_found()


def _pull_list(view: View, request: Request, where: RepositoryRecord) -> Answer:
    wanted = request.query.get("state", "open")
    size = min(100, int(request.query.get("per_page", "30")))
    page = int(request.query.get("page", "1"))
    found = [
        pull
        for pull in reversed(view.pulls(where))
        if wanted == "all" or (pull_state(view, pull) == "OPEN") == (wanted == "open")
    ]
    shown = found[(page - 1) * size : page * size]
    more = {"Link": _next_page(request, where, page + 1)} if page * size < len(found) else {}
    return json_answer(200, [_pull_body(view, request, where, pull) for pull in shown], **more)


def _next_page(request: Request, where: RepositoryRecord, page: int) -> str:
    """The `Link` header: by the repository's number, as GitHub writes it."""
    prefix = "/api/v3" if request.path.startswith("/api/v3") else ""
    query = urlencode({**request.query, "page": page})
    host = request.headers.get("host", "")
    return f'<http://{host}{prefix}/repositories/{where.id}/pulls?{query}>; rel="next"'


def _pull(view: View, request: Request, owner: str, name: str, number: str) -> Answer:
    where = view.repository_named(f"{owner}/{name}", follow=True)
    pull = where.pulls.get(int(number)) if where else None
    if where is None or pull is None or pull.at > view.at:
        return _not_found()
    moved = _moved(view, request, where, f"{owner}/{name}", f"/pulls/{number}")
    return moved or json_answer(200, _pull_body(view, request, where, pull))


def _pull_body(
    view: View, request: Request, where: RepositoryRecord, pull: PullRecord
) -> dict[str, Any]:
    done = merged(view, pull)
    state = pull_state(view, pull)
    author = view.actor(pull.author)
    root = root_of(view, request, where)
    return {
        "id": pull.id,
        "url": f"{root}/pulls/{pull.number}",
        "issue_url": f"{root}/issues/{pull.number}",
        "number": pull.number,
        "state": "open" if state == "OPEN" else "closed",
        "title": as_of(pull.titles, view.at, ""),
        "user": {"login": author["login"], "id": author["databaseId"]} if author else None,
        "created_at": iso(pull.at),
        "updated_at": iso(pull_updated(view, pull)),
        "merged_at": iso(done.at) if done else None,
        "merge_commit_sha": done.sha if done else None,
        "head": {"ref": pull.branch, "sha": as_of(pull.heads, view.at, pull.start)},
        "base": {"ref": as_of(pull.bases, view.at, ""), "repo": {"id": where.id}},
    }


_BELOW: Final = {
    **ACCESS,
    **ALERTS,
    **ATTESTATIONS,
    **LOGS,
    **PULLS,
    **RECORDS,
    **RUNS,
    **SECURITY,
    **SETTINGS,
}
_ROUTES: Final[Mapping[str, Callable[..., Answer]]] = {
    "/": _meta,
    "/meta": _meta,
    "/user": _user,
    "/rate_limit": _rate_limit,
    "/repos/([^/]+)/([^/]+)": _repository,
    "/repositories/([0-9]+)": _repository_by_id,
    "/repos/([^/]+)/([^/]+)/pulls": _pulls,
    "/repositories/([0-9]+)/pulls": _pulls_by_id,
    "/repos/([^/]+)/([^/]+)/pulls/([0-9]+)": _pull,
    "/orgs/([^/]+)/teams/([^/]+)/members": _team_members,
    "/orgs/([^/]+)/installations": _installations,
    "/orgs/([^/]+)/attestations/([^/]+)": of_organisation,
    "/orgs/([^/]+)/artifacts/([^/]+)/metadata/deployment-records": artifact_records,
    "/users/([^/]+)": _account,
    "/users/([^/]+)/attestations/([^/]+)": of_person,
    "/orgs/([^/]+)/audit-log": audit_log,
}
"""Path pattern -> what answers it."""
