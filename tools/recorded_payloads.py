"""Feeds recorded GitHub payloads of other projects' test suites to the GitHub parser.

    python tools/recorded_payloads.py FOLDER

FOLDER is any folder of such files, brought beside this project and never into it: JSON files and
PyGithub's replay files (any object that looks like a pull request is parsed as one), and CSV
files of DevLake's REST tables (`*pull_requests.csv`, `*pull_request_reviews.csv`,
`*pull_request_commits.csv`: put together by their ids into the shape that the collector asks for).
Prints what went in and which facts and gaps came out; a crash is a failure.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.collectors.github.parse import parse
from evidence.model.capture import Capture, Form

csv.field_size_limit(2**27)
Node = dict[str, Any]


def captured(node: Node) -> Capture:
    return Capture(
        source="recorded",
        kind="github.pull_request",
        key="recorded",
        series="recorded",
        observed_at=1,
        form=Form.SLICE,
        payload=json.dumps({"node": node, "tails": [], "unread": []}).encode(),
        collector="github",
        collector_version="1",
        context={"repository": "recorded", "host": "github.com", "database_id": "1"},
    )


def objects(value: object) -> Iterator[Node]:
    """Every JSON object in a value, outermost first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def texts(path: Path) -> Iterator[str]:
    """JSON texts in a file: the whole, or in a replay file the lines that are one."""
    content = path.read_text("utf-8", "replace")
    if path.suffix == ".json":
        yield content
    elif path.suffix == ".txt":
        yield from (line for line in content.splitlines() if line[:1] in "{[" and len(line) > 1)


def found_in(folder: Path) -> Iterator[Node]:
    """What looks like a pull request: it has a number, and a head or a merge time."""
    marks = {"headRefName", "headRefOid", "mergedAt", "statusCheckRollup", "merged_at", "head"}
    for path in sorted(folder.rglob("*")):
        for text in texts(path) if path.is_file() else ():
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                continue
            yield from (node for node in objects(value) if "number" in node and marks & set(node))


def table(folder: Path, name: str) -> list[tuple[str, Node]]:
    """(url, data) of each row of the DevLake tables whose file name ends so."""
    rows = []
    for path in sorted(folder.rglob(f"*{name}.csv")):
        with path.open(newline="", encoding="utf-8") as opened:
            for row in csv.DictReader(opened):
                data = json.loads(row.get("data") or "null")
                if isinstance(data, dict):
                    rows.append((row.get("url") or "", data))
    return rows


def account(user: object) -> Node | None:
    if not isinstance(user, dict):
        return None
    return {
        "__typename": user.get("type"),
        "login": user.get("login"),
        "databaseId": user.get("id"),
        "id": user.get("node_id"),
    }


def listed(nodes: list[Node]) -> Node:
    return {"totalCount": len(nodes), "pageInfo": {"hasNextPage": False}, "nodes": nodes}


def rest_pulls(folder: Path) -> Iterator[Node]:
    """Merged pull requests of the REST tables, with the reviews and commits recorded for them."""
    reviews: dict[str, list[Node]] = defaultdict(list)
    for url, data in table(folder, "pull_request_reviews"):
        reviews[number_in(url) or number_in(str(data.get("pull_request_url")))].append(data)
    commits: dict[str, list[Node]] = defaultdict(list)
    for url, data in table(folder, "pull_request_commits"):
        commits[number_in(url)].append(data)
    for _url, pull in table(folder, "pull_requests"):
        number = str(pull.get("number"))
        if pull.get("merged_at"):
            yield rest_pull(pull, reviews[number], commits[number])


def number_in(url: str) -> str:
    found = re.search(r"/pulls/(\d+)", url)
    return found[1] if found else ""


def rest_pull(pull: Node, reviews: list[Node], commits: list[Node]) -> Node:
    """The collector's shape, with what REST carries; the other lists are absent."""
    return {
        "id": pull.get("node_id"),
        "number": pull.get("number"),
        "title": pull.get("title"),
        "body": pull.get("body"),
        "url": pull.get("html_url"),
        "state": "MERGED",
        "createdAt": pull.get("created_at"),
        "updatedAt": pull.get("updated_at"),
        "mergedAt": pull.get("merged_at"),
        "closedAt": pull.get("closed_at"),
        "author": account(pull.get("user")),
        "baseRefName": pull.get("base", {}).get("ref"),
        "baseRefOid": pull.get("base", {}).get("sha"),
        "headRefName": pull.get("head", {}).get("ref"),
        "headRefOid": pull.get("head", {}).get("sha"),
        "mergeCommit": {"oid": pull.get("merge_commit_sha")},
        "labels": listed(pull.get("labels") or []),
        "reviews": listed([rest_review(each) for each in reviews]),
        "commits": listed([rest_commit(each) for each in commits]),
    }


def rest_review(review: Node) -> Node:
    return {
        "id": review.get("node_id"),
        "fullDatabaseId": str(review.get("id")),
        "state": review.get("state"),
        "body": review.get("body"),
        "submittedAt": review.get("submitted_at"),
        "authorAssociation": review.get("author_association"),
        "author": account(review.get("user")),
        "commit": {"oid": review.get("commit_id")},
    }


def rest_commit(commit: Node) -> Node:
    inner = commit.get("commit") or {}
    return {
        "commit": {
            "oid": commit.get("sha"),
            "authoredDate": (inner.get("author") or {}).get("date"),
            "committedDate": (inner.get("committer") or {}).get("date"),
            "author": {**(inner.get("author") or {}), "user": account(commit.get("author"))},
            "committer": {
                **(inner.get("committer") or {}),
                "user": account(commit.get("committer")),
            },
        }
    }


def report(title: str, nodes: list[Node]) -> None:
    facts: Counter[str] = Counter()
    gaps: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for node in nodes:
        rows.update(
            {
                name: len(node[name].get("nodes") or [])
                for name in ("reviews", "commits", "labels", "timelineItems")
                if isinstance(node.get(name), dict)
            }
        )
        parsed = parse(captured(node))
        facts.update(type(fact).__name__ for fact in parsed.facts)
        gaps.update(gap.reason.value for gap in parsed.gaps)
        for fact in parsed.facts:
            missing.update(getattr(fact, "missing", ()))
    print(f"{title}: {len(nodes)} objects, rows in {dict(rows)}")
    print(f"  facts {dict(facts)}")
    print(f"  gaps {dict(gaps)}, not whole {dict(missing)}")


if __name__ == "__main__":
    where = Path(sys.argv[1])
    report("recorded objects", list(found_in(where)))
    report("merged pull requests of REST tables", list(rest_pulls(where)))
