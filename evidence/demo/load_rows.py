"""Rows as they stand behind the collectors, for benchmarks of the store and the links.

SIMULATED data, the same on every run, good for 100,000 changes and more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from evidence.demo.load import DEPLOY_EVERY, PEOPLE, kind_of, person_of
from evidence.demo.moments import DAY, HOUR, MINUTE, moment

Row = tuple[str, dict[str, Any]]
"""(record class of `evidence.model`, its fields as JSON values; an actor is a nested table)."""


def load_rows(changes: int) -> Iterator[Row]:
    """Rows of so many changes in time order.

    For each change about one commit of the branch and one of the pull request, 1.5 reviews,
    3 checks, a request and 0.2 deployments.

    The deployed application points at the source repository itself (no configuration repository).
    Times are microseconds UTC from 2026-01-01 on; a change starts every five minutes.
    """
    parent = _sha("root")
    yield "Commit", _commit(parent, (), "Begin", _START)
    for index in range(changes):
        at = _START + index * 5 * MINUTE
        landed, head = _sha(f"landed {index}"), _sha(f"head {index}")
        yield "Commit", _commit(landed, (parent,), f"Change {index} (#{2 * index + 2})", at + HOUR)
        if kind_of(index) == "direct":
            yield "CommitPullRequests", _mapping(landed, ())
        else:
            yield from _pull_rows(index, at, parent=parent, head=head, landed=landed)
        if index % DEPLOY_EVERY == DEPLOY_EVERY - 1:
            yield "Deployment", _deployment(index, landed, at + 2 * HOUR)
        parent = landed


_START: Final = moment("2026-01-01T00:00:00Z", 0)
_REPOSITORY: Final = "shop"


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324


def _actor(index: int) -> dict[str, Any]:
    slot = index % len(PEOPLE)
    login = PEOPLE[slot]
    return {"system": "github.example", "id": str(101 + slot), "type": "user", "login": login}


def _commit(sha: str, parents: tuple[str, ...], message: str, at: int) -> dict[str, Any]:
    who = {"name": "GitHub", "email": "noreply@github.com", "time": at}
    return {
        "repository": _REPOSITORY,
        "sha": sha,
        "tree": _sha(f"tree of {sha}"),
        "parents": list(parents),
        **{f"author_{key}": value for key, value in who.items()},
        **{f"committer_{key}": value for key, value in who.items()},
        "message": message,
    }


def _mapping(sha: str, numbers: tuple[int, ...]) -> dict[str, Any]:
    return {
        "repository": _REPOSITORY,
        "branch": "main",
        "sha": sha,
        "numbers": list(numbers),
        "merged_numbers": list(numbers),
    }


def _pull_rows(index: int, at: int, *, parent: str, head: str, landed: str) -> Iterator[Row]:
    number = 2 * index + 2
    yield "Ticket", _ticket(index, at - DAY)
    yield "PullRequest", _pull(index, at, parent=parent, head=head, landed=landed)
    yield "PullRequestCommit", _pull_commit(index, head, at)
    yield "CommitPullRequests", _mapping(landed, (number,))
    if kind_of(index) != "self_merge":
        yield "Review", _review(index, head, at + 20 * MINUTE, state="APPROVED")
        if index % 2:
            yield "Review", _review(index, head, at + 10 * MINUTE, state="COMMENTED")
    names = ("ci/test", "scan/trivy", "ci/lint")
    for place, name in enumerate(names[: 1 if kind_of(index) == "missing_check" else 3]):
        yield "CheckRun", _check(3 * index + place, head, name, at + MINUTE)
    yield (
        "CheckCoverage",
        {
            "repository": _REPOSITORY,
            "sha": head,
            "complete": True,
            "all_attempts": False,
            "reported": len(names),
            "read": len(names),
        },
    )


def _ticket(index: int, at: int) -> dict[str, Any]:
    number = 2 * index + 1
    return {
        "tracker": "github",
        "ticket_id": str(700_000 + index),
        "key": f"example-shop/shop#{number}",
        "url": f"https://github.example/example-shop/shop/issues/{number}",
        "title": f"Wanted: change {index}",
        "type": "",
        "project": "example-shop/shop",
        "state": "CLOSED",
        "state_reason": "COMPLETED",
        "author": _actor(index + 2),
        "created_at": at,
        "updated_at": at + DAY + HOUR,
        "closed_at": at + DAY + HOUR,
    }


def _pull(index: int, at: int, *, parent: str, head: str, landed: str) -> dict[str, Any]:
    number = 2 * index + 2
    return {
        "repository": _REPOSITORY,
        "number": number,
        "node_id": f"PR_{number}",
        "url": f"https://github.example/example-shop/shop/pull/{number}",
        "title": f"Change {index}",
        "body": "",
        "state": "MERGED",
        "author": _actor(index),
        "created_at": at,
        "updated_at": at + HOUR,
        "merged_at": at + HOUR,
        "closed_at": at + HOUR,
        "merged_by": _actor(index),
        "base_ref": "main",
        "base_sha": parent,
        "head_ref": f"c{index}",
        "head_sha": head,
        "head_repository": "example-shop/shop",
        "merge_sha": landed,
        "closing_issues": [f"example-shop/shop#{number - 1}"],
        "changed_files": 1,
        "commits_total": 1,
        "reviews_total": 1,
    }


def _pull_commit(index: int, head: str, at: int) -> dict[str, Any]:
    email = f"{person_of(index)}@people.example"
    return {
        "repository": _REPOSITORY,
        "number": 2 * index + 2,
        "sha": head,
        "position": 0,
        "author": _actor(index),
        "committer": _actor(index),
        "author_email": email,
        "committer_email": email,
        "authored_at": at,
        "committed_at": at,
        "via_web": False,
        "signature_valid": None,
        "signed_by_source": None,
    }


def _review(index: int, head: str, at: int, *, state: str) -> dict[str, Any]:
    return {
        "repository": _REPOSITORY,
        "number": 2 * index + 2,
        "review_id": f"{index}-{state}",
        "author": _actor(index + 1),
        "state": state,
        "submitted_at": at,
        "commit_sha": head,
        "can_push": True,
        "association": "MEMBER",
        "body": "",
    }


def _check(number: int, sha: str, name: str, at: int) -> dict[str, Any]:
    return {
        "repository": _REPOSITORY,
        "sha": sha,
        "kind": "check_run",
        "check_id": str(1_000_000 + number),
        "name": name,
        "app": "github-actions",
        "app_id": "15368",
        "status": "COMPLETED",
        "conclusion": "SUCCESS",
        "started_at": at,
        "completed_at": at + 4 * MINUTE,
    }


def _deployment(index: int, revision: str, at: int) -> dict[str, Any]:
    source = {
        "repo_url": "https://github.example/example-shop/shop.git",
        "path": "deploy",
        "target_revision": "main",
        "revision": revision,
    }
    return {
        "source": "argocd",
        "application_uid": "00000000-0000-5000-8000-000000000001",
        "application": "argocd/shop-prod",
        "started_at": at,
        "finished_at": at + MINUTE,
        "phase": "Succeeded",
        "sources": [source],
        "initiator": None,
        "automated": True,
        "history_id": index // DEPLOY_EVERY,
        "origin": "history",
    }
