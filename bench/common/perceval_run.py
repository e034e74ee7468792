"""A public collector on the same server: perceval's GitHub backend, where it is installed.

It is no dependency: `pip install perceval` into any environment whose `bin` is on PATH. What the
simulated REST interface does not serve and perceval asks for (pull requests among the issues,
accounts, requested reviewers) is answered here, in the published shape.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from evidence.demo.faults import Answer, json_answer
from evidence.demo.serving import Request
from evidence.demo.simulation import Simulation

NAME = "perceval"
_PAGE = 100


def collect(simulation: Simulation) -> str:
    """One line of figures; that it is not installed where it is not."""
    program = shutil.which(NAME)
    if program is None:
        return f"{NAME}: not installed"
    moment, server = simulation.end(), simulation.server("github")
    owner, name = next(iter(moment.repositories.values())).split("/")
    before = server._respond  # noqa: SLF001 - the bench stands between the server and its world

    def respond(request: Request) -> Answer:
        return _more(simulation, request) or _whole(request, before(request))

    server._respond = respond  # noqa: SLF001
    calls, started = server.calls, time.perf_counter()
    try:
        done = subprocess.run(
            [
                *(program, "github", owner, name, "--category", "pull_request", "--no-archive"),
                *("-t", moment.github_token, "--enterprise-url", moment.github_url, "--json-line"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server._respond = before  # noqa: SLF001
    found = len(done.stdout.splitlines())
    if done.returncode or not found:
        return f"{NAME}: ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    used = server.calls - calls
    return (
        f"{NAME}: {used} requests for {found} pull requests = {used / found * 1000:.0f} for 1,000, "
        f"without checks, statuses and issues; {time.perf_counter() - started:.1f} s without any "
        "latency"
    )


def _more(simulation: Simulation, request: Request) -> Answer | None:
    """What is not simulated and asked for."""
    path = request.path.removeprefix("/api/v3")
    if re.fullmatch("/repos/[^/]+/[^/]+/issues", path):
        return _issues(simulation, request)
    if path.endswith("/requested_reviewers"):
        return json_answer(200, {"users": [], "teams": []})
    if re.fullmatch("/users/[^/]+/orgs", path) or path.endswith("/reactions"):
        return json_answer(200, [])
    if re.fullmatch("/users/[^/]+", path):
        login = path.rpartition("/")[2]
        return json_answer(200, {"login": login, "id": 1, "type": "User", "name": login})
    return None


def _whole(request: Request, answer: Answer) -> Answer:
    """A single pull request with the counts that perceval looks at."""
    if answer.status != 200 or not re.search("/pulls/[0-9]+$", request.path):
        return answer
    body = {**json.loads(answer.body or b"{}"), "review_comments": 0, "merged_by": None}
    body |= {"requested_reviewers": [], "requested_teams": [], "commits": 1, "comments": 0}
    return Answer(status=200, body=json.dumps(body).encode(), headers=answer.headers)


def _issues(simulation: Simulation, request: Request) -> Answer:
    """Every merged pull request as the issue that it is as well, by `Link` page by page."""
    pulls = simulation.history.repositories[next(iter(simulation.history.repositories))].pulls
    page = int(request.query.get("page", "1"))
    numbers = sorted(pulls)[(page - 1) * _PAGE : page * _PAGE]
    more = {}
    if page * _PAGE < len(pulls):
        host, rest = request.headers["host"], request.path
        query = "&".join(f"{k}={v}" for k, v in {**request.query, "page": page + 1}.items())
        more["Link"] = f'<http://{host}{rest}?{query}>; rel="next"'
    return Answer(body=json.dumps([_issue(number) for number in numbers]).encode(), headers=more)


def _issue(number: int) -> Mapping[str, Any]:
    times = {"created_at": "2026-07-06T09:00:00Z", "updated_at": "2026-07-06T10:00:00Z"}
    return {"number": number, "id": number, "state": "closed", "pull_request": {}, **times}
