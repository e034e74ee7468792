"""For the benchmark of GitHub calls: answers from memory, and a server of many repositories."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.demo.faults import Answer, json_answer
from evidence.demo.serving import LoopbackServer, Request
from evidence.demo.simulation import Simulation
from evidence.model.capture import Page, Window


@dataclass
class Stored:
    """Answers by moment and request."""

    answers: dict[tuple[int, str, str, bytes], Answer] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)


def remember(simulation: Simulation) -> Stored:
    """From now on the simulated GitHub answers the same question from memory."""
    stored, server, github = Stored(), simulation.server("github"), simulation.github

    def respond(request: Request) -> Answer:
        key = (github.at, request.path, json.dumps(dict(request.query)), request.body)
        if key not in stored.answers:
            stored.answers[key] = github.respond(request)
            stored.sizes.append(len(stored.answers[key].body or b""))
        return stored.answers[key]

    server._respond = respond  # noqa: SLF001 - the bench stands between the server and its world
    return stored


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Forest:
    """Many small repositories of one merged pull request each: just what calls depend on."""

    def __init__(self, count: int) -> None:
        self.now = datetime(2026, 11, 2, 10, tzinfo=UTC)
        merged = self.now - timedelta(days=2)
        self.pulls = {number: [merged] for number in range(1, count + 1)}
        self.server = LoopbackServer(
            "github", self._respond, lambda: int(self.now.timestamp()) * 1_000_000
        )

    def close(self) -> None:
        """Stops the server."""
        self.server.close()

    def run(self, cursor: str) -> list[Page]:
        """A run over all repositories, a quarter of an hour after the one before."""
        self.now += timedelta(minutes=15)
        collector = GitHubCollector(
            source="forge",
            url=self.server.url,
            token="t" * 12,
            repositories=tuple(
                GitHubRepository(id=f"r{number}", name=f"acme/r{number}", branches=("main",))
                for number in self.pulls
            ),
        )
        return list(collector.fetch(Window(since=0, until=0), cursor))

    def change(self, count: int) -> None:
        """So many repositories get another merged pull request, two hours later."""
        self.now += timedelta(hours=2)
        for number in list(self.pulls)[:count]:
            self.pulls[number].append(self.now - timedelta(minutes=40))

    def _respond(self, request: Request) -> Answer:
        body = json.loads(request.body)
        operation = re.search(r"query (\w+)", body["query"])
        found = getattr(self, f"_{operation[1]}")(body["variables"]) if operation else {}
        return json_answer(200, {"data": {"rateLimit": {"cost": 1, "remaining": 4999}, **found}})

    def _number(self, asked: dict[str, Any]) -> int:
        return int(asked["name"].removeprefix("r"))

    def _identity(self, number: int) -> dict[str, Any]:
        return {"id": f"R_{number}", "databaseId": number, "nameWithOwner": f"acme/r{number}"}

    def _nodes(self, number: int) -> list[dict[str, Any]]:
        return [
            self._pull(number, place + 1, merged)
            for place, merged in reversed(list(enumerate(self.pulls[number])))
        ]

    def _pull(self, number: int, place: int, merged: datetime) -> dict[str, Any]:
        empty = {"totalCount": 0, "filteredCount": 0, "pageInfo": {}, "nodes": []}
        head = f"{number:020x}{place:020x}"
        return {
            "__typename": "PullRequest",
            "id": f"PR_{number}_{place}",
            "number": place,
            "state": "MERGED",
            "createdAt": _iso(merged - timedelta(hours=1)),
            "updatedAt": _iso(merged),
            "mergedAt": _iso(merged),
            "headRefOid": head,
            "headRollup": None,
            "mergeCommit": {"id": f"C_{head}", "oid": head[::-1], "statusCheckRollup": None},
            **dict.fromkeys(
                ("reviews", "commits", "labels", "timelineItems", "closingIssuesReferences"), empty
            ),
        }

    def _PullRequestSweep(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        number = self._number(asked)
        nodes = self._nodes(number)
        listed = {"totalCount": len(nodes), "pageInfo": {"hasNextPage": False}, "nodes": nodes}
        counted = {"search": {"issueCount": 0}} if asked["count"] else {}
        return {"repository": {**self._identity(number), "pullRequests": listed}, **counted}

    def _MergedCount(self, _asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"search": {"issueCount": 1}}

    def _tip(self, number: int) -> str:
        return f"{number:020x}{len(self.pulls[number]):020x}"[::-1]

    def _BranchPopulation(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        number = self._number(asked)
        linked = {"totalCount": 0, "nodes": []}
        commit = {
            "id": f"C_{number}",
            "oid": self._tip(number),
            "committedDate": _iso(self.pulls[number][-1]),
            "associatedPullRequests": linked,
        }
        history = {"totalCount": 1, "pageInfo": {"hasNextPage": False}, "nodes": [commit]}
        target = {"__typename": "Commit", "oid": self._tip(number), "history": history}
        return {"repository": {**self._identity(number), "ref": {"name": "main", "target": target}}}

    def _CommitChecks(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"nodes": [None for _ in asked["ids"]]}

    def _CheckLooks(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        parts = [each.split("_") for each in asked["ids"]]
        return {
            "nodes": [
                self._pull(int(n), int(p), self.pulls[int(n)][int(p) - 1]) for _, n, p in parts
            ]
        }

    def _RepositoriesNow(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"nodes": [self._now(int(each.removeprefix("R_"))) for each in asked["ids"]]}

    def _now(self, number: int) -> dict[str, Any]:
        nodes = self._nodes(number)
        tip = {"target": {"__typename": "Commit", "oid": self._tip(number)}}
        return {
            "__typename": "Repository",
            **self._identity(number),
            **{f"ref{place}": tip for place in range(4)},
            "pullRequests": {"totalCount": len(nodes), "nodes": nodes[:1]},
        }
