"""GitHub's REST answers about what was done to branches: activity and rule suites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    Respond,
    address,
    forbidden,
    lacks,
    listed,
    not_found,
    number_of,
    user_body,
)
from evidence.demo.github_ids import node_id
from evidence.demo.github_view import View
from evidence.demo.history import MoveRecord, RepositoryRecord
from evidence.demo.moments import DAY, HOUR, iso
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    applies,
    protection,
    ruleset_id,
    rulesets,
    suite_result,
)

_NONE: Final = "0" * 40
_PERIODS: Final = {
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "quarter": 90 * DAY,
    "year": 365 * DAY,
}
_SUITES_FROM: Final = 500_000


def _moves(view: View, where: RepositoryRecord) -> list[tuple[int, MoveRecord]]:
    """(place in the story, movement) of what has happened, newest first."""
    found = [pair for pair in enumerate(where.moves) if pair[1].at <= view.at]
    return [pair for pair in found if "gh-readonly-queue" not in pair[1].ref][::-1]


def _within(view: View, request: Request, default: str) -> int:
    period = request.query.get("time_period", default)
    return view.at - _PERIODS[period] if period else 0


def _wrong(request: Request, allowed: tuple[str, ...]) -> bool:
    return request.query.get("time_period", allowed[0]) not in allowed


def _unprocessable() -> Answer:
    docs = "https://docs.github.com/rest"
    return json_answer(422, {"message": "Validation Failed", "documentation_url": docs})


# --- activity


def activity(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """Newest first, paged by an opaque cursor."""
    if _wrong(request, ("day", "week", "month", "quarter", "year")):
        return _unprocessable()
    ref = request.query.get("ref", "")
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    begin = _within(view, request, "")
    rows = [
        (place, move)
        for place, move in _moves(view, where)
        if move.recorded and move.at >= begin and (not ref or move.ref == full)
    ]
    after = request.query.get("after", "")
    if after.removeprefix("cursor-").isdecimal():
        rows = [pair for pair in rows if pair[0] < int(after.removeprefix("cursor-"))]
    size = max(1, min(100, number_of(request, "per_page", 30)))
    more = {}
    if len(rows) > size:
        onward = address(request, after=f"cursor-{rows[size - 1][0]}")
        more["Link"] = f'<{onward}>; rel="next"'
    return json_answer(200, [_activity(view, where, *one) for one in rows[:size]], **more)


def _activity(view: View, where: RepositoryRecord, place: int, move: MoveRecord) -> dict[str, Any]:
    made, gone = not move.before, not move.after
    kind = "branch_creation" if made else "branch_deletion" if gone else move.kind
    number = where.id * 1_000_000 + place
    return {
        "id": number,
        "node_id": node_id("PushEvent", number),
        "before": move.before or _NONE,
        "after": move.after or _NONE,
        "ref": move.ref,
        "timestamp": iso(move.at),
        "activity_type": kind,
        "actor": user_body(view, move.by) if move.by else None,
    }


# --- rule suites


def rule_suites(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """The last day unless another period is asked for; never more than a month."""
    if lacks(view, "administration"):
        return forbidden()
    if _wrong(request, ("day", "hour", "week", "month")):
        return _unprocessable()
    begin, ref = _within(view, request, "day"), request.query.get("ref", "")
    wanted = request.query.get("rule_suite_result", "all")
    rows = []
    for place, move in _moves(view, where):
        result = suite_result(view, where, move)
        named = not ref or move.ref in (ref, f"refs/heads/{ref}")
        if result and named and move.at >= begin and wanted in ("all", result):
            rows.append(_suite(view, where, place, move, result))
    return listed(request, rows)


def _suite(
    view: View, where: RepositoryRecord, place: int, move: MoveRecord, result: str
) -> dict[str, Any]:
    actor = user_body(view, move.by) if move.by else None
    return {
        "id": where.id * 1_000_000 + _SUITES_FROM + place,
        "actor_id": actor["id"] if actor else None,
        "actor_name": actor["login"] if actor else None,
        "before_sha": move.before or _NONE,
        "after_sha": move.after or _NONE,
        "ref": move.ref,
        "repository_id": where.id,
        "repository_name": view.full_name(where).split("/")[1],
        "pushed_at": iso(move.at),
        "result": result,
        "evaluation_result": _if_all_were_active(view, where, move, result),
    }


def _if_all_were_active(
    view: View, where: RepositoryRecord, move: MoveRecord, result: str
) -> str | None:
    """Null where no rule only reports; rules that report ask the same of a push as active ones."""
    reporting = any(
        row.enforcement == "evaluate" and applies(row, where, move.ref, move.at)
        for row in rulesets(view, where, move.at)
    )
    if not reporting:
        return None
    return "pass" if move.kind in ("pr_merge", "merge_queue_merge") and result == "pass" else "fail"


def rule_suite(
    view: View, _request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """One evaluation of rules, with a row for each rule."""
    if lacks(view, "administration"):
        return forbidden()
    for place, move in _moves(view, where):
        result = suite_result(view, where, move)
        body = _suite(view, where, place, move, result)
        if result and str(body["id"]) == parts[0]:
            evaluations = _evaluations(view, where, move, result)
            return json_answer(200, {**body, "rule_evaluations": evaluations})
    return not_found()


def _evaluations(
    view: View, where: RepositoryRecord, move: MoveRecord, result: str
) -> list[dict[str, Any]]:
    """One row for the pull request that each source of rules asks for."""
    said = {"result": "fail", "details": "Changes must be made through a pull request."}
    passed = {"result": "pass", "details": None}
    found = []
    for row in rulesets(view, where, move.at):
        if row.enforcement != "disabled" and applies(row, where, move.ref, move.at):
            source = {"type": "ruleset", "id": ruleset_id(view, row.name), "name": row.name}
            found.append((source, row.enforcement))
    if protection(view, where, move.ref.removeprefix("refs/heads/"), move.at):
        found.append(({"type": "protected_branch", "id": None, "name": None}, "active"))
    return [
        {
            "rule_source": source,
            "enforcement": enforcement,
            "rule_type": "pull_request",
            **(said if result == "bypass" else passed),
        }
        for source, enforcement in found
    ]


ROUTES: Final[Mapping[str, Respond]] = {
    "activity": activity,
    "rulesets/rule-suites": rule_suites,
    "rulesets/rule-suites/([0-9]+)": rule_suite,
}
"""Path below the repository -> what answers it."""
