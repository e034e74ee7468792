"""The pure half of the GitHub collector: captures in, facts and gaps out. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.collectors.github.parse_attempts import attempts_of
from evidence.collectors.github.parse_checks import checks_of
from evidence.collectors.github.parse_pull_request import Reading, facts_of, pointers
from evidence.collectors.github.reading import at, identifier, integer, items, mapping, text
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.pull_request import CommitPullRequests
from evidence.model.scope import ScopeEntry

PULL_REQUEST = "github.pull_request"
BRANCH_COMMIT = "github.branch_commit"
COMMIT_CHECKS = "github.commit_checks"
CHECK_ATTEMPTS = "github.check_attempts"
REPOSITORY = "github.repository"
SCOPE = "github.scope"


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """Facts and gaps of one capture; what cannot be read is a gap."""
    read = _KINDS.get(capture.kind)
    if read is None or not isinstance(payload, dict):
        return malformed(capture, "The payload is no object.")
    return read(capture, payload)


def _pull_request(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    reading = Reading(
        repository=capture.context.get("repository", ""),
        host=capture.context.get("host", ""),
        node=mapping(payload.get("node")),
        tails=tuple(mapping(tail) for tail in items(payload.get("tails"))),
        unread=pointers(payload.get("unread")),
    )
    if integer(reading.node.get("number")) <= 0:
        detail = "The answer holds no pull request number."
        return malformed(capture, detail)
    facts, missing = facts_of(reading, capture.source)
    return Parsed(facts=tuple(facts), gaps=_pull_request_gaps(capture, reading, missing))


def _pull_request_gaps(capture: Capture, reading: Reading, missing: list[str]) -> tuple[Gap, ...]:
    gaps = []
    name = f"pull request #{reading.node.get('number')}"
    if reading.unread:
        detail = f"GitHub refused {', '.join(sorted(reading.unread))[:300]} of {name}."
        gaps.append(gap(capture, GapReason.FORBIDDEN, detail))
    elif missing:
        detail = f"Fewer rows were read than GitHub reports in: {', '.join(missing)} of {name}."
        gaps.append(gap(capture, GapReason.TRUNCATED, detail))
    return tuple(gaps)


def _branch_commit(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    sha, linked = text(payload.get("oid")), payload.get("associatedPullRequests")
    if not sha or not isinstance(linked, dict):
        detail = f"GitHub did not say which pull requests commit {sha[:12]} belongs to."
        return Parsed(gaps=(gap(capture, GapReason.FORBIDDEN, detail),))
    ours = [node for node in items(linked.get("nodes")) if _is_ours(capture, node)]
    branch = capture.context.get("branch", "")
    fact = CommitPullRequests(
        repository=capture.context.get("repository", ""),
        branch=branch,
        sha=sha,
        numbers=tuple(_number(node) for node in ours),
        merged_numbers=tuple(
            _number(node)
            for node in ours
            if mapping(node).get("state") == "MERGED" and mapping(node).get("baseRefName") == branch
        ),
    )
    if 0 <= integer(linked.get("totalCount")) <= len(items(linked.get("nodes"))):
        return Parsed(facts=(fact,))
    detail = f"Commit {sha[:12]} belongs to more pull requests than were read."
    return Parsed(facts=(fact,), gaps=(gap(capture, GapReason.TRUNCATED, detail),))


def _is_ours(capture: Capture, node: object) -> bool:
    """A linked pull request of this repository, not of a fork of it."""
    asked = capture.context.get("database_id", "")
    found = identifier({"databaseId": at(node, "repository", "databaseId")})
    return bool(asked) and found == asked and _number(node) > 0


def _number(node: object) -> int:
    return integer(mapping(node).get("number"))


def _commit_checks(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    commit = mapping(payload.get("commit"))
    sha, unread = text(commit.get("oid")), pointers(payload.get("unread"))
    if not sha:
        return malformed(capture, "The answer names no commit.")
    rollups = [
        each.get("statusCheckRollup")
        for each in (commit, *map(mapping, items(payload.get("tails"))))
    ]
    pages = [page for each in rollups if isinstance(page := at(each, "contexts"), dict)]
    known = "statusCheckRollup" in commit and (rollups[0] is None or bool(pages))
    repository, host = capture.context.get("repository", ""), capture.context.get("host", "")
    runs, coverage = checks_of(repository, host, sha, pages, readable=known and not unread)
    facts = (*runs, coverage)
    if coverage.complete:
        return Parsed(facts=facts)
    reason = GapReason.FORBIDDEN if unread else GapReason.TRUNCATED
    detail = f"The checks of commit {sha[:12]} were not read whole."
    return Parsed(facts=facts, gaps=(gap(capture, reason, detail),))


def _check_attempts(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    sha, unread = text(at(payload, "commit", "oid")), pointers(payload.get("unread"))
    if not sha:
        return malformed(capture, "The answer names no commit.")
    repository, host = capture.context.get("repository", ""), capture.context.get("host", "")
    runs, coverage = attempts_of(repository, host, payload, readable=not unread)
    if coverage.complete and coverage.all_attempts:
        return Parsed(facts=(*runs, coverage))
    reason = GapReason.FORBIDDEN if unread else GapReason.TRUNCATED
    detail = f"Not all attempts of the checks of commit {sha[:12]} were read."
    return Parsed(facts=(*runs, coverage), gaps=(gap(capture, reason, detail),))


def _repository(_capture: Capture, _payload: Mapping[str, Any]) -> Parsed:
    """Identity and name of a repository: evidence of a rename, no fact."""
    return Parsed()


def _scope(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    """One line of the scope register."""
    node, said = mapping(payload.get("node")), mapping(payload.get("scope"))
    stable = identifier({"databaseId": node.get("databaseId")})
    if not stable:
        return malformed(capture, "The answer names no repository.")
    entry = ScopeEntry(
        source=capture.source,
        owner=capture.context.get("owner", ""),
        object_id=stable,
        name=text(node.get("nameWithOwner")),
        repository=text(said.get("repository")),
        in_scope=said.get("in_scope") is True,
        reason=text(said.get("reason")),
        pattern=text(said.get("pattern")),
        archived=node.get("isArchived") is True,
        fork=node.get("isFork") is True,
        private=node.get("isPrivate") is True,
        default_branch=text(at(node, "defaultBranchRef", "name")),
        created_at=iso_micros(node.get("createdAt")),
        pushed_at=iso_micros(node.get("pushedAt")),
    )
    if entry.reason != "gone" or not entry.repository:
        return Parsed(facts=(entry,))
    lost = Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=GapReason.NOT_FOUND_OR_FORBIDDEN,
        detail=f"{entry.name} is listed no more (deleted, transferred or hidden): what happened in "
        "it since it was read last is unknown.",
        repository=entry.repository,
    )
    return Parsed(facts=(entry,), gaps=(lost,))


_KINDS: dict[str, Callable[[Capture, Mapping[str, Any]], Parsed]] = {
    PULL_REQUEST: _pull_request,
    BRANCH_COMMIT: _branch_commit,
    COMMIT_CHECKS: _commit_checks,
    CHECK_ATTEMPTS: _check_attempts,
    REPOSITORY: _repository,
    SCOPE: _scope,
}
