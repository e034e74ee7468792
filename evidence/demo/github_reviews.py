"""Reviews and comments of a pull request as of the moment of a view, and who was asked for them."""

from __future__ import annotations

from typing import Any

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_view import Node, View
from evidence.demo.history import CommentRecord, PullRecord, RepositoryRecord, ReviewRecord
from evidence.demo.moments import iso
from evidence.demo.series import as_of


def review_list(
    view: View,
    where: RepositoryRecord,
    pull: PullRecord,
    reviews: list[ReviewRecord],
    given: dict[str, Any],
) -> Node:
    """The reviews among those given that have a state that is asked for."""
    states = given.get("states")
    shown = [one for one in reviews if not states or as_of(one.states, view.at, "") in states]
    return connection("reviews", shown, lambda one: review_node(view, where, pull, one), given)


def opinions(view: View, reviews: list[ReviewRecord]) -> list[ReviewRecord]:
    """The latest review of each reviewer that is more than a comment."""
    spoken = [one for one in reviews if as_of(one.states, view.at, "") != "COMMENTED"]
    return list({one.author: one for one in spoken}.values())


def review_node(
    view: View, where: RepositoryRecord, pull: PullRecord, review: ReviewRecord
) -> Node:
    """A review as the source shows it at that moment."""
    person = view.people[review.author]
    changed = [at for at, _ in review.states if at <= view.at]
    return {
        "__typename": "PullRequestReview",
        "id": node_id("PullRequestReview", review.id),
        "fullDatabaseId": str(review.id),
        "state": as_of(review.states, view.at, "PENDING"),
        "submittedAt": iso(review.at),
        "createdAt": iso(review.at),
        "updatedAt": iso(changed[-1]),
        "lastEditedAt": None,
        "body": review.body,
        "author": view.actor(review.author),
        "authorAssociation": view.association(review.author),
        "authorCanPushToRepository": person.can_push,
        "commit": lambda: view.commit_or_none(where, as_of(review.commits, view.at, "")),
        "url": view.url(where, "pull", f"{pull.number}#pullrequestreview-{review.id}"),
    }


def comment_node(
    view: View, where: RepositoryRecord, pull: PullRecord, comment: CommentRecord
) -> Node:
    """A comment in the conversation."""
    edited = 0 < comment.edited_at <= view.at
    return {
        "__typename": "IssueComment",
        "id": node_id("IssueComment", comment.id),
        "fullDatabaseId": str(comment.id),
        "author": view.actor(comment.author),
        "authorAssociation": view.association(comment.author),
        "body": comment.body,
        "createdAt": iso(comment.at),
        "updatedAt": iso(comment.edited_at if edited else comment.at),
        "lastEditedAt": iso(comment.edited_at) if edited else None,
        "url": view.url(where, "pull", f"{pull.number}#issuecomment-{comment.id}"),
    }


def request_node(view: View, pull: PullRecord, one: tuple[str, bool]) -> Node:
    """(who was asked for a review, whether as a code owner) as a node."""
    return {
        "__typename": "ReviewRequest",
        "id": node_id("ReviewRequest", pull.id, one[0]),
        "asCodeOwner": one[1],
        "requestedReviewer": view.actor(one[0]),
    }
