"""What one HTTP answer of a GraphQL endpoint means: usable, to be waited for, too heavy, or an end.

Pure. Sources: docs.github.com "Rate limits and query limits for the GraphQL API" and "Best
practices for using the REST API" (both limits may answer 200, 403 or 429); partial answers of
type RESOURCE_LIMITS_EXCEEDED are described in public issues of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence import canonical
from evidence.collectors.http import date_micros, iso_micros, retry_after
from evidence.errors import AuthError, MalformedError, SourceError

_UNREADABLE = frozenset({"FORBIDDEN", "NOT_FOUND", "INSUFFICIENT_SCOPES", "SAML_FAILURE"})
"""Error types that will be the same next time: the rest of the answer is usable without them."""
_SECONDARY = ("secondary rate limit", "abuse detection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """An answer whose data may be used, except at the paths in `unread`."""

    data: Mapping[str, Any]
    unread: tuple[tuple[tuple[str | int, ...], str], ...] = ()
    """(path below `data`, error type): null there means unknown, not none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A limit was met. `seconds` is what GitHub asks for, None where it gave no time."""

    seconds: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heavy:
    """The query was more than the server does in its time: ask for less."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The answer failed in a way that may pass: a server error or unusable bytes."""

    why: str
    malformed: bool = False


Meaning = Usable | Wait | Heavy | Broken


def meaning(status: int, headers: Mapping[str, str], text: str, now: float) -> Meaning:
    """What an answer means; `headers` have lower-case names, `now` is seconds UTC.

    Raises:
        AuthError: 401, or a 403 that no limit explains.
        SourceError: another status that trying again does not change.
    """
    if status == 200:
        return _body(headers, text, now)
    if status == 429 or (status == 403 and _is_limit(headers, text)):
        return Wait(seconds=_asked(headers, now), why=f"a rate limit (status {status})")
    if status >= 500 and retry_after(headers, now) is not None:
        return Wait(seconds=_asked(headers, now), why=f"status {status}")
    if status in (502, 504):
        return Heavy(why=f"status {status}")
    if status >= 500:
        return Broken(why=f"status {status}")
    if status in (401, 403):
        raise AuthError(f"GitHub refused the credential (status {status}).")
    raise SourceError(f"GitHub's GraphQL endpoint answered with status {status}.")


def refusal(status: int, headers: Mapping[str, str], text: str, now: float) -> Wait | Broken | None:
    """What keeps a REST answer from being one, if it may pass; a refusal for good is an answer.

    Raises:
        AuthError: the credential itself was refused.
    """
    if status == 429 or (status == 403 and _is_limit(headers, text)):
        return Wait(seconds=_asked(headers, now), why=f"a rate limit (status {status})")
    if status >= 500 and retry_after(headers, now) is not None:
        return Wait(seconds=_asked(headers, now), why=f"status {status}")
    if status >= 500:
        return Broken(why=f"status {status}")
    if status == 401:
        raise AuthError("GitHub refused the credential (status 401).")
    return None


def pending_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds to stay silent after an answer that used up the budget; 0 where some is left."""
    if headers.get("x-ratelimit-remaining", "").strip() != "0":
        return 0.0
    return _until_reset(headers, now) or 0.0


def _is_limit(headers: Mapping[str, str], text: str) -> bool:
    lowered = text[:2_000].lower()
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining", "").strip() == "0"
        or any(mark in lowered for mark in _SECONDARY)
    )


def _asked(headers: Mapping[str, str], now: float) -> float | None:
    seconds = retry_after(headers, now)
    if seconds is not None:
        return seconds
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        return _until_reset(headers, now)
    return None


def _until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the window resets, by the server's own clock where it sent its `Date`."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not reset.isascii() or not reset.isdecimal() or len(reset) > 12:
        return None
    base = date_micros(headers.get("date", "")) / 1_000_000 or now
    return max(0.0, int(reset) - base) + 1.0


def _body(headers: Mapping[str, str], text: str, now: float) -> Meaning:
    try:
        body = canonical.loads(text)
    except MalformedError as error:
        return Broken(why=error.message, malformed=True)
    if not isinstance(body, dict):
        return Broken(why="the answer is not a JSON object", malformed=True)
    data = body.get("data")
    found = body.get("errors")
    errors = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    types = {str(error.get("type") or error.get("code") or "") for error in errors}
    if "RATE_LIMITED" in types:
        return Wait(seconds=_reset_of(headers, data, now), why="the GraphQL rate limit")
    if types & {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"}:
        return Heavy(why="more resources than a query may use")
    if errors and not types <= _UNREADABLE:
        return _other_errors(errors)
    if not isinstance(data, dict):
        return _without_data(errors)
    return Usable(data=data, unread=tuple(_path(error) for error in errors))


def _reset_of(headers: Mapping[str, str], data: object, now: float) -> float | None:
    seconds = _asked(headers, now) or _until_reset(headers, now)
    if seconds is not None:
        return seconds
    limit = data.get("rateLimit") if isinstance(data, dict) else None
    at = iso_micros(limit.get("resetAt")) if isinstance(limit, dict) else 0
    return max(0.0, at / 1_000_000 - now) + 1.0 if at else None


def _other_errors(errors: list[dict[str, Any]]) -> Meaning:
    """Errors of other types: a query refused by the schema never passes, the rest may."""
    messages = "; ".join(str(error.get("message"))[:200] for error in errors[:3])
    if any("locations" in error and "path" not in error for error in errors):
        raise SourceError(
            f"GitHub refused a query: {messages}",
            next_step="An older Enterprise Server may lack fields; upgrade it or report this.",
        )
    if "timeout" in messages.lower() or "something went wrong" in messages.lower():
        return Heavy(why=messages)
    return Broken(why=messages)


def _without_data(errors: list[dict[str, Any]]) -> Meaning:
    if errors:
        raise AuthError(f"GitHub refused the query: {str(errors[0].get('message'))[:200]}")
    return Broken(why="the answer carries no data", malformed=True)


def _path(error: Mapping[str, Any]) -> tuple[tuple[str | int, ...], str]:
    found = error.get("path")
    steps = found if isinstance(found, list) else []
    return tuple(step for step in steps if isinstance(step, str | int)), str(error.get("type"))
