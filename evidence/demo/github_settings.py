"""GitHub's REST answers about protection, CODEOWNERS errors and environments.

Fields are those of the published description of the REST API (2022-11-28), as far as they say
something; addresses of web pages are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    Body,
    Respond,
    check_body,
    forbidden,
    lacks,
    listed,
    not_found,
    people_body,
    team_body,
    user_body,
)
from evidence.demo.github_ids import node_id
from evidence.demo.github_rulesets import (
    ruleset,
    ruleset_history,
    ruleset_list,
    ruleset_version,
)
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.serving import Request
from evidence.demo.settings_view import (
    applies,
    environments,
    every_team,
    permission,
    protection,
    rulesets,
    since,
)
from evidence.demo.world_settings import Environment, Protection

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
            "bypass_pull_request_allowances": people_body(view, row.bypass),
        }
    if row.checks:
        body["required_status_checks"] = {
            "url": "",
            "strict": row.strict,
            "contexts": [name.partition("@")[0] for name in row.checks],
            "checks": [check_body(name, "app_id") for name in row.checks],
        }
    if row.pushers:
        body["restrictions"] = {"url": "", **people_body(view, row.pushers)}
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
        row.enforcement == "active" and applies(row, where, f"refs/heads/{name}", view.at)
        for row in rulesets(view, where, view.at)
    )
    classic = protection(view, where, name, view.at)
    body = {"name": name, "commit": {"sha": sha}, "protected": bool(classic) or active}
    return json_answer(200, body)


# --- CODEOWNERS


def codeowners_errors(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """Lines that GitHub skips: owners that it does not know or that may not write."""
    name = request.query.get("ref", where.default_at(view.at)).removeprefix("refs/heads/")
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
    return [
        (one, "Unknown owner" if "@" in one else "Invalid owner")
        for one in owners
        if "@" not in one or not _may_own(view, where, one)
    ]


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
