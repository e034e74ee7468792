"""What a simulated server answers instead of the truth, once, to a numbered request.

`FAULTS` names every kind. A fault either replaces the answer (`Answer`), spoils it (`spoil`) or
ends the connection. Shapes and texts are those of the real systems as far as they are documented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. `body` None ends the connection without one."""

    status: int = 200
    body: bytes | None = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int = 0
    """Send only so many bytes of the body that `Content-Length` promises; 0: all."""


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


SPOILERS: Final[Mapping[str, Callable[[Answer, int], Answer]]] = {
    "truncated": truncated,
    "truncated_json": truncated_json,
    "resource_limits": resource_limits,
    "slow": lambda answer, _: answer,
}
"""Kinds that spoil the true answer; `slow` gives it after `seconds`."""
