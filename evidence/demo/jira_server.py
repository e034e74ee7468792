"""The simulated Jira: Cloud (REST v3) or Server (REST v2), as of a moment that can be moved.

As with the real one: a search gives ids only unless fields are named, reads the times of a query in
the zone of the account that asks and to the minute, sends at most a few changes of a changelog
along with an issue (Cloud), and answers 404 alike for what is absent and what is hidden.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evidence.demo.faults import Answer, json_answer
from evidence.demo.history import History
from evidence.demo.history_tickets import TicketRecord
from evidence.demo.jira_view import JiraView
from evidence.demo.moments import MINUTE, SECOND
from evidence.demo.series import as_of
from evidence.demo.serving import Request
from evidence.demo.world import World

EMAIL: Final = "evidence-reader@people.example"
ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Of the account that asks: never that of the server or of the world."""
PAGE_LIMIT: Final = 100
APPROVALS_LIMIT: Final = 50
_APPROVALS: Final = "/rest/servicedeskapi/request/([^/]+)/approval"
_ABSENT = "Issue does not exist or you do not have permission to see it."
_QUERY = re.compile(
    r'(?:project in \((?P<projects>[^)]*)\) AND )?updated >= "(?P<since>[^"]+)"'
    r" ORDER BY updated ASC, id ASC"
)
"""The only query that is simulated."""


@dataclass(slots=True)
class Jira:
    """Answers requests as of `at`, microseconds UTC."""

    world: World
    history: History
    token: str
    at: int

    @property
    def cloud(self) -> bool:
        return self.world.jira == "cloud"

    def respond(self, request: Request) -> Answer:
        """One request."""
        if request.headers.get("authorization") != self._credential():
            return _refused(401, "Client must be authenticated to access this resource.")
        api = "/rest/api/3" if self.cloud else "/rest/api/2"
        desk = re.fullmatch(_APPROVALS, request.path)
        if desk is not None:
            return _approvals(JiraView(self.world, self.history, self.at, ZONE), request, desk[1])
        if not request.path.startswith(api + "/"):
            return _refused(404, "Not found.")
        path = request.path.removeprefix(api)
        view = JiraView(self.world, self.history, self.at, ZONE)
        for pattern, answer in _ROUTES.items():
            matched = re.fullmatch(pattern, path)
            if matched:
                return answer(view, request, *matched.groups())
        return _refused(404, "Not found.")

    def _credential(self) -> str:
        if not self.cloud:
            return f"Bearer {self.token}"
        return f"Basic {base64.b64encode(f'{EMAIL}:{self.token}'.encode()).decode()}"


def _refused(status: int, text: str) -> Answer:
    return json_answer(status, {"errorMessages": [text], "errors": {}})


def _myself(view: JiraView, _request: Request) -> Answer:
    return json_answer(200, {"accountId": "acct-reader", "timeZone": str(view.zone)})


def _project(view: JiraView, _request: Request, key: str) -> Answer:
    if key not in view.projects():
        return _refused(404, f"No project could be found with key '{key}'.")
    return json_answer(200, view.project(key))


def _levels(view: JiraView, _request: Request, key: str) -> Answer:
    levels = [{"id": "10100", "name": "Only a few"}] if view.secured(key) else []
    return json_answer(200, {"levels": levels if view.world.access.jira_security else []})


def _permissions(view: JiraView, request: Request) -> Answer:
    browse = request.query.get("projectKey", "") in view.projects()
    held = {"BROWSE_PROJECTS": browse, "SET_ISSUE_SECURITY": view.world.access.jira_security}
    rows = {name: {"key": name, "havePermission": have} for name, have in held.items()}
    return json_answer(200, {"permissions": rows})


def _by_token(view: JiraView, request: Request) -> Answer:
    """Cloud: a token leads to the next page, and nothing says how many there are."""
    if not view.cloud:
        return _refused(404, "Not found.")
    found = _found(view, request.query)
    if found is None:
        return _refused(400, "Error in the JQL Query.")
    start = int(request.query.get("nextPageToken") or 0)
    size = min(int(request.query.get("maxResults") or 50), PAGE_LIMIT)
    rows = [view.listed(one, request.query) for one in found[start : start + size]]
    last = start + size >= len(found)
    more: Mapping[str, Any] = {} if last else {"nextPageToken": str(start + size)}
    return json_answer(200, {"issues": rows, "isLast": last, **more})


def _by_offset(view: JiraView, request: Request) -> Answer:
    """Server: an offset and a total. Cloud has removed it."""
    if view.cloud:
        return _refused(410, "The requested API has been removed.")
    found = _found(view, request.query)
    if found is None:
        return _refused(400, "Error in the JQL Query.")
    start = int(request.query.get("startAt") or 0)
    size = min(int(request.query.get("maxResults") or 50), PAGE_LIMIT)
    rows = [view.listed(one, request.query) for one in found[start : start + size]]
    head = {"startAt": start, "maxResults": size, "total": len(found)}
    return json_answer(200, {**head, "issues": rows})


def _found(view: JiraView, query: Mapping[str, str]) -> list[TicketRecord] | None:
    """What a query finds; None where it is not understood or names a project that is hidden."""
    matched = _QUERY.fullmatch(query.get("jql", ""))
    if matched is None:
        return None
    wanted = re.findall(r'"([^"]+)"', matched["projects"] or "")
    if not set(wanted) <= view.projects():
        return None
    local = datetime.strptime(matched["since"], "%Y-%m-%d %H:%M").replace(tzinfo=view.zone)
    since = int(local.astimezone(UTC).timestamp()) * SECOND
    rows = [
        one
        for one in view.tickets()
        if (not wanted or view.project_of(one) in wanted)
        and view.updated(one) // MINUTE * MINUTE >= since
    ]
    return sorted(rows, key=lambda one: (view.updated(one), one.id))


def _issue(view: JiraView, request: Request, name: str) -> Answer:
    """One issue by its id or by any key that it ever had."""
    for one in view.tickets():
        if name == str(one.id) or name in {key for at, key in one.keys if at <= view.at}:
            return json_answer(200, view.listed(one, request.query))
    return _refused(404, _ABSENT)


def _changelog(view: JiraView, request: Request, name: str) -> Answer:
    """Cloud: the changelog page by page, oldest first."""
    for one in view.tickets():
        if name not in (str(one.id), as_of(one.keys, view.at, "")):
            continue
        if one.world.key in view.world.access.jira_changelogs:
            return _refused(403, "You do not have permission to view this issue.")
        start = int(request.query.get("startAt") or 0)
        size = min(int(request.query.get("maxResults") or 50), PAGE_LIMIT)
        rows = view.histories(one)
        head = {"startAt": start, "maxResults": size, "total": len(rows)}
        last = start + size >= len(rows)
        return json_answer(200, {**head, "isLast": last, "values": rows[start : start + size]})
    return _refused(404, _ABSENT)


def _approvals(view: JiraView, request: Request, name: str) -> Answer:
    """Service Management: the approvals of a request, for its agents."""
    for one in view.tickets():
        if name != str(one.id) or not one.world.service_desk:
            continue
        if "service_desk" in view.world.access.without:
            return _refused(403, "You do not have permission to view this request.")
        start = int(request.query.get("start") or 0)
        size = min(int(request.query.get("limit") or 50), APPROVALS_LIMIT)
        rows = view.approvals(one)
        shown = rows[start : start + size]
        last = start + size >= len(rows)
        head = {"size": len(shown), "start": start, "limit": size, "isLastPage": last}
        return json_answer(200, {**head, "values": shown})
    return _refused(404, "The request does not exist.")


_ROUTES: Final[Mapping[str, Callable[..., Answer]]] = {
    "/myself": _myself,
    "/project/([A-Z0-9_]+)": _project,
    "/project/([A-Z0-9_]+)/securitylevel": _levels,
    "/mypermissions": _permissions,
    "/search/jql": _by_token,
    "/search": _by_offset,
    "/issue/([^/]+)": _issue,
    "/issue/([^/]+)/changelog": _changelog,
}
"""Path below the interface's root -> what answers there."""
