"""A pull request's capture as facts: the record, reviews, commits, timeline, checks, tickets.

Nothing is taken on trust: each inner list is complete only if as many distinct rows were read as
GitHub reports, and a null with an error at its place is unknown, never none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.collectors.github.parse_checks import checks_of
from evidence.collectors.github.parse_texts import texts_read
from evidence.collectors.github.parse_tickets import key_of, ticket_of
from evidence.collectors.github.parse_timeline import auto_merge_by, event_of
from evidence.collectors.github.reading import (
    actor,
    at,
    flag,
    ghost,
    git_actor,
    identifier,
    integer,
    items,
    mapping,
    rows,
    text,
)
from evidence.collectors.http import iso_micros
from evidence.model.actor import Actor
from evidence.model.fact import Fact
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)

_LISTS = {
    "reviews": ("reviews", ("id",)),
    "commits": ("commits", ("commit", "oid")),
    "timeline": ("timelineItems", ("id",)),
    "issues": ("closingIssuesReferences", ("id",)),
    "labels": ("labels", ("name",)),
}
"""Inner list by our name -> GitHub's connection, and the path of what identifies a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A pull request's node with its tails, read list by list."""

    repository: str
    host: str
    node: Mapping[str, Any]
    tails: tuple[Mapping[str, Any], ...]
    unread: tuple[str, ...]
    """JSON pointers below the node at which the answer carried an error."""

    def forbidden(self, *path: str) -> bool:
        """Whether an error stands at or above this place."""
        pointer = "".join(f"/{step}" for step in path)
        return any(pointer == each or pointer.startswith(each + "/") for each in self.unread)

    def touched(self, *path: str) -> bool:
        """Whether an error stands at, above or below this place."""
        pointer = "".join(f"/{step}" for step in path)
        return self.forbidden(*path) or any(e.startswith(pointer + "/") for e in self.unread)

    def pages(self, *path: str) -> list[Any]:
        """The pages of a connection: the node's own, then those of the tails."""
        found = [at(each, *path) for each in (self.node, *self.tails)]
        return [page for page in found if isinstance(page, dict)]


def facts_of(reading: Reading, tracker: str) -> tuple[list[Fact], list[str]]:
    """All facts of the pull request in a stable order, and the names of lists not whole."""
    missing: list[str] = []
    lists: dict[str, list[Mapping[str, Any]]] = {}
    totals: dict[str, int] = {}
    for name, (connection, unique) in _LISTS.items():
        lists[name], totals[name] = rows(reading.pages(connection), unique)
        if reading.touched(connection) or not 0 <= totals[name] <= len(lists[name]):
            missing.append(name)
    facts: list[Fact] = []
    number = integer(reading.node.get("number"))
    facts.extend(_review(reading, number, node) for node in lists["reviews"])
    for position, node in enumerate(lists["commits"]):
        facts.append(_commit(reading, number, position, node))
    for position, node in enumerate(lists["timeline"]):
        facts.append(event_of(reading.repository, reading.host, number, position, node))
    facts.extend(_tickets(reading, tracker, lists["issues"], missing))
    facts.extend(_checks(reading, missing))
    record = _record(reading, lists, totals, tuple(missing))
    read = _texts(reading, record, len(lists["timeline"]))
    return [record, *facts, *([read] if read else [])], missing


def _texts(reading: Reading, record: PullRequest, items: int) -> PullRequestEvent | None:
    """The mark of this reading; none where a list that it speaks of was not read whole."""
    unread = {"timeline", "issues"} & set(record.missing)
    if unread or reading.forbidden("body") or reading.forbidden("lastEditedAt"):
        return None
    return texts_read(record, reading.host, reading.node, items)


def _record(
    reading: Reading,
    lists: Mapping[str, list[Mapping[str, Any]]],
    totals: Mapping[str, int],
    missing: tuple[str, ...],
) -> PullRequest:
    node = reading.node
    state = text(node.get("state"))
    queued = any(e.get("__typename") == "AddedToMergeQueueEvent" for e in lists["timeline"])
    return PullRequest(
        repository=reading.repository,
        number=integer(node.get("number")),
        node_id=text(node.get("id")),
        url=text(node.get("url")),
        title=text(node.get("title")),
        body=text(node.get("body")),
        state=state,
        author=_who(reading, "author"),
        created_at=iso_micros(node.get("createdAt")),
        updated_at=iso_micros(node.get("updatedAt")),
        merged_at=iso_micros(node.get("mergedAt")),
        closed_at=iso_micros(node.get("closedAt")),
        merged_by=_who(reading, "mergedBy") if state == "MERGED" else None,
        base_ref=text(node.get("baseRefName")),
        base_sha=text(node.get("baseRefOid")),
        head_ref=text(node.get("headRefName")),
        head_sha=text(node.get("headRefOid")),
        head_repository=text(at(node, "headRepository", "nameWithOwner")),
        merge_sha=text(at(node, "mergeCommit", "oid")),
        labels=tuple(sorted(text(label.get("name")) for label in lists["labels"])),
        closing_issues=tuple(filter(None, (key_of(issue) for issue in lists["issues"]))),
        changed_files=integer(node.get("changedFiles")),
        commits_total=totals["commits"],
        reviews_total=totals["reviews"],
        auto_merge_by=actor(reading.host, at(node, "autoMergeRequest", "enabledBy"))
        or auto_merge_by(reading.host, lists["timeline"]),
        merge_queue=queued or isinstance(node.get("mergeQueueEntry"), dict),
        complete=not missing,
        missing=missing,
    )


def _who(reading: Reading, field: str) -> Actor | None:
    """The account; a null that no error explains is the ghost, else nobody is known."""
    found = actor(reading.host, reading.node.get(field))
    if found or reading.forbidden(field) or field not in reading.node:
        return found
    return ghost(reading.host) if reading.node[field] is None else None


def _review(reading: Reading, number: int, node: Mapping[str, Any]) -> Review:
    author = actor(reading.host, node.get("author"))
    if author is None and "author" in node and node["author"] is None:
        author = ghost(reading.host)
    return Review(
        repository=reading.repository,
        number=number,
        review_id=identifier(node),
        author=author,
        state=text(node.get("state")),
        submitted_at=iso_micros(node.get("submittedAt")),
        commit_sha=text(at(node, "commit", "oid")),
        can_push=flag(node.get("authorCanPushToRepository")),
        association=text(node.get("authorAssociation")),
        body=text(node.get("body")),
        last_edited_at=iso_micros(node.get("lastEditedAt")),
    )


def _commit(
    reading: Reading, number: int, position: int, node: Mapping[str, Any]
) -> PullRequestCommit:
    commit = mapping(node.get("commit"))
    return PullRequestCommit(
        repository=reading.repository,
        number=number,
        sha=text(commit.get("oid")),
        position=position,
        author=git_actor(reading.host, commit.get("author")),
        committer=git_actor(reading.host, commit.get("committer")),
        author_email=text(at(commit, "author", "email")),
        committer_email=text(at(commit, "committer", "email")),
        authored_at=iso_micros(commit.get("authoredDate")),
        committed_at=iso_micros(commit.get("committedDate")),
        via_web=flag(commit.get("committedViaWeb")) or False,
        signature_valid=flag(at(commit, "signature", "isValid")),
        signed_by_source=flag(at(commit, "signature", "wasSignedByGitHub")),
    )


def _tickets(
    reading: Reading, tracker: str, issues: list[Mapping[str, Any]], missing: list[str]
) -> list[Fact]:
    facts: list[Fact] = []
    for issue in issues:
        found, whole = ticket_of(tracker, reading.host, issue)
        facts.extend(found)
        if not whole and "issue_history" not in missing:
            missing.append("issue_history")
    return facts


def _checks(reading: Reading, missing: list[str]) -> list[Fact]:
    """Checks of the head and of the merge commit; the same commit is told once."""
    facts: dict[str, list[Fact]] = {}
    for name, sha, rollup in (
        ("checks", _head_sha(reading), ("headRollup",)),
        ("merge_checks", _merge_sha(reading), ("mergeCommit", "statusCheckRollup")),
    ):
        if not sha:
            continue
        pages = reading.pages(*rollup, "contexts") + _check_tails(reading, sha)
        readable = not reading.touched(*rollup) and _known(reading, rollup)
        runs, coverage = checks_of(reading.repository, reading.host, sha, pages, readable=readable)
        facts.setdefault(sha, [*runs, coverage])
        if not coverage.complete:
            missing.append(name)
    if not _merge_sha(reading) and reading.node.get("state") == "MERGED":
        missing.append("merge_commit")
    return [fact for each in facts.values() for fact in each]


def _known(reading: Reading, rollup: tuple[str, ...]) -> bool:
    """Whether the answer says what the rollup is: an object with contexts, or null for none."""
    parent = at(reading.node, *rollup[:-1]) if len(rollup) > 1 else reading.node
    found = mapping(parent).get(rollup[-1], False)
    return found is None or isinstance(mapping(found).get("contexts"), dict)


def _head_sha(reading: Reading) -> str:
    rolled = text(at(reading.node, "headRollup", "commit", "oid"))
    return rolled or text(reading.node.get("headRefOid"))


def _merge_sha(reading: Reading) -> str:
    return text(at(reading.node, "mergeCommit", "oid"))


def _check_tails(reading: Reading, sha: str) -> list[Any]:
    """Further pages of contexts: tails whose node is the commit itself."""
    found = [
        at(tail, "statusCheckRollup", "contexts")
        for tail in reading.tails
        if tail.get("oid") == sha
    ]
    return [page for page in found if isinstance(page, dict)]


def pointers(value: object) -> tuple[str, ...]:
    """The `unread` member of a payload as JSON pointers."""
    return tuple(each for each in items(value) if isinstance(each, str))
