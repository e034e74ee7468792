"""GitHub's REST answers about rulesets: lists, one of them, its history and its versions."""

from __future__ import annotations

from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    check_body,
    forbidden,
    lacks,
    listed,
    not_found,
)
from evidence.demo.github_ids import node_id
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    ruleset_id,
    rulesets,
    since,
    team_id,
    versions,
)
from evidence.demo.world_settings import Bypass, Ruleset

_ROLE_IDS: Final = {"read": 1, "maintain": 2, "triage": 3, "write": 4, "admin": 5}


def ruleset_list(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    return listed(
        request, [_ruleset_head(view, where, row) for row in rulesets(view, where, view.at)]
    )


def _ruleset_head(view: View, where: RepositoryRecord, row: Ruleset) -> dict[str, Any]:
    every = versions(view, where, row.name)
    return {
        "id": ruleset_id(view, row.name),
        "name": row.name,
        "target": row.target,
        "source_type": "Repository",
        "source": view.full_name(where),
        "enforcement": row.enforcement,
        "node_id": node_id("RepositoryRuleset", row.name),
        "created_at": iso(every[0][0]),
        "updated_at": iso(since(view, row, where)),
    }


def ruleset(
    view: View, _request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    row = _by_id(view, where, parts[0])
    if row is None:
        return not_found()
    return json_answer(200, {**_ruleset_head(view, where, row), **_state(view, row)})


def _by_id(view: View, where: RepositoryRecord, number: str) -> Ruleset | None:
    found = rulesets(view, where, view.at)
    return next((row for row in found if str(ruleset_id(view, row.name)) == number), None)


def _state(view: View, row: Ruleset) -> dict[str, Any]:
    body: dict[str, Any] = {
        "conditions": {"ref_name": {"include": list(row.include), "exclude": list(row.exclude)}},
        "rules": _rules(row),
        "current_user_can_bypass": "never",
    }
    if not (lacks(view, "administration") or lacks(view, "bypass_actors")):
        body["bypass_actors"] = [_bypass(view, one) for one in row.bypass]
    return body


def _rules(row: Ruleset) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    found += [] if row.deletions else [{"type": "deletion"}]
    found += [] if row.force_pushes else [{"type": "non_fast_forward"}]
    if row.approvals >= 0:
        parameters = {
            "required_approving_review_count": row.approvals,
            "dismiss_stale_reviews_on_push": row.dismiss_stale,
            "require_code_owner_review": row.code_owners,
            "require_last_push_approval": row.last_push,
            "required_review_thread_resolution": False,
            "allowed_merge_methods": ["merge", "squash", "rebase"],
        }
        found.append({"type": "pull_request", "parameters": parameters})
    if row.checks:
        checks = [check_body(name, "integration_id") for name in row.checks]
        wanted = [{k: v for k, v in one.items() if v is not None} for one in checks]
        parameters = {
            "strict_required_status_checks_policy": row.strict,
            "do_not_enforce_on_create": False,
            "required_status_checks": wanted,
        }
        found.append({"type": "required_status_checks", "parameters": parameters})
    return found


def _bypass(view: View, one: Bypass) -> dict[str, Any]:
    kind, _, name = one.actor.partition(":")
    if one.actor == "organisation_admins":
        return {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": one.mode}
    if one.actor == "deploy_keys":
        return {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": one.mode}
    if kind == "team":
        number, what = team_id(view, name), "Team"
    elif kind == "role":
        number, what = _ROLE_IDS[name], "RepositoryRole"
    elif kind == "app":
        number, what = int(name), "Integration"
    else:
        number, what = view.account_id(one.actor), "User"
    return {"actor_id": number, "actor_type": what, "bypass_mode": one.mode}


def ruleset_history(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """Newest first."""
    if lacks(view, "administration"):
        return forbidden()
    row = _by_id(view, where, parts[0])
    if row is None:
        return not_found()
    return listed(request, [body for body, _ in _history(view, where, row.name)])


def ruleset_version(
    view: View, _request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    if lacks(view, "administration"):
        return forbidden()
    row = _by_id(view, where, parts[0])
    for body, state in _history(view, where, row.name) if row else ():
        if str(body["version_id"]) == parts[1]:
            named = {"id": int(parts[0]), "name": state.name, "enforcement": state.enforcement}
            full = {**named, "target": state.target, **_state(view, state)}
            return json_answer(200, {**body, "state": full})
    return not_found()


def _history(
    view: View, where: RepositoryRecord, name: str
) -> list[tuple[dict[str, Any], Ruleset]]:
    first = next(iter(view.people), "")
    found = []
    for index, (begin, row) in enumerate(versions(view, where, name)):
        body = {
            "version_id": ruleset_id(view, name) * 1000 + index,
            "actor": {"id": view.account_id(row.by or first), "type": "User"},
            "updated_at": iso(begin),
        }
        if not row.forgotten:
            found.append((body, row))
    return found[::-1]
