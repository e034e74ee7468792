"""GitHub's REST answer about the audit log of the simulated organisation.

Shape: docs.github.com "Get the audit log for an organization" (Enterprise Cloud): a plain list,
newest first unless `order=asc`, paged by `after`, its times in milliseconds. Without a date it
shows three months; nothing is kept for longer than 180 days.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import address, forbidden, lacks, not_found, number_of
from evidence.demo.github_view import View
from evidence.demo.moments import DAY, moment
from evidence.demo.serving import Request
from evidence.demo.settings_view import ruleset_id
from evidence.demo.world_identity import AuditEntry
from evidence.errors import ConfigError

_KEPT: Final = 180 * DAY
_SHOWN: Final = 90 * DAY
_ORGANISATION_ID: Final = 4001


def audit_log(view: View, request: Request, owner: str) -> Answer:
    """One page; 404 without the plan, 403 without the permission, 422 for what it cannot read."""
    if "audit_log" in view.world.access.off or not view.world.audit:
        return not_found()
    if lacks(view, "audit_log"):
        return forbidden("You must be an owner to view the audit log.")
    phrase = request.query.get("phrase", "")
    asked = re.fullmatch(r"(?:created:>=(\d{4}-\d\d-\d\d))?", phrase)
    if asked is None or request.query.get("include", "web") not in ("web", "all", "git"):
        return json_answer(422, {"message": "Validation Failed", "status": "422"})
    begin = max(view.at - _KEPT, _day(asked[1]) if asked[1] else view.at - _SHOWN)
    rows = [] if request.query.get("include") == "git" else _rows(view, owner, begin)
    if request.query.get("order", "desc") != "asc":
        rows.reverse()
    size = max(1, min(100, number_of(request, "per_page", 30)))
    first = number_of(request, "after", 0)
    more = {}
    if first + size < len(rows):
        more["Link"] = f'<{address(request, after=first + size)}>; rel="next"'
    return json_answer(200, rows[first : first + size], **more)


def _day(written: str) -> int:
    found = datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)
    return int(found.timestamp()) * 1_000_000


def _rows(view: View, owner: str, begin: int) -> list[dict[str, Any]]:
    found = []
    for place, one in enumerate(view.world.audit):
        at = moment(one.at, view.epoch)
        shown = moment(one.shown_at, view.epoch) if one.shown_at else at
        if begin <= at and max(at, shown) <= view.at:
            found.append((at, place, _body(view, owner, one, at, place)))
    return [body for _, _, body in sorted(found, key=lambda row: row[:2])]


def _body(view: View, owner: str, one: AuditEntry, at: int, place: int) -> dict[str, Any]:
    """An entry with the members that its action has."""
    body: dict[str, Any] = {
        "@timestamp": at // 1_000,
        "_document_id": hashlib.sha256(f"{place} {one.action}".encode()).hexdigest()[:22],
        "action": one.action,
        "created_at": at // 1_000,
        "org": owner,
        "org_id": _ORGANISATION_ID,
        "operation_type": "modify",
        **one.data,
    }
    who = view.user(one.by) if one.by else None
    if who is not None:
        body |= {"actor": who["login"], "actor_id": who["databaseId"], "actor_is_bot": False}
    if one.repository:
        where = view.history.repositories[one.repository]
        body |= {"repo": view.full_name(where), "repo_id": where.id, "public_repo": False}
    if one.ruleset:
        body |= {"ruleset_id": int(ruleset_id(view, one.ruleset)), "ruleset_name": one.ruleset}
    if one.on:
        body |= _override(view, one)
    return body


def _override(view: View, one: AuditEntry) -> dict[str, Any]:
    if one.on not in view.history.names:
        raise ConfigError(f"`{one.on}` names no commit that a branch could have come to.")
    reasons = [{"code": code, "message": "It was not met."} for code in one.codes]
    return {
        "branch": f"refs/heads/{one.branch or 'main'}",
        "before": "0" * 40,
        "after": view.history.names[one.on][1],
        "overridden_codes": list(one.codes),
        "reasons": reasons,
    }
