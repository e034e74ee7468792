"""A small GitHub on loopback: whole pull requests as plain dictionaries, served page by page.

It is no simulation (that is `evidence.demo`): it exists to say anything, also what GitHub would
not, and to fail on command. `script` holds one entry per coming request: a Response, a function
of the usual answer, or None for the usual answer.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.collectors.github.credentials import FixedToken
from evidence.collectors.github.transport import Transport
from evidence.collectors.http import Clock
from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.simulation import Simulation

sys.path.insert(0, str(Path(__file__).parent))

from github_served import served

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "@octokit/graphql-schema"
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
SIZES = {"closingIssuesReferences": 1}
INNER = ("reviews", "commits", "closingIssuesReferences", "labels", "timelineItems")
FLAGS = dict(zip(("reviews", "commits", "issues", "labels", "timeline"), INNER, strict=True))


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user(number: int, login: str = "") -> dict[str, Any]:
    login = login or f"user{number}"
    return {"__typename": "User", "id": f"U_{number}", "databaseId": number, "login": login}


def page(rows: list[Any], first: int = 100, after: str | None = None) -> dict[str, Any]:
    begin = int(after or 0)
    end = begin + first
    return {
        "totalCount": len(rows),
        "filteredCount": len(rows),
        "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(min(end, len(rows)))},
        "nodes": rows[begin:end],
    }


def sha(*parts: object) -> str:
    import hashlib

    return hashlib.sha1(repr(parts).encode()).hexdigest()


def review(number: int, state: str = "APPROVED", by: int = 2, on: str = "") -> dict[str, Any]:
    return {
        "id": f"PRR_{number}",
        "fullDatabaseId": str(number),
        "state": state,
        "submittedAt": iso(NOW - timedelta(hours=3)),
        "lastEditedAt": None,
        "body": "",
        "authorAssociation": "MEMBER",
        "authorCanPushToRepository": True,
        "author": user(by),
        "commit": {"oid": on} if on else None,
    }


def commit(oid: str, by: dict[str, Any] | None = None) -> dict[str, Any]:
    person = {"name": "Robin Example", "email": "robin@people.test", "user": by}
    return {
        "commit": {
            "oid": oid,
            "authoredDate": iso(NOW - timedelta(days=1)),
            "committedDate": iso(NOW - timedelta(days=1)),
            "committedViaWeb": False,
            "author": person,
            "committer": person,
            "signature": None,
        }
    }


def check(
    number: int,
    name: str = "ci/test",
    conclusion: str | None = "SUCCESS",
    started: datetime | None = None,
) -> dict[str, Any]:
    started = started or NOW - timedelta(hours=4)
    return {
        "__typename": "CheckRun",
        "id": f"CR_{number}",
        "databaseId": number,
        "name": name,
        "status": "COMPLETED" if conclusion else "IN_PROGRESS",
        "conclusion": conclusion,
        "startedAt": iso(started),
        "completedAt": iso(started + timedelta(minutes=5)) if conclusion else None,
        "detailsUrl": "https://ci.test/1",
        "checkSuite": {
            "databaseId": 5,
            "createdAt": iso(started),
            "app": {"slug": "github-actions", "databaseId": 15368},
            "workflowRun": {"databaseId": 77, "event": "pull_request", "runNumber": 3},
        },
    }


def event(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "__typename": kind,
        "id": f"EV_{number}",
        "createdAt": iso(NOW - timedelta(hours=2)),
        "actor": user(1),
        **fields,
    }


def issue(number: int) -> dict[str, Any]:
    labelled = event("LabeledEvent", number * 10, label={"name": "approved"})
    return {
        "id": f"I_{number}",
        "fullDatabaseId": str(number + 9000),
        "number": number,
        "title": f"Request {number}",
        "url": f"https://github.test/acme/shop/issues/{number}",
        "state": "CLOSED",
        "stateReason": "COMPLETED",
        "createdAt": iso(NOW - timedelta(days=3)),
        "closedAt": iso(NOW - timedelta(hours=2)),
        "updatedAt": iso(NOW - timedelta(hours=2)),
        "lastEditedAt": None,
        "author": user(3),
        "repository": {"nameWithOwner": "acme/shop", "databaseId": 77},
        "labels": page([{"name": "approved"}]),
        "timelineItems": page([labelled]),
    }


def pull(number: int, *, updated: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """A merged pull request; inner lists are plain lists, cut into pages when served."""
    moment = updated or NOW - timedelta(days=20, minutes=number)
    head, merge = sha("head", number), sha("merge", number)
    return {
        "id": f"PR_{number}",
        "fullDatabaseId": str(number + 1000),
        "number": number,
        "url": f"https://github.test/acme/shop/pull/{number}",
        "title": f"Change {number}",
        "body": "",
        "state": "MERGED",
        "createdAt": iso(moment - timedelta(days=1)),
        "updatedAt": iso(moment),
        "mergedAt": iso(moment),
        "closedAt": iso(moment),
        "changedFiles": 1,
        "author": user(1),
        "mergedBy": user(2),
        "editor": None,
        "baseRefName": "main",
        "baseRefOid": sha("base", number),
        "headRefName": f"change-{number}",
        "headRefOid": head,
        "headRepository": {"nameWithOwner": "acme/shop", "databaseId": 77},
        "autoMergeRequest": None,
        "mergeQueueEntry": None,
        "head_contexts": [check(number * 10, started=moment - timedelta(hours=1))],
        "merge_contexts": [check(number * 10 + 1, started=moment)],
        "mergeCommit": {"id": f"C_{merge}", "oid": merge},
        "reviews": [review(number * 10, on=head)],
        "commits": [commit(head, user(1))],
        "closingIssuesReferences": [issue(number)],
        "labels": [{"name": "feature"}],
        "timelineItems": [event("MergedEvent", number * 10, mergeRefName="main")],
        **fields,
    }


def whole(node: dict[str, Any]) -> dict[str, Any]:
    """A pull request as PullRequestWhole answers it."""
    own = {name: each for name, each in node.items() if not name.endswith("_contexts")}
    out = {"__typename": "PullRequest", **own}
    for name in INNER:
        if isinstance(node[name], list):
            out[name] = page(node[name], SIZES.get(name, 100))
    head, merge = node["head_contexts"], node["merge_contexts"]
    oid = node["headRefOid"]
    out["headRollup"] = head and {
        "id": f"SCR_{oid}",
        "state": "SUCCESS",
        "commit": {"id": f"C_{oid}", "oid": oid},
        "contexts": page(head),
    }
    if node["mergeCommit"]:
        rollup = merge and {"id": "SCR", "state": "SUCCESS", "contexts": page(merge)}
        out["mergeCommit"] = {**node["mergeCommit"], "statusCheckRollup": rollup or None}
    out["headRollup"] = out["headRollup"] or None
    return out


class FakeGitHub:
    """Answers the collector's operations and counts them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.now = NOW
        self.name = "acme/shop"
        self.database_id = 77
        self.pulls: list[dict[str, Any]] = []
        self.commits: list[dict[str, Any]] = []
        self.commit_contexts: dict[str, list[dict[str, Any]]] = {}
        self.branches = {"main"}
        self.suites: dict[str, list[dict[str, Any]]] = {}
        self.counted: int | None = None
        self.script: list[Any] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.hooks: list[Callable[[str], None]] = []

    def operations(self) -> list[str]:
        return [name for name, _variables in self.asked]

    def handle(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        operation = re.search(r"query (\w+)", body["query"])[1]
        self.asked.append((operation, body["variables"]))
        self.headers.append(dict(request.headers))
        for hook in self.hooks:
            hook(operation)
        planned = self.script.pop(0) if self.script else None
        if isinstance(planned, Response):
            return planned
        answer = {"data": {"rateLimit": {"cost": 4, "limit": 5000, "remaining": 4000}}}
        answer["data"].update(getattr(self, operation)(**body["variables"]))
        if planned is not None:
            answer = planned(answer)
        return self.reply(answer)

    def reply(self, body: Any, status: int = 200, **headers: str) -> Response:
        response = Response(json.dumps(body), status, content_type="application/json")
        response.headers["X-GitHub-Request-Id"] = "AB:12"
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    def _repository(self, **fields: Any) -> dict[str, Any]:
        identity = {"id": "R_77", "databaseId": self.database_id, "nameWithOwner": self.name}
        return {"repository": {**identity, **fields}}

    def _sorted(self) -> list[dict[str, Any]]:
        return sorted(
            self.pulls, key=lambda each: (each["updatedAt"], each["number"]), reverse=True
        )

    def _listed(self, size: int, after: str | None) -> tuple[list[dict[str, Any]], bool, str]:
        """One page behind a keyset cursor, as GitHub's are."""
        rows = self._sorted()
        if after:
            updated, number = after.split("|")
            rows = [r for r in rows if (r["updatedAt"], r["number"]) < (updated, int(number))]
        shown = rows[:size]
        cursor = f"{shown[-1]['updatedAt']}|{shown[-1]['number']}" if shown else ""
        return shown, len(rows) > size, cursor

    def PullRequestSweep(self, pageSize: int, after: str | None, **asked: Any) -> dict[str, Any]:  # noqa: N803
        shown, more, cursor = self._listed(pageSize, after)
        connection = {
            "totalCount": len(self.pulls),
            "pageInfo": {"hasNextPage": more, "endCursor": cursor},
            "nodes": [whole(each) for each in shown],
        }
        found = self._repository(pullRequests=connection)
        return {**found, **(self.MergedCount(asked["q"]) if asked["count"] else {})}

    def PullRequestOutline(self, after: str | None, **_: Any) -> dict[str, Any]:
        shown, more, cursor = self._listed(1, after)
        names = ("id", "number", "updatedAt", "mergedAt", "headRefOid")
        connection = {
            "totalCount": len(self.pulls),
            "pageInfo": {"hasNextPage": more, "endCursor": cursor},
            "nodes": [{name: each[name] for name in names} for each in shown],
        }
        return self._repository(pullRequests=connection)

    def PullRequestsById(self, ids: list[str]) -> dict[str, Any]:
        found = {each["id"]: each for each in self.pulls}
        return {"nodes": [whole(found[each]) if each in found else None for each in ids]}

    def PullRequestTail(self, id: str, after: str, **flags: bool) -> dict[str, Any]:  # noqa: A002
        node = next(each for each in self.pulls if each["id"] == id)
        names = ("id", "number", "updatedAt", "headRefOid")
        out = {"__typename": "PullRequest", **{name: node[name] for name in names}}
        for flag, connection in FLAGS.items():
            if flags[flag]:
                out[connection] = page(node[connection], 100, after)
        return {"node": out}

    def CheckTail(self, commitId: str, after: str) -> dict[str, Any]:  # noqa: N803
        known = dict(self.commit_contexts)
        for node in self.pulls:
            known[node["headRefOid"]] = node["head_contexts"]
            known[node["mergeCommit"]["oid"]] = node["merge_contexts"]
        oid = commitId.removeprefix("C_")
        rollup = {"id": "SCR", "state": "SUCCESS", "contexts": page(known[oid], 100, after)}
        out = {"__typename": "Commit", "id": commitId, "oid": oid}
        return {"node": {**out, "statusCheckRollup": rollup}}

    def BranchPopulation(self, ref: str, after: str | None, **_: Any) -> dict[str, Any]:
        if ref.removeprefix("refs/heads/") not in self.branches:
            return self._repository(ref=None)
        history = page(self.commits, 100, after)
        target = {"oid": self.commits[0]["oid"] if self.commits else "", "history": history}
        return self._repository(ref={"name": "main", "target": target})

    def CommitChecks(self, ids: list[str]) -> dict[str, Any]:
        known = {each["id"]: each["oid"] for each in self.commits if each}
        return {"nodes": [self._checked(each, known[each]) for each in ids]}

    def _checked(self, node_id: str, oid: str) -> dict[str, Any]:
        contexts = self.commit_contexts.get(oid, [])
        rollup = contexts and {"id": "SCR", "state": "SUCCESS", "contexts": page(contexts)}
        own = {"__typename": "Commit", "id": node_id, "oid": oid}
        return {**own, "statusCheckRollup": rollup or None}

    def CheckAttempts(self, ids: list[str]) -> dict[str, Any]:
        return {"nodes": [self._suites(each.removeprefix("C_")) for each in ids]}

    def _suites(self, oid: str) -> dict[str, Any]:
        suites = [{**suite, "checkRuns": page(suite["runs"])} for suite in self.suites.get(oid, [])]
        return {
            "__typename": "Commit",
            "id": f"C_{oid}",
            "oid": oid,
            "checkSuites": page(suites, 30),
            "status": None,
        }

    def SuiteTail(self, id: str, after: str) -> dict[str, Any]:  # noqa: A002
        oid = id.removeprefix("C_")
        suites = [{**suite, "checkRuns": page(suite["runs"])} for suite in self.suites[oid]]
        return {"node": {**self._suites(oid), "checkSuites": page(suites, 30, after)}}

    def RunTail(self, id: str, after: str) -> dict[str, Any]:  # noqa: A002
        suite = next(s for each in self.suites.values() for s in each if s["id"] == id)
        return {
            "node": {
                "__typename": "CheckSuite",
                "id": id,
                "checkRuns": page(suite["runs"], 100, after),
            }
        }

    def CheckLooks(self, ids: list[str]) -> dict[str, Any]:
        found = {each["id"]: whole(each) for each in self.pulls}
        names = ("__typename", "id", "number", "mergedAt", "headRefOid")
        shown = (*names, "headRollup", "mergeCommit")
        return {
            "nodes": [
                {name: found[each][name] for name in shown} if each in found else None
                for each in ids
            ]
        }

    def RepositoryNamed(self, owner: str, name: str) -> dict[str, Any]:
        del owner, name  # every former name leads to it
        return self._repository()

    def RepositoriesNow(self, ids: list[str], **refs: str) -> dict[str, Any]:
        shown = self._sorted()[:1]
        tips = {name: self._tip(ref) for name, ref in refs.items()}
        node = {
            "__typename": "Repository",
            **self._repository()["repository"],
            **tips,
            "pullRequests": {
                "totalCount": len(self.pulls),
                "nodes": [{name: each[name] for name in ("id", "updatedAt")} for each in shown],
            },
        }
        return {"nodes": [node if each == "R_77" else None for each in ids]}

    def _tip(self, ref: str) -> dict[str, Any] | None:
        if ref.removeprefix("refs/heads/") not in self.branches or not self.commits:
            return None
        return {"target": {"oid": self.commits[0]["oid"]}}

    def MergedCount(self, q: str) -> dict[str, Any]:
        span = re.search(r" merged:(?:([^ .<>]+)\.\.|<=)(.+)$", q)
        since = re.search(r" merged:>=(.+)$", q)
        low, high = (span[1] or "", span[2]) if span else (since[1] if since else "", "9")
        merged = [each for each in self.pulls if low <= each["mergedAt"] <= high]
        return {"search": {"issueCount": len(merged) if self.counted is None else self.counted}}


def branch_commit(number: int, *pulls: int) -> dict[str, Any]:
    linked = [
        {
            "id": f"PR_{each}",
            "number": each,
            "state": "MERGED",
            "mergedAt": iso(NOW),
            "baseRefName": "main",
            "headRefOid": sha("head", each),
            "mergeCommit": {"oid": sha("merge", each)},
            "repository": {"nameWithOwner": "acme/shop", "databaseId": 77},
        }
        for each in pulls
    ]
    oid = sha("merge", pulls[0]) if pulls else sha("branch", number)
    return {
        "id": f"C_{oid}",
        "oid": oid,
        "parents": {"nodes": [{"oid": sha("branch", number - 1)}]},
        "committedDate": iso(NOW - timedelta(days=number)),
        "author": {"name": "Robin", "email": "robin@people.test", "user": user(1)},
        "committer": {"name": "GitHub", "email": "noreply@github.test", "user": None},
        "associatedPullRequests": {"totalCount": len(linked), "nodes": linked},
    }


class Ticking:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


@pytest.fixture
def github(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    fake = FakeGitHub(httpserver.url_for("").rstrip("/"))
    monkeypatch.setattr(  # the server writes its own `Date`: let it be the fake's time
        WSGIRequestHandler,
        "date_time_string",
        lambda _self, _timestamp=None: format_datetime(fake.now, usegmt=True),
    )
    httpserver.expect_request("/graphql", method="POST").respond_with_handler(fake.handle)
    yield fake
    httpserver.check_handler_errors()


@pytest.fixture
def make(github: FakeGitHub, ticking: Ticking) -> Callable[..., GitHubCollector]:
    """Makes a collector for the fake, with fields overridden as asked."""

    def maker(**fields: Any) -> GitHubCollector:
        settings: dict[str, Any] = {
            "source": "forge",
            "url": github.url,
            "token": "t" * 12,
            "repositories": (GitHubRepository(id="shop", name="acme/shop", branches=("main",)),),
            "clock": ticking.clock(),
            "system": "github.test",
            **fields,
        }
        return GitHubCollector(**settings)

    return maker


@pytest.fixture
def transport(github: FakeGitHub, ticking: Ticking) -> Transport:
    token = FixedToken(value="t" * 12)
    return Transport(api_url=github.url, credential=token, clock=ticking.clock())


@pytest.fixture
def build() -> Any:
    """The builders of this file, for test modules."""
    import types

    return types.SimpleNamespace(
        branch_commit=branch_commit,
        check=check,
        commit=commit,
        event=event,
        issue=issue,
        iso=iso,
        now=NOW,
        pull=pull,
        review=review,
        sha=sha,
        user=user,
        whole=whole,
    )


@pytest.fixture(scope="session")
def schema() -> Any:
    """GitHub's published schema, from npm into `.make/npm`, outside version control.

    Its SDL has duplicate fields and is therefore loaded without validating the schema itself.
    """
    from graphql import build_schema

    cache = ROOT / ".make" / "npm"
    path = cache / "node_modules" / PACKAGE / "schema.graphql"
    if not path.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed, so GitHub's published schema cannot be had")
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", "."]
        done = subprocess.run(
            [*command, f"{PACKAGE}@15"], cwd=cache, capture_output=True, text=True, check=False
        )
        if done.returncode or not path.exists():
            pytest.skip(f"npm could not bring {PACKAGE}: {done.stderr.strip()[-200:]}")
    return build_schema(path.read_text("utf-8"), assume_valid=True, assume_valid_sdl=True)


@pytest.fixture(scope="module")
def simulation(request, tmp_path_factory):
    """The `STORY` of a test file, served as GitHub."""
    with served(tmp_path_factory, request.module.STORY) as running:
        yield running


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Serves what is told on top of the base of the demo's organisation."""
    running = []

    def start(text):
        world = extended(base_world(), read_world(text))
        running.append(Simulation(world, tmp_path_factory.mktemp("github")))
        return running[-1]

    yield start
    for one in running:
        one.close()
