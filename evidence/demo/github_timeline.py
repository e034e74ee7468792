"""Timeline items of pull requests and issues: one function per kind of event, in `_DETAILS`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_view import Node, View
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.series import Event


def timeline(
    view: View,
    where: RepositoryRecord,
    events: Sequence[Event],
    given: Mapping[str, Any],
    *,
    updated: int,
    pull: PullRecord | None = None,
) -> Node:
    """A timeline connection. `totalCount` counts all items, `filteredCount` those asked for."""
    seen = [one for one in events if one.at <= view.at]
    wanted = given.get("itemTypes")
    shown = [one for one in seen if wanted is None or _item_type(one.kind) in wanted]
    page = connection("timelineItems", shown, lambda one: event_node(view, where, one, pull), given)
    return {
        **page,
        "totalCount": len(seen),
        "filteredCount": len(shown),
        "pageCount": len(page["nodes"]),
        "updatedAt": iso(updated),
    }


def _item_type(kind: str) -> str:
    """`HeadRefForcePushedEvent` -> `HEAD_REF_FORCE_PUSHED_EVENT`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()


def event_node(view: View, where: RepositoryRecord, event: Event, pull: PullRecord | None) -> Node:
    """One item of a timeline."""
    from evidence.demo.github_pulls import pull_commit_node
    from evidence.demo.github_reviews import comment_node, review_node

    if pull is not None and event.kind == "PullRequestCommit":
        return pull_commit_node(view, where, pull, event.data["commit"])
    if pull is not None and event.kind == "PullRequestReview":
        found = next(one for one in pull.reviews if one.id == event.data["review"])
        return review_node(view, where, pull, found)
    if pull is not None and event.kind == "IssueComment":
        return comment_node(
            view, where, pull, next(c for c in pull.comments if c.id == event.data["comment"])
        )
    detail = _DETAILS.get(event.kind)
    return {
        "__typename": event.kind,
        "id": node_id(event.kind, event.id),
        "createdAt": iso(event.at),
        "actor": view.actor(event.actor),
        **(detail(view, where, event, pull) if detail else {}),
    }


Detail = Callable[[View, RepositoryRecord, Event, "PullRecord | None"], Node]


def _forced(view: View, where: RepositoryRecord, event: Event, _: PullRecord | None) -> Node:
    return {
        "beforeCommit": view.commit_or_none(where, event.data["before"]),
        "afterCommit": view.commit_or_none(where, event.data["after"]),
    }


def _base_changed(_: View, __: RepositoryRecord, event: Event, ___: PullRecord | None) -> Node:
    return {
        "previousRefName": event.data["previous"],
        "currentRefName": event.data["current"],
    }


def _renamed(_: View, __: RepositoryRecord, event: Event, ___: PullRecord | None) -> Node:
    return {"previousTitle": event.data["previous"], "currentTitle": event.data["current"]}


def _dismissed(view: View, where: RepositoryRecord, event: Event, pull: PullRecord | None) -> Node:
    from evidence.demo.github_reviews import review_node

    found = [one for one in pull.reviews if one.id == event.data["review"]] if pull else []
    return {
        "dismissalMessage": event.data["message"] or None,
        "previousReviewState": event.data["previous"],
        "review": review_node(view, where, pull, found[0]) if pull and found else None,
        "pullRequestCommit": None,
    }


def _requested(view: View, _: RepositoryRecord, event: Event, __: PullRecord | None) -> Node:
    return {"requestedReviewer": view.actor(event.data["of"])}


def _merged(view: View, where: RepositoryRecord, event: Event, _: PullRecord | None) -> Node:
    return {
        "mergeRefName": event.data["ref"],
        "commit": view.commit_or_none(where, event.data["commit"]),
    }


def _closed(_: View, __: RepositoryRecord, event: Event, pull: PullRecord | None) -> Node:
    reason = None if pull else (event.data.get("reason") or "COMPLETED")
    return {"stateReason": reason}


def _auto_merge(view: View, _: RepositoryRecord, event: Event, __: PullRecord | None) -> Node:
    return {"enabler": view.user(event.data["enabler"]), "reason": None}


def _queued(view: View, where: RepositoryRecord, event: Event, _: PullRecord | None) -> Node:
    return {
        "enqueuer": view.user(event.data["enqueuer"]),
        "reason": event.data.get("reason") or None,
        "beforeCommit": view.commit_or_none(where, event.data.get("before", "")),
    }


def _linked(view: View, _: RepositoryRecord, event: Event, __: PullRecord | None) -> Node:
    from evidence.demo.github_issues import issue_node

    return {"subject": issue_node(view, view.history.issues[event.data["issue"]])}


def _labelled(_: View, where: RepositoryRecord, event: Event, __: PullRecord | None) -> Node:
    from evidence.demo.github_pulls import label_node

    return {"label": label_node(where, event.data["label"])}


def _assigned(view: View, _: RepositoryRecord, event: Event, __: PullRecord | None) -> Node:
    return {"assignee": view.actor(event.data["assignee"])}


def _ref_deleted(_: View, __: RepositoryRecord, event: Event, ___: PullRecord | None) -> Node:
    return {"headRefName": event.data["ref"]}


_DETAILS: Final[Mapping[str, Detail]] = {
    "HeadRefForcePushedEvent": _forced,
    "BaseRefChangedEvent": _base_changed,
    "RenamedTitleEvent": _renamed,
    "ReviewDismissedEvent": _dismissed,
    "ReviewRequestedEvent": _requested,
    "ReviewRequestRemovedEvent": _requested,
    "MergedEvent": _merged,
    "ClosedEvent": _closed,
    "AutoMergeEnabledEvent": _auto_merge,
    "AutoMergeDisabledEvent": _auto_merge,
    "AddedToMergeQueueEvent": _queued,
    "RemovedFromMergeQueueEvent": _queued,
    "ConnectedEvent": _linked,
    "DisconnectedEvent": _linked,
    "LabeledEvent": _labelled,
    "UnlabeledEvent": _labelled,
    "AssignedEvent": _assigned,
    "UnassignedEvent": _assigned,
    "HeadRefDeletedEvent": _ref_deleted,
}
