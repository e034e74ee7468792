"""Pull requests as of the moment of a view: the record, its reviews, commits, files, labels."""

from __future__ import annotations

from typing import Any, Final

from evidence.demo.github_checks import rollup
from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_reviews import comment_node, opinions, request_node, review_list
from evidence.demo.github_timeline import timeline
from evidence.demo.github_view import Node, View
from evidence.demo.graph import FileChange, changes, merge_base
from evidence.demo.history import MergeRecord, PullRecord, RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.series import as_of

COMMITS_LISTED: Final = 250
"""GitHub lists at most so many commits of a pull request, however many it counts."""


def merged(view: View, pull: PullRecord) -> MergeRecord | None:
    """The merge, once it has happened."""
    return pull.merge if pull.merge and pull.merge.at <= view.at else None


def pull_updated(view: View, pull: PullRecord) -> int:
    """`updatedAt`: it moves with pushes, reviews, comments and events, not with checks."""
    if pull.id in view.updated:
        return view.updated[pull.id]
    edits = [at for at, _ in pull.editors]
    comments = [comment.edited_at for comment in pull.comments]
    comments += [at for one in pull.line_comments for at in (one.at, one.edited_at)]
    seen = [at for at in (*edits, *comments) if at <= view.at]
    events = [event.at for event in pull.events if event.at <= view.at]
    view.updated[pull.id] = max([pull.at, *seen, *events])
    return view.updated[pull.id]


def pull_state(view: View, pull: PullRecord) -> str:
    """`OPEN`, `CLOSED` or `MERGED`."""
    return as_of(pull.states, view.at, "OPEN")


def base_sha(view: View, where: RepositoryRecord, pull: PullRecord) -> str:
    """Tip of the base branch: just before the merge, or now."""
    done = merged(view, pull)
    branch = as_of(pull.bases, view.at, "")
    return done.base if done else view.refs(where).get(f"refs/heads/{branch}", pull.start)


def file_changes(view: View, where: RepositoryRecord, pull: PullRecord) -> list[FileChange]:
    """The net diff from the merge base to the head."""
    head = as_of(pull.heads, view.at, pull.start)
    commits = where.objects.commits
    fork = merge_base(where, base_sha(view, where, pull), head)
    return changes(where, commits[fork].files, commits[head].files)


def pull_node(view: View, where: RepositoryRecord, pull: PullRecord) -> Node:
    """A pull request; everything behind a function is made when it is asked for."""
    return {**_record(view, where, pull), **_people(view, where, pull), **_lists(view, where, pull)}


def _record(view: View, where: RepositoryRecord, pull: PullRecord) -> Node:
    done, at = merged(view, pull), view.at
    state = pull_state(view, pull)
    closed = [when for when, one in pull.states if one in ("CLOSED", "MERGED") and when <= at]
    head = as_of(pull.heads, at, pull.start)
    edited = [when for when, _ in pull.editors if when <= at]
    base_ref = as_of(pull.bases, at, "")
    counts: list[list[FileChange]] = []

    def diff() -> list[FileChange]:
        if not counts:
            counts.append(file_changes(view, where, pull))
        return counts[0]

    return {
        "__typename": "PullRequest",
        "id": node_id("PullRequest", where.id, pull.number),
        "fullDatabaseId": str(pull.id),
        "number": pull.number,
        "url": view.url(where, "pull", pull.number),
        "title": as_of(pull.titles, at, ""),
        "body": as_of(pull.bodies, at, ""),
        "state": state,
        "merged": done is not None,
        "isDraft": as_of(pull.drafts, at, False),
        "isCrossRepository": bool(pull.fork),
        "createdAt": iso(pull.at),
        "publishedAt": iso(pull.at),
        "updatedAt": iso(pull_updated(view, pull)),
        "lastEditedAt": iso(edited[-1]) if edited else None,
        "mergedAt": iso(done.at) if done else None,
        "closedAt": iso(closed[-1]) if state != "OPEN" else None,
        "baseRefName": base_ref,
        "baseRef": lambda: view.ref(where, f"refs/heads/{base_ref}"),
        "baseRefOid": base_sha(view, where, pull),
        "headRefName": pull.branch,
        "headRefOid": head,
        "changedFiles": lambda: len(diff()),
        "additions": lambda: sum(one.additions for one in diff()),
        "deletions": lambda: sum(one.deletions for one in diff()),
        "files": lambda **given: connection("files", diff(), _file_node, given),
        "mergeCommit": lambda: view.commit(where, done.sha) if done else None,
        "statusCheckRollup": lambda: rollup(view, where, head),
    }


def _people(view: View, where: RepositoryRecord, pull: PullRecord) -> Node:
    from evidence.demo.github_roots import repository_node

    done, at = merged(view, pull), view.at
    editors = [by for when, by in pull.editors if when <= at]
    return {
        "author": view.actor(pull.author),
        "authorAssociation": view.association(pull.author),
        "mergedBy": view.actor(done.by) if done else None,
        "editor": view.actor(editors[-1]) if editors else None,
        "repository": lambda: repository_node(view, where),
        "baseRepository": lambda: repository_node(view, where),
        "headRepository": lambda: _head_repository(view, where, pull),
        "headRepositoryOwner": lambda: _head_owner(view, where, pull),
        "reviewDecision": None,
        "autoMergeRequest": _auto_merge(view, pull),
        "isInMergeQueue": as_of(pull.queue, at, None) is not None,
        "isMergeQueueEnabled": where.world.merge_queue,
        "mergeQueueEntry": lambda: _queue_entry(view, where, pull),
    }


def _head_repository(view: View, where: RepositoryRecord, pull: PullRecord) -> Node | None:
    """The repository of the head branch; None where it was a fork that was deleted."""
    from evidence.demo.github_roots import repository_node

    if not pull.fork:
        return repository_node(view, where)
    if 0 < pull.fork_deleted_at <= view.at:
        return None
    return {
        **repository_node(view, where),
        "id": node_id("Repository", pull.fork),
        "databaseId": pull.id + 1,
        "name": pull.fork.split("/")[1],
        "nameWithOwner": pull.fork,
        "url": f"{view.base_url}/{pull.fork}",
        "isFork": True,
    }


def _head_owner(view: View, where: RepositoryRecord, pull: PullRecord) -> Node | None:
    """Whose repository holds the head branch; the account stays when its fork is deleted."""
    if not pull.fork:
        return view.owner(where)
    login = pull.fork.split("/")[0]
    return {**view.owner(where), "id": node_id("Organization", login), "login": login}


def _lists(view: View, where: RepositoryRecord, pull: PullRecord) -> Node:
    at = view.at
    reviews = [one for one in pull.reviews if one.at <= at]
    comments = [one for one in pull.comments if one.at <= at]
    commits = as_of(pull.commits, at, ())
    return {
        "reviews": lambda **given: review_list(view, where, pull, reviews, given),
        "latestOpinionatedReviews": lambda **given: review_list(
            view, where, pull, opinions(view, reviews), given
        ),
        "commits": lambda **given: connection(
            "commits",
            commits,
            lambda sha: pull_commit_node(view, where, pull, sha),
            given,
            reachable=COMMITS_LISTED,
        ),
        "comments": lambda **given: connection(
            "comments", comments, lambda one: comment_node(view, where, pull, one), given
        ),
        "closingIssuesReferences": lambda **given: _issues(view, pull, given),
        "labels": lambda **given: connection(
            "labels",
            as_of(pull.labels, at, ()),
            lambda name: label_node(where, name),
            given,
        ),
        "assignees": lambda **given: connection("assignees", (), view.user, given),
        "reviewRequests": lambda **given: connection(
            "reviewRequests",
            as_of(pull.requested, at, ()),
            lambda one: request_node(view, pull, one),
            given,
        ),
        "timelineItems": lambda **given: timeline(
            view, where, pull.events, given, updated=pull_updated(view, pull), pull=pull
        ),
    }


def _issues(view: View, pull: PullRecord, given: dict[str, Any]) -> Node:
    from evidence.demo.github_issues import issue_node

    keys = as_of(pull.issues, view.at, ())
    found = [view.history.issues[key] for key in keys]
    there = [issue for issue in found if view.issue_exists(issue)]
    return connection(
        "closingIssuesReferences", there, lambda issue: issue_node(view, issue), given
    )


def pull_commit_node(view: View, where: RepositoryRecord, pull: PullRecord, sha: str) -> Node:
    """A commit in the list of a pull request."""
    return {
        "__typename": "PullRequestCommit",
        "id": node_id("PullRequestCommit", where.id, pull.number, sha),
        "commit": view.commit(where, sha),
        "url": view.url(where, "pull", pull.number, "commits", sha),
    }


def label_node(where: RepositoryRecord, name: str) -> Node:
    """A label of a repository."""
    return {"__typename": "Label", "id": node_id("Label", where.id, name), "name": name}


def _file_node(one: FileChange) -> Node:
    return {
        "path": one.path,
        "changeType": one.kind,
        "additions": one.additions,
        "deletions": one.deletions,
    }


def _auto_merge(view: View, pull: PullRecord) -> Node | None:
    by = as_of(pull.auto_merge, view.at, "")
    since = [at for at, _ in pull.auto_merge if at <= view.at]
    if not by:
        return None
    return {"enabledAt": iso(since[-1]), "mergeMethod": "SQUASH", "enabledBy": view.actor(by)}


def _queue_entry(view: View, where: RepositoryRecord, pull: PullRecord) -> Node | None:
    entry = as_of(pull.queue, view.at, None)
    if entry is None:
        return None
    return {
        "__typename": "MergeQueueEntry",
        "id": node_id("MergeQueueEntry", pull.id, entry.sha),
        "state": "AWAITING_CHECKS",
        "enqueuedAt": iso(entry.at),
        "position": 1,
        "jump": False,
        "solo": False,
        "enqueuer": view.actor(entry.by),
        "baseCommit": view.commit(where, entry.base),
        "headCommit": view.commit(where, entry.sha),
    }
