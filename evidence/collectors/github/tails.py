"""Makes one pull request whole: reads what did not fit into the page that brought it.

A pull request that changes between its page and its tails is read again from the start; one that
keeps changing is kept as last read, and its counts show what is short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import slice_each, slice_json, splice_array, splice_object
from evidence.collectors.github.context import Context
from evidence.collectors.github.reading import at, integer, mapping, text
from evidence.collectors.github.transport import GraphAnswer
from evidence.model.capture import Capture, Exchange

_CONNECTIONS = {
    "reviews": "reviews",
    "commits": "commits",
    "timelineItems": "timeline",
    "closingIssuesReferences": "issues",
    "labels": "labels",
}
"""GitHub's connection -> the variable that asks PullRequestTail for it."""
_REREADS = 3


class _ChangedMeanwhileError(Exception):
    """The pull request is not as its page said any more."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A pull request's exact text with what has been read of it so far."""

    node_text: str
    node: Mapping[str, Any]
    unread: list[str]
    answer: GraphAnswer
    tails: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    def payload(self) -> str:
        """The capture's payload: exact slices, and the places that GitHub refused to show."""
        return splice_object(
            [
                ("node", self.node_text),
                ("tails", splice_array(self.tails)),
                ("unread", json.dumps(sorted(set(self.unread)))),
            ]
        )


def drafts(answer: GraphAnswer, path: tuple[str, ...]) -> Iterator[Draft]:
    """The pull requests in the array at `path` below `data`; nulls are left out."""
    if not isinstance(at(answer.data, *path), list):
        return
    for index, (node_text, node) in enumerate(slice_each(answer.text, ("data", *path))):
        if isinstance(node, dict) and integer(node.get("number")) > 0:
            yield Draft(
                node_text=node_text,
                node=node,
                unread=unread_below(answer, (*path, index)),
                answer=answer,
                exchanges=[answer.exchange],
            )


def unread_below(answer: GraphAnswer, path: tuple[str | int, ...]) -> list[str]:
    """JSON pointers, relative to `path`, of the places where the answer carries an error.

    An error that names no place concerns everything: the empty pointer.
    """
    return [
        "".join(f"/{step}" for step in where[len(path) :])
        for where, _kind in answer.unread
        if not where or (where[: len(path)] == path and len(where) > len(path))
    ]


def finish(context: Context, draft: Draft) -> Capture:
    """The capture of a pull request with all its tails."""
    for _try in range(_REREADS):
        try:
            _read_tails(context, draft)
            break
        except _ChangedMeanwhileError:
            again = next(iter(read_again(context, [text(draft.node.get("id"))])), None)
            if again is None:
                break
            draft = again
            context.transport.places.forget()
    return context.pull_request_capture(
        integer(draft.node.get("number")),
        draft.payload(),
        draft.answer.observed_at,
        tuple(draft.exchanges),
    )


def read_again(context: Context, ids: list[str]) -> list[Draft]:
    """The pull requests with these node ids, whole, as they are now."""
    answer = context.transport.ask("PullRequestsById", {"ids": ids})
    found = list(drafts(answer, ("nodes",)))
    return [draft for draft in found if draft.node.get("id") in ids]


def _read_tails(context: Context, draft: Draft) -> None:
    for connection, variable in _CONNECTIONS.items():
        after = next_page(draft.node.get(connection))
        while after:
            tail = _pull_request_tail(context, draft, variable, after)
            after = next_page(tail.get(connection), after)
    for commit_id, contexts in (
        (at(draft.node, "headRollup", "commit", "id"), at(draft.node, "headRollup", "contexts")),
        (
            at(draft.node, "mergeCommit", "id"),
            at(draft.node, "mergeCommit", "statusCheckRollup", "contexts"),
        ),
    ):
        after = next_page(contexts)
        while after and isinstance(commit_id, str):
            tail = _tail(context, draft, "CheckTail", {"commitId": commit_id, "after": after})
            after = next_page(at(tail, "statusCheckRollup", "contexts"), after)


def next_page(connection: object, previous: str = "") -> str:
    """The cursor of the next page; empty at the end, or where the cursor does not move."""
    info = mapping(mapping(connection).get("pageInfo"))
    after = text(info.get("endCursor")) if info.get("hasNextPage") is True else ""
    return after if after != previous else ""


def _pull_request_tail(
    context: Context, draft: Draft, variable: str, after: str
) -> Mapping[str, Any]:
    asked = {name: name == variable for name in _CONNECTIONS.values()}
    variables = {"id": draft.node.get("id"), "after": after, **asked}
    tail = _tail(context, draft, "PullRequestTail", variables)
    if any(tail.get(name) != draft.node.get(name) for name in ("updatedAt", "headRefOid")):
        raise _ChangedMeanwhileError
    return tail


def _tail(
    context: Context, draft: Draft, operation: str, variables: Mapping[str, Any]
) -> Mapping[str, Any]:
    """One further page, put into the draft; the answer must be about the object asked for."""
    answer = context.transport.ask(operation, variables)
    tail = mapping(answer.data.get("node"))
    if tail.get("id") != variables.get("id", variables.get("commitId")):
        raise _ChangedMeanwhileError
    draft.tails.append(slice_json(answer.text, ("data", "node")))
    draft.exchanges.append(answer.exchange)
    draft.unread.extend(unread_below(answer, ("node",)))
    return tail
