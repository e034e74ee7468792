"""What a simulated server answers instead of the truth, once, to a numbered request.

`FAULTS` names every kind. A fault either replaces the answer (`Answer`), spoils it (`spoil`) or
ends the connection. Shapes and texts are those of the real systems as far as they are documented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from evidence.demo.moments import HOUR, http_date, http_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. `body` None ends the connection without one."""

    status: int = 200
    body: bytes | None = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int = 0
    """Send only so many bytes of the body that `Content-Length` promises; 0: all."""
    silent: bool = False
    """Without a body: the connection stays open and nothing comes."""


def json_answer(status: int, value: Any, **headers: str) -> Answer:
    """An answer with a JSON body."""
    return Answer(status=status, body=json.dumps(value).encode(), headers=headers)


def _message(status: int, text: str, **headers: str) -> Answer:
    docs = "https://docs.github.com/rest"
    body = {"message": text, "documentation_url": docs, "status": str(status)}
    return json_answer(status, body, **headers)


_SECONDARY: Final = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

Replace = Callable[[int], Answer]
"""Seconds of the fault -> the answer given instead."""

FAULTS: Final[Mapping[str, Replace]] = {
    "reset": lambda _: Answer(body=None),
    "timeout": lambda _: Answer(body=None, silent=True),
    "301": lambda _: _message(301, "Moved Permanently", Location="/moved"),
    "307": lambda _: _message(307, "Temporary Redirect", Location="/moved"),
    "429": lambda _: _message(429, "API rate limit exceeded"),
    "429_retry_after": lambda s: _message(429, _SECONDARY, **{"Retry-After": str(s)}),
    "403_secondary": lambda s: _message(403, _SECONDARY, **{"Retry-After": str(s)}),
    "403_primary": lambda _: _message(
        403, "API rate limit exceeded for user ID 900.", **{"X-RateLimit-Remaining": "0"}
    ),
    "403_permission": lambda _: _message(403, "Resource not accessible by personal access token"),
    "401": lambda _: _message(401, "Bad credentials"),
    "404": lambda _: _message(404, "Not Found"),
    "500": lambda _: _message(500, "Server Error"),
    "502": lambda _: Answer(
        status=502,
        body=b"<html><head><title>502 Bad Gateway</title></head></html>",
        headers={"Content-Type": "text/html"},
    ),
    "503": lambda s: _message(503, "Service Unavailable", **{"Retry-After": str(s)}),
    "504": lambda _: json_answer(
        504,
        {
            "message": "We couldn't respond to your request in time. Sorry about that. "
            "Please try resubmitting your request and contact us if the problem persists."
        },
    ),
    "html": lambda _: Answer(
        body=b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
        headers={"Content-Type": "text/html; charset=utf-8"},
    ),
    "empty": lambda _: Answer(),
    "rate_limited": lambda _: json_answer(
        200,
        {
            "errors": [
                {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 900."}
            ]
        },
        **{"X-RateLimit-Remaining": "0"},
    ),
    "something_went_wrong": lambda _: json_answer(
        200,
        {
            "data": None,
            "errors": [
                {
                    "message": "Something went wrong while executing your query. Please include "
                    "`0000:0000:0000` when reporting this issue."
                }
            ],
        },
    ),
}
"""Kinds that replace the answer."""


def truncated(answer: Answer, _: int) -> Answer:
    """Half of a body whose length was promised in full."""
    return Answer(
        status=answer.status,
        body=answer.body,
        headers=answer.headers,
        cut_at=max(1, len(answer.body or b"") // 2),
    )


def truncated_json(answer: Answer, _: int) -> Answer:
    """A whole answer whose JSON ends in the middle."""
    body = answer.body or b""
    return Answer(status=answer.status, body=body[: len(body) // 2], headers=answer.headers)


def resource_limits(answer: Answer, _: int) -> Answer:
    """Partial data: one inner list of the last node is null, and an error says why."""
    value = json.loads(answer.body or b"{}")
    if not isinstance(value, dict) or "data" not in value:
        return answer  # no answer of the GraphQL interface
    path = _null_one(value.get("data") or {})
    error = {
        "type": "RESOURCE_LIMITS_EXCEEDED",
        "message": "Resource limits for this query exceeded.",
        "path": path,
    }
    value.setdefault("errors", []).append(error)
    return Answer(status=200, body=json.dumps(value).encode(), headers=answer.headers)


def _null_one(data: dict[str, Any]) -> list[str | int]:
    pulls = (data.get("repository") or {}).get("pullRequests") or {}
    nodes = pulls.get("nodes") or []
    if nodes and nodes[-1].get("reviews"):
        nodes[-1]["reviews"] = None
        return ["repository", "pullRequests", "nodes", len(nodes) - 1, "reviews"]
    for name in data:
        if name != "rateLimit":
            data[name] = None
            return [name]
    return []


_ROWS: Final = ("nodes", "issues", "values", "items", "environments", "installations")


def empty_page(answer: Answer, _: int) -> Answer:
    """A list without rows that ends here; how many there are is said as before."""
    return _emptied(answer, count=False)


def empty_list(answer: Answer, _: int) -> Answer:
    """A list without rows that ends here and says that there are none."""
    return _emptied(answer, count=True)


def _emptied(answer: Answer, *, count: bool) -> Answer:
    try:
        value = json.loads(answer.body or b"")
    except ValueError:
        return answer
    if answer.status != 200:
        return answer
    if isinstance(value, list):
        value = []
    else:
        found = _outermost(value)
        if found is None:
            return answer
        _end(found, count=count)
    headers = {name: told for name, told in answer.headers.items() if name not in ("Link", "ETag")}
    return replace(answer, body=json.dumps(value).encode(), headers=headers)


def _outermost(value: Any) -> dict[str, Any] | None:
    """The object nearest to the root that holds rows."""
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, dict):
            if any(isinstance(each.get(name), list) for name in _ROWS):
                return each
            waiting += each.values()
    return None


def _end(page: dict[str, Any], *, count: bool) -> None:
    for name in _ROWS:
        if isinstance(page.get(name), list):
            page[name] = []
    if "pageInfo" in page:
        page["pageInfo"] = {**page["pageInfo"], "hasNextPage": False, "endCursor": None}
    if "isLast" in page:
        page["isLast"] = True
    page.pop("nextPageToken", None)
    if isinstance(page.get("metadata"), dict):
        page["metadata"].pop("continue", None)
    for name in ("totalCount", "filteredCount", "total_count", "total") if count else ():
        if name in page:
            page[name] = 0


def _dated(answer: Answer, by: int) -> Answer:
    moved = http_date(http_moment(answer.headers["Date"]) + by)
    return replace(answer, headers={**answer.headers, "Date": moved})


def first_page(url: str, body: bytes) -> tuple[str, bytes]:
    """The request for the beginning of the list that a request goes on with: address and body.

    A server that loses the place answers with the same page again.
    """
    parts = urlsplit(url)
    places = ("page", "after", "nextPageToken", "startAt", "continue")
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in places]
    if body:
        asked = json.loads(body)
        asked["variables"] = {**(asked.get("variables") or {}), "after": None}
        body = json.dumps(asked).encode()
    return parts._replace(query=urlencode(query)).geturl(), body


SPOILERS: Final[Mapping[str, Callable[[Answer, int], Answer]]] = {
    "truncated": truncated,
    "truncated_json": truncated_json,
    "resource_limits": resource_limits,
    "empty_page": empty_page,
    "empty_list": empty_list,
    "date_ahead": lambda answer, _: _dated(answer, HOUR),
    "date_behind": lambda answer, _: _dated(answer, -HOUR),
    "slow": lambda answer, _: answer,
}
"""Kinds that spoil the true answer; `slow` gives it after `seconds`."""
