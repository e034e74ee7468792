"""One item of a pull request's timeline, and what can be said from the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.parse_tickets import key_of
from evidence.collectors.github.reading import actor, at, identifier, mapping, text
from evidence.collectors.http import iso_micros
from evidence.model.actor import Actor
from evidence.model.pull_request import PullRequestEvent

_TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "BaseRefChangedEvent": {"previous": ("previousRefName",), "current": ("currentRefName",)},
    "RenamedTitleEvent": {"previous": ("previousTitle",), "current": ("currentTitle",)},
    "MergedEvent": {"subject": ("mergeRefName",), "after_sha": ("commit", "oid")},
    "LabeledEvent": {"subject": ("label", "name")},
    "UnlabeledEvent": {"subject": ("label", "name")},
    "HeadRefDeletedEvent": {"subject": ("headRefName",)},
    "AutoMergeDisabledEvent": {"current": ("reason",)},
    "RemovedFromMergeQueueEvent": {"current": ("reason",), "before_sha": ("beforeCommit", "oid")},
    "HeadRefForcePushedEvent": {
        "before_sha": ("beforeCommit", "oid"),
        "after_sha": ("afterCommit", "oid"),
    },
    "BaseRefForcePushedEvent": {
        "before_sha": ("beforeCommit", "oid"),
        "after_sha": ("afterCommit", "oid"),
    },
    "ReviewDismissedEvent": {
        "previous": ("previousReviewState",),
        "current": ("dismissalMessage",),
        "after_sha": ("pullRequestCommit", "commit", "oid"),
    },
}
"""Which texts of an event fill which field of `PullRequestEvent`."""


def event_of(
    repository: str, host: str, number: int, position: int, node: Mapping[str, Any]
) -> PullRequestEvent:
    """The item as an event; a kind that is not known arrives with its name and time only."""
    kind = text(node.get("__typename"))
    texts = {name: text(at(node, *path)) for name, path in _TEXTS.get(kind, {}).items()}
    return PullRequestEvent(
        repository=repository,
        number=number,
        event_id=text(node.get("id")),
        kind=kind.removesuffix("Event"),
        position=position,
        actor=_actor(host, node),
        at=iso_micros(node.get("createdAt")),
        before_sha=texts.get("before_sha", ""),
        after_sha=texts.get("after_sha", ""),
        subject=texts.get("subject") or _subject(node),
        previous=texts.get("previous", ""),
        current=texts.get("current", ""),
    )


def auto_merge_by(host: str, nodes: list[Mapping[str, Any]]) -> Actor | None:
    """Who enabled the auto-merge that stands at the end of the timeline, if one does."""
    found: Actor | None = None
    for node in nodes:
        kind = node.get("__typename")
        if kind == "AutoMergeEnabledEvent":
            found = _actor(host, node)
        elif kind == "AutoMergeDisabledEvent":
            found = None
    return found


def _actor(host: str, node: Mapping[str, Any]) -> Actor | None:
    """Who acted. The queue and auto-merge act for the person who asked them to."""
    human = actor(host, node.get("enqueuer") or node.get("enabler"), type_name="User")
    return human or actor(host, node.get("actor"))


def _subject(node: Mapping[str, Any]) -> str:
    """What an event is about where no text field says it: a review, a reviewer, an issue."""
    reviewer = mapping(node.get("requestedReviewer"))
    return (
        identifier(node.get("review"))
        or text(reviewer.get("login"))
        or text(reviewer.get("slug"))
        or key_of(mapping(node.get("subject")))
    )
