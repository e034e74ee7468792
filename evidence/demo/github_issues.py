"""Issues as of the moment of a view."""

from __future__ import annotations

from typing import Any

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_timeline import timeline
from evidence.demo.github_view import Node, View
from evidence.demo.history_tickets import IssueRecord
from evidence.demo.moments import iso
from evidence.demo.series import as_of


def issue_updated(view: View, issue: IssueRecord) -> int:
    """When the source says that the issue changed last."""
    return max([issue.at, *(event.at for event in issue.events if event.at <= view.at)])


def issue_node(view: View, issue: IssueRecord) -> Node:
    """An issue with its labels, assignees and timeline."""
    from evidence.demo.github_pulls import label_node
    from evidence.demo.github_roots import repository_node

    where = view.history.repositories[issue.repository]
    state, reason = as_of(issue.states, view.at, ("OPEN", ""))
    closed = [at for at, (one, _) in issue.states if one == "CLOSED" and at <= view.at]

    def people(**given: Any) -> Node:
        keys = [key for key in as_of(issue.assignees, view.at, ()) if view.user(key)]
        return connection("assignees", keys, view.user, given)

    def labels(**given: Any) -> Node:
        names = as_of(issue.labels, view.at, ())
        return connection("labels", names, lambda name: label_node(where, name), given)

    return {
        "__typename": "Issue",
        "id": node_id("Issue", where.id, issue.number),
        "fullDatabaseId": str(issue.id),
        "number": issue.number,
        "title": as_of(issue.titles, view.at, ""),
        "body": issue.world.body,
        "url": view.url(where, "issues", issue.number),
        "state": state,
        "stateReason": lambda **_: reason or None,
        "createdAt": iso(issue.at),
        "closedAt": iso(closed[-1]) if state == "CLOSED" else None,
        "updatedAt": iso(issue_updated(view, issue)),
        "lastEditedAt": None,
        "editor": None,
        "author": view.actor(issue.world.author),
        "repository": lambda: repository_node(view, where),
        "labels": labels,
        "assignees": people,
        "timelineItems": lambda **given: timeline(
            view, where, issue.events, given, updated=issue_updated(view, issue)
        ),
    }
