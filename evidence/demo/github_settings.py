"""GitHub's REST answers about protection, rulesets, CODEOWNERS errors and environments.

Fields are those of the published description of the REST API (2022-11-28), as far as they say
something; addresses of web pages are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlencode

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_checks import app_node
from evidence.demo.github_view import View, node_id
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    applies,
    environments,
    every_team,
    permission,
    protection,
    ruleset_id,
    rulesets,
    since,
    team_id,
    versions,
)
from evidence.demo.world_settings import Bypass, Environment, Protection, Ruleset

_ROLE_IDS: Final = {"read": 1, "maintain": 2, "triage": 3, "write": 4, "admin": 5}

Body = Mapping[str, Any]
Respond = Callable[[View, Request, RepositoryRecord, tuple[str, ...]], Answer]


def not_found(message: str = "Not Found") -> Answer:
    """404: absent, or not for this credential."""
    docs = "https://docs.github.com/rest"
    return json_answer(404, {"message": message, "documentation_url": docs, "status": "404"})


def forbidden(message: str = "Resource not accessible by personal access token") -> Answer:
    """403 for lack of a permission."""
    docs = "https://docs.github.com/rest"
    return json_answer(403, {"message": message, "documentation_url": docs, "status": "403"})


def listed(request: Request, rows: list[Any], wrap: str = "") -> Answer:
    """One page of a list with its `Link`; with `wrap` as the object that some lists are."""
    size = max(1, min(100, number_of(request, "per_page", 30)))
    page = max(1, number_of(request, "page", 1))
    shown = rows[(page - 1) * size : page * size]
    more = {}
    if page * size < len(rows):
        more["Link"] = f'<{address(request, page=page + 1)}>; rel="next"'
    body: Any = {"total_count": len(rows), wrap: shown} if wrap else shown
    return json_answer(200, body, **more)


def address(request: Request, **over: object) -> str:
    """The address of this list with other parameters."""
    host = request.headers.get("host", "")
    return f"http://{host}{request.path}?{urlencode({**request.query, **over})}"


def number_of(request: Request, name: str, default: int) -> int:
    """A numeric parameter."""
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else default


def lacks(view: View, permission_name: str) -> bool:
    """Whether the collector's credential lacks a permission."""
    return permission_name in view.world.access.without


def user_body(view: View, key: str) -> dict[str, Any] | None:
    """A person as a `SimpleUser`: a bot's login ends in `[bot]` here."""
    node = view.actor(key)
    if node is None:
        return None
    bot = node["__typename"] == "Bot"
    return {
        "login": f"{node['login']}[bot]" if bot else node["login"],
        "id": node["databaseId"],
        "node_id": node["id"],
        "avatar_url": "",
        "type": "Bot" if bot else "User",
        "site_admin": False,
    }


def team_body(view: View, name: str) -> dict[str, Any]:
    """A team as other answers name it."""
    return {
        "id": team_id(view, name),
        "node_id": node_id("Team", name),
        "name": name,
        "slug": name,
        "description": None,
        "privacy": "closed",
        "permission": "pull",
        "parent": None,
    }


def _people(view: View, keys: tuple[str, ...]) -> dict[str, list[Any]]:
    users = [body for key in keys if (body := user_body(view, key))]
    return {"users": users, "teams": [], "apps": []}


def _check(name: str, app: str) -> dict[str, Any]:
    plain, _, slug = name.partition("@")
    return {"context": plain, app: app_node(slug)["databaseId"] if slug else None}


# --- classic protection


def branch_protection(
    view: View, _request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    if lacks(view, "administration"):
        return not_found()
    row = protection(view, where, unquote(parts[0]), view.at)
    return json_answer(200, _protection(view, row)) if row else not_found("Branch not protected")


def _protection(view: View, row: Protection) -> Body:
    body: dict[str, Any] = {
        "url": "https://api.github.example/protection",
        "required_signatures": {"url": "", "enabled": False},
        "enforce_admins": {"url": "", "enabled": row.enforce_admins},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": row.force_pushes},
        "allow_deletions": {"enabled": row.deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    if row.approvals >= 0:
        body["required_pull_request_reviews"] = {
            "url": "",
            "dismiss_stale_reviews": row.dismiss_stale,
            "require_code_owner_reviews": row.code_owners,
            "required_approving_review_count": row.approvals,
            "require_last_push_approval": row.last_push,
            "bypass_pull_request_allowances": _people(view, row.bypass),
        }
    if row.checks:
        body["required_status_checks"] = {
            "url": "",
            "strict": row.strict,
            "contexts": [name.partition("@")[0] for name in row.checks],
            "checks": [_check(name, "app_id") for name in row.checks],
        }
    if row.pushers:
        body["restrictions"] = {"url": "", **_people(view, row.pushers)}
    return body


def branch(
    view: View, _request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """A branch as anyone who reads the repository sees it."""
    name = unquote(parts[0])
    sha = view.refs(where).get(f"refs/heads/{name}")
    if sha is None:
        return not_found("Branch not found")
    active = any(
        row.enforcement == "active" and applies(row, where, f"refs/heads/{name}")
        for row in rulesets(view, where, view.at)
    )
    classic = protection(view, where, name, view.at)
    body = {"name": name, "commit": {"sha": sha}, "protected": bool(classic) or active}
    return json_answer(200, body)


# --- rulesets


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
        checks = [_check(name, "integration_id") for name in row.checks]
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


# --- CODEOWNERS


def codeowners_errors(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """Lines that GitHub skips: owners that it does not know or that may not write."""
    name = request.query.get("ref", where.world.default_branch).removeprefix("refs/heads/")
    sha = view.refs(where).get(f"refs/heads/{name}")
    files = where.objects.commits[sha].files if sha else {}
    places = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    path = next((one for one in places if one in files), "")
    if not path:
        return not_found()
    lines = where.objects.text(files[path][1]).splitlines()
    errors = [
        {
            "line": number,
            "column": line.find(owner) + 1,
            "source": line,
            "kind": kind,
            "suggestion": None,
            "message": f"{kind} on line {number}: {owner}",
            "path": path,
        }
        for number, line in enumerate(lines, 1)
        for owner, kind in _owner_errors(view, where, line.partition("#")[0])
    ]
    return json_answer(200, {"errors": errors})


def _owner_errors(view: View, where: RepositoryRecord, line: str) -> list[tuple[str, str]]:
    pattern, *owners = line.split() or [""]
    if pattern.startswith("!") or "[" in pattern:
        return [(pattern, "Invalid pattern")]
    return [(one, "Unknown owner") for one in owners if not _may_own(view, where, one)]


def _may_own(view: View, where: RepositoryRecord, owner: str) -> bool:
    name = owner.removeprefix("@")
    if "/" in name:
        team = every_team(view).get(name.partition("/")[2])
        return team is not None and team.permission in ("push", "maintain", "admin")
    if "@" in name:
        return True
    person = next((p for p in view.people.values() if view.login(p) == name), None)
    return person is not None and permission(view, where, person.key) not in (
        "none",
        "pull",
        "triage",
    )


# --- environments


def environment_list(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    if lacks(view, "environments"):
        return forbidden()
    rows = [_environment(view, where, one) for one in environments(view, where)]
    return listed(request, rows, "environments")


def _environment(view: View, where: RepositoryRecord, row: Environment) -> Body:
    rules: list[dict[str, Any]] = []
    number = 61_000 + sum(row.name.encode())
    if row.wait:
        rules.append({"id": number + 1, "type": "wait_timer", "wait_timer": row.wait})
    if row.reviewers:
        rules.append(
            {
                "id": number + 2,
                "type": "required_reviewers",
                "prevent_self_review": row.prevent_self_review,
                "reviewers": [_reviewer(view, one) for one in row.reviewers],
            }
        )
    policy = None
    if row.branches != "all":
        rules.append({"id": number + 3, "type": "branch_policy"})
        custom = row.branches == "custom"
        policy = {"protected_branches": not custom, "custom_branch_policies": custom}
    return {
        "id": number,
        "node_id": node_id("Environment", where.id, row.name),
        "name": row.name,
        "created_at": iso(where.created_at),
        "updated_at": iso(since(view, row, where)),
        "can_admins_bypass": True,
        "protection_rules": rules,
        "deployment_branch_policy": policy,
    }


def _reviewer(view: View, one: str) -> Body:
    kind, _, name = one.partition(":")
    if kind == "team":
        return {"type": "Team", "reviewer": team_body(view, name)}
    return {"type": "User", "reviewer": user_body(view, one)}


def branch_policies(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    for row in environments(view, where):
        if row.name == unquote(parts[0]) and not lacks(view, "environments"):
            rows = [
                {"id": 71_000 + index, "name": name, "type": "branch"}
                for index, name in enumerate(row.patterns)
            ]
            return listed(request, rows, "branch_policies")
    return not_found()


ROUTES: Final[Mapping[str, Respond]] = {
    "branches/([^/]+)/protection": branch_protection,
    "branches/([^/]+)": branch,
    "rulesets": ruleset_list,
    "rulesets/([0-9]+)": ruleset,
    "rulesets/([0-9]+)/history": ruleset_history,
    "rulesets/([0-9]+)/history/([0-9]+)": ruleset_version,
    "codeowners/errors": codeowners_errors,
    "environments": environment_list,
    "environments/([^/]+)/deployment-branch-policies": branch_policies,
}
"""Path below the repository -> what answers it."""
