"""Logs of jobs: a redirect to a signed address, and the text that stands there for 90 days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import Respond, forbidden, lacks
from evidence.demo.github_view import View
from evidence.demo.history import CheckRecord, RepositoryRecord
from evidence.demo.moments import DAY, iso
from evidence.demo.serving import Request

KEPT: Final = 90 * DAY
_BLOB: Final = "/_blob/([0-9]+)/([0-9]+)"


def job_log(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """302 to where the log can be fetched for a minute; 410 once it is not kept any more."""
    if lacks(view, "actions"):
        return forbidden()
    one = _job(view, where, parts[0])
    if one is None or one.log == "none":
        return json_answer(404, {"message": "Not Found", "status": "404"})
    if one.completed_at + KEPT < view.at:
        return json_answer(410, {"message": "Logs have been removed", "status": "410"})
    host = request.headers.get("host", "")
    place = f"http://{host}/_blob/{where.id}/{one.id}?se=60&sig=signed"
    return Answer(status=302, headers={"Location": place})


def blob(view: View, request: Request) -> Answer | None:
    """The text behind a signed address, which refuses any credential; None for other paths."""
    matched = re.fullmatch(_BLOB, request.path)
    if matched is None:
        return None
    if "authorization" in request.headers or "sig" not in request.query:
        return Answer(status=403, body=b"<Error><Code>AuthenticationFailed</Code></Error>")
    for where in view.history.repositories.values():
        one = _job(view, where, matched[2]) if str(where.id) == matched[1] else None
        if one is not None:
            return Answer(body=_text(one).encode(), headers={"Content-Type": "text/plain"})
    return Answer(status=404)


def _job(view: View, where: RepositoryRecord, number: str) -> CheckRecord | None:
    for checks in where.checks.values():
        for one in checks:
            ended = 0 < one.completed_at <= view.at
            if str(one.id) == number and one.app == "github-actions" and ended:
                return one
    return None


def _text(one: CheckRecord) -> str:
    """Lines with their times, as the runner writes them."""
    told = one.log.strip() or f"Run {one.name}\n{one.name}: {one.conclusion.lower()}"
    lines = ["##[group]Run actions/checkout", "##[endgroup]", *told.splitlines()]
    return "".join(f"{iso(one.started_at)[:-1]}.0000000Z {line}\n" for line in lines)


ROUTES: Final[Mapping[str, Respond]] = {"actions/jobs/([0-9]+)/logs": job_log}
"""Path below the repository -> what answers it."""
