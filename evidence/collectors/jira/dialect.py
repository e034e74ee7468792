"""How Jira Cloud and Jira Server or Data Center differ: paths, paging and authentication.

Cloud: REST v3, `/search/jql` with `nextPageToken` and no total, basic `e-mail:API token`.
Server and Data Center: REST v2, `/search` with `startAt` and `total`, a bearer token.
Sources: developer.atlassian.com/cloud/jira/platform/rest/v3, docs.atlassian.com/software/jira.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FIELDS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "created",
    "updated",
    "resolution",
    "resolutiondate",
    "creator",
    "reporter",
    "assignee",
    "labels",
    "parent",
    "issuelinks",
    "fixVersions",
    "security",
)
FIELDS = ",".join(_FIELDS)
"""Named one by one: Cloud's search gives ids only where none are. Descriptions stay out."""
SERIES = "issue/1"
_HOUR = 3_600_000_000
_EARLIEST = "1970-01-02 00:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The addresses of one kind of Jira."""

    api: str
    search: str
    tokens: bool
    """Pages follow a token; otherwise an offset and a total."""
    changelog: bool
    """An issue's changelog can be read page by page."""


DIALECTS: dict[str, Dialect] = {
    "cloud": Dialect(api="/rest/api/3", search="/search/jql", tokens=True, changelog=True),
    "server": Dialect(api="/rest/api/2", search="/search", tokens=False, changelog=False),
}
"""Every deployment that can be configured."""


def authorization(email: str, token: str) -> str:
    """Basic `e-mail:token` where an e-mail is configured, else a bearer token."""
    if not email:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(f'{email}:{token}'.encode()).decode()}"


def zone_of(name: object) -> ZoneInfo | None:
    """The time zone of the account that asks; None where it is unknown."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def query(projects: tuple[str, ...], since: int, zone: ZoneInfo | None) -> str:
    """JQL for the issues of these projects (all without any) that changed at `since` or later.

    Jira reads the times of a query in the zone of the account that asks, to the minute.
    """
    wanted = ", ".join(f'"{key}"' for key in projects)
    within = f"project in ({wanted}) AND " if projects else ""
    return f'{within}updated >= "{_minute(since, zone)}" ORDER BY updated ASC, id ASC'


def _minute(since: int, zone: ZoneInfo | None) -> str:
    """The minute that `since` lies in; earlier where zone or daylight saving leaves it open."""
    if since <= 48 * _HOUR:
        return _EARLIEST
    if zone is None:
        return _written(since - 24 * _HOUR, UTC)
    local = _local(since, zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return _written(since - 2 * _HOUR, zone)
    return _written(since, zone)


def _local(at: int, zone: tzinfo) -> datetime:
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.astimezone(zone)


def _written(at: int, zone: tzinfo) -> str:
    return f"{_local(at, zone):%Y-%m-%d %H:%M}"
