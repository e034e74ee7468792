"""REST lists of the simulated GitHub that hang on pull requests and commits.

Enough for an ordinary client to iterate over (reviews, commits, check runs, statuses, timelines)
and for the question what a credential can read. Objects carry a `url`, as clients expect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    Respond,
    forbidden,
    lacks,
    listed,
    not_found,
    user_body,
)
from evidence.demo.github_checks import newest, visible
from evidence.demo.github_view import View
from evidence.demo.history import CheckRecord, CommentRecord, PullRecord, RepositoryRecord
from evidence.demo.moments import iso, moment
from evidence.demo.series import as_of
from evidence.demo.serving import Request


def root_of(view: View, request: Request, where: RepositoryRecord) -> str:
    """The address of a repository at this server."""
    prefix = "/api/v3" if request.path.startswith("/api/v3") else ""
    return f"http://{request.headers.get('host', '')}{prefix}/repos/{view.full_name(where)}"


def _user(view: View, key: str) -> dict[str, Any] | None:
    node = view.actor(key)
    return {"login": node["login"], "id": node["databaseId"], "type": "User"} if node else None


def _pull(view: View, where: RepositoryRecord, number: str) -> PullRecord | None:
    pull = where.pulls.get(int(number))
    return pull if pull and pull.at <= view.at else None


def reviews(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The reviews of a pull request."""
    pull = _pull(view, where, parts[0])
    if pull is None:
        return not_found()
    rows = [
        {
            "id": one.id,
            "user": _user(view, one.author),
            "body": one.body,
            "state": as_of(one.states, view.at, "PENDING"),
            "submitted_at": iso(one.at),
            "commit_id": as_of(one.commits, view.at, "") or None,
        }
        for one in pull.reviews
        if one.at <= view.at
    ]
    return listed(request, rows)


def pull_commits(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The commits of a pull request: 250 at most."""
    pull = _pull(view, where, parts[0])
    if pull is None:
        return not_found()
    shas = as_of(pull.commits, view.at, ())[:250]
    return listed(request, [_commit(view, request, where, sha) for sha in shas])


def _commit(view: View, request: Request, where: RepositoryRecord, sha: str) -> dict[str, Any]:
    commit = where.objects.commits[sha]
    root = root_of(view, request, where)
    return {
        "sha": sha,
        "url": f"{root}/commits/{sha}",
        "commit": {"message": commit.message, "tree": {"sha": commit.tree}},
        "parents": [{"sha": one, "url": f"{root}/commits/{one}"} for one in commit.parents],
    }


def timeline(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The timeline of a pull request."""
    pull = _pull(view, where, parts[0])
    if pull is None:
        return not_found()
    rows = [
        {
            "id": one.id,
            "event": one.kind.removesuffix("Event").lower(),
            "created_at": iso(one.at),
            "actor": _user(view, one.actor),
        }
        for one in pull.events
        if one.at <= view.at
    ]
    return listed(request, rows)


def _sha(view: View, where: RepositoryRecord, ref: str) -> str:
    if ref == "HEAD":
        return view.refs(where).get(f"refs/heads/{where.default_at(view.at)}", "")
    return ref if ref in where.objects.commits else view.refs(where).get(f"refs/heads/{ref}", "")


def one_commit(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """A commit by its sha, a branch or HEAD."""
    sha = _sha(view, where, parts[0])
    if not sha:
        return not_found()
    return json_answer(200, _commit(view, request, where, sha))


def commits(view: View, request: Request, where: RepositoryRecord, _: tuple[str, ...]) -> Answer:
    """The tip of the default branch: all that is asked for here."""
    sha = _sha(view, where, "HEAD")
    return listed(request, [_commit(view, request, where, sha)] if sha else [])


def check_runs(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The check runs of a commit; the newest of each, unless `filter=all`."""
    if lacks(view, "checks"):
        return forbidden()
    sha = _sha(view, where, parts[0])
    found = [one for one in visible(view, where, sha) if one.kind == "check_run"]
    shown = found if request.query.get("filter") == "all" else newest(found)
    return listed(request, [_run(view, one) for one in shown], "check_runs")


def _run(view: View, one: CheckRecord) -> dict[str, Any]:
    ended = 0 < one.completed_at <= view.at
    return {
        "id": one.id,
        "name": one.name,
        "head_sha": one.sha,
        "status": "completed" if ended else "in_progress",
        "conclusion": one.conclusion.lower() if ended else None,
        "started_at": iso(one.started_at),
        "completed_at": iso(one.completed_at) if ended else None,
    }


def status(view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]) -> Answer:
    """The combined status of a commit."""
    sha = _sha(view, where, parts[0])
    found = newest(one for one in visible(view, where, sha) if one.kind == "status")
    rows = [{"context": one.name, "state": one.conclusion.lower()} for one in found]
    root = root_of(view, request, where)
    return json_answer(
        200,
        {
            "sha": sha,
            "state": "success",
            "url": f"{root}/commits/{sha}/status",
            "statuses": rows,
            "total_count": len(rows),
        },
    )


def issues(view: View, request: Request, where: RepositoryRecord, _: tuple[str, ...]) -> Answer:
    """The issues of a repository, as numbers and titles."""
    rows = [
        {"number": one.number, "title": as_of(one.titles, view.at, "")}
        for one in view.issues(where)
    ]
    return listed(request, rows)


def one_issue(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """A pull request as the issue that it is as well."""
    if _pull(view, where, parts[0]) is None:
        return not_found()
    url = f"{root_of(view, request, where)}/issues/{parts[0]}"
    return json_answer(200, {"number": int(parts[0]), "url": url})


def no_runs(_view: View, request: Request, _: RepositoryRecord, __: tuple[str, ...]) -> Answer:
    """Workflow runs are not simulated: an empty list."""
    return listed(request, [], "workflow_runs")


def no_deployments(
    _view: View, request: Request, _: RepositoryRecord, __: tuple[str, ...]
) -> Answer:
    """Deployments are not simulated: an empty list."""
    return listed(request, [])


def line_comments(
    view: View, request: Request, where: RepositoryRecord, _: tuple[str, ...]
) -> Answer:
    """Comments on lines of every pull request, those changed last at the end."""
    if lacks(view, "pull_requests"):
        return forbidden()
    since = moment(request.query["since"], 0) if request.query.get("since") else 0
    rows = sorted(
        (_updated(one, view.at), one.id, pull.number, one)
        for pull in view.pulls(where)
        for one in pull.line_comments
        if one.at <= view.at
    )
    root = root_of(view, request, where)
    shown = [
        {
            "id": number,
            "pull_request_review_id": one.review or None,
            "pull_request_url": f"{root}/pulls/{pull}",
            "user": user_body(view, one.author),
            "body": one.body,
            "path": one.path,
            "line": one.line,
            "original_line": one.line,
            "commit_id": one.sha,
            "original_commit_id": one.sha,
            "diff_hunk": "@@ -1 +1 @@",
            "author_association": "MEMBER",
            "created_at": iso(one.at),
            "updated_at": iso(at),
        }
        for at, number, pull, one in rows
        if at >= since
    ]
    return listed(request, shown)


def _updated(one: CommentRecord, now: int) -> int:
    return one.edited_at if one.at < one.edited_at <= now else one.at


ROUTES: Final[Mapping[str, Respond]] = {
    "pulls/comments": line_comments,
    "pulls/([0-9]+)/reviews": reviews,
    "pulls/([0-9]+)/commits": pull_commits,
    "issues": issues,
    "issues/([0-9]+)": one_issue,
    "issues/([0-9]+)/timeline": timeline,
    "commits": commits,
    "commits/([^/]+)": one_commit,
    "commits/([^/]+)/check-runs": check_runs,
    "commits/([^/]+)/status": status,
    "actions/runs": no_runs,
    "deployments": no_deployments,
}
"""Path below the repository -> what answers it."""
